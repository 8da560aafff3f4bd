#include "maild/delivery/dsn.hpp"

#include "delivery/dsn_text.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/header.hpp"

#include <algorithm>
#include <set>

namespace maild::delivery {
namespace {

constexpr std::size_t kMaxFieldText = 900; // RFC 5322 §2.1.1 allows lines of 998

using ascii::has_8bit;

std::string_view header_of(const Dsn& dsn) {
    return dsn.content.substr(0, mail::parse_header(dsn.content).fields_end);
}

bool has_failure(const Dsn& dsn) {
    return std::ranges::any_of(dsn.recipients, [](const DsnRecipient& recipient) {
        return recipient.action == DsnAction::failed;
    });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    (out += name) += ": ";
    (out += one_line(value, kMaxFieldText)) += "\r\n";
}

void append_time(std::string& out, std::string_view name, const std::optional<WallTime>& time) {
    if (time) append_field(out, name, mail::format_date_time(*time));
}

// address-type ";" generic-address, RFC 3464 §2.3.1; RFC 6533 §3 for the second.
std::string typed(std::string_view address) {
    return (has_8bit(address) ? "utf-8;" : "rfc822;") + std::string(address);
}

std::string_view word_for(DsnAction action) { // RFC 3464 §2.3.3
    switch (action) {
    case DsnAction::delivered: return "delivered";
    case DsnAction::relayed: return "relayed";
    case DsnAction::expanded: return "expanded";
    case DsnAction::delayed: return "delayed";
    case DsnAction::failed: return "failed";
    }
    return "failed";
}

// per-recipient-fields in the order of RFC 3464 §2.3
void append_recipient(std::string& out, const DsnRecipient& recipient) {
    out += "\r\n";
    if (!recipient.original_recipient.empty())
        append_field(out, "Original-Recipient", recipient.original_recipient);
    append_field(out, "Final-Recipient", typed(recipient.final_recipient));
    append_field(out, "Action", word_for(recipient.action));
    append_field(out, "Status", recipient.status);
    if (!recipient.remote_mta.empty())
        append_field(out, "Remote-MTA", "dns; " + recipient.remote_mta);
    if (!recipient.diagnostic.empty())
        append_field(out, "Diagnostic-Code", "smtp; " + recipient.diagnostic);
    append_time(out, "Last-Attempt-Date", recipient.last_attempt);
    append_time(out, "Will-Retry-Until", recipient.will_retry_until);
}

std::string status_part(const Dsn& dsn) {
    std::string out;
    if (!dsn.envelope_id.empty()) append_field(out, "Original-Envelope-Id", dsn.envelope_id);
    append_field(out, "Reporting-MTA", "dns; " + dsn.reporting_mta);
    append_time(out, "Arrival-Date", dsn.arrival);
    append_time(out, "Deliver-By-Date", dsn.deliver_by);
    for (const auto& recipient : dsn.recipients) append_recipient(out, recipient);
    return out;
}

// What the parts of a report are made of.
struct Entity {
    std::string type;
    std::string encoding = "7bit";
    std::string body;
};

Entity made(std::string type, std::string utf8_type, std::string body) {
    if (!has_8bit(body)) return {std::move(type), "7bit", std::move(body)};
    return {std::move(utf8_type), "8bit", std::move(body)};
}

// RFC 2045 §6.7, for header sections in a charset of old (RFC 6522 §3 lets text/rfc822-headers be
// encoded): what is ASCII stays as it is.
std::string quoted_printable(std::string_view text) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    constexpr std::size_t kLine = 72;
    std::string out;
    std::size_t column = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\r' || c == '\n') {
            out += c;
            column = 0;
            continue;
        }
        if (column >= kLine) {
            out += "=\r\n";
            column = 0;
        }
        const bool ends_line = i + 1 == text.size() || text[i + 1] == '\r';
        const bool is_plain = c > ' ' && c < 0x7f && c != '=';
        if (is_plain || (c == ' ' && !ends_line)) {
            out += c;
            ++column;
            continue;
        }
        const auto octet = static_cast<unsigned char>(c);
        (out += '=') += kDigits[octet >> 4];
        out += kDigits[octet & 15];
        column += 3;
    }
    return out;
}

// The third part: of a failure whole if it may, else the header section (RFC 3461 §6.2).
Entity returned(const Dsn& dsn) {
    const auto header = header_of(dsn);
    const bool is_whole =
        dsn.returns_content && has_failure(dsn) && dsn.content.size() <= kMaxReturnedContent;
    const bool is_utf8_header = has_8bit(header) && is_utf8(header);
    if (is_whole)
        return {is_utf8_header ? "message/global" : "message/rfc822",
                has_8bit(dsn.content) ? "8bit" : "7bit", std::string(dsn.content)};
    if (has_8bit(header) && !is_utf8_header)
        return {"text/rfc822-headers", "quoted-printable", quoted_printable(header)};
    return made("text/rfc822-headers", "message/global-headers", std::string(header));
}

void append_entity(std::string& out, const Entity& entity, std::string_view boundary) {
    ((out += "--") += boundary) += "\r\n";
    append_field(out, "Content-Type", entity.type);
    append_field(out, "Content-Transfer-Encoding", entity.encoding);
    (out += "\r\n") += entity.body;
    if (!entity.body.ends_with("\r\n")) out += "\r\n";
    out += "\r\n";
}

// Numbers that stand behind `prefix` in a text. Six digits: more than there is room for.
constexpr std::size_t kNumberDigits = 6;
void collect_numbers(std::string_view text, std::string_view prefix, std::set<std::string>& out) {
    for (auto at = text.find(prefix); at != std::string_view::npos;
         at = text.find(prefix, at + prefix.size()))
        out.emplace(text.substr(at + prefix.size(), kNumberDigits));
}

// A boundary that stands nowhere in what it parts, whatever a sender has guessed. One pass.
std::string boundary_for(const Dsn& dsn, const std::vector<Entity>& parts) {
    const auto prefix = "=_dsn." + dsn.id.substr(0, 40) + '.';
    std::set<std::string> taken;
    for (const auto& part : parts) collect_numbers(part.body, prefix, taken);
    for (std::size_t number = 0;; ++number) {
        auto digits = std::to_string(number);
        digits.insert(0, kNumberDigits - std::min(kNumberDigits, digits.size()), '0');
        if (!taken.contains(digits)) return prefix + digits;
    }
}

void append_header(std::string& out, const Dsn& dsn) {
    append_field(out, "From", "Mail delivery <mailer-daemon@" + dsn.reporting_mta + ">");
    append_field(out, "To", '<' + dsn.to + '>');
    append_field(out, "Subject", dsn_subject(dsn));
    append_field(out, "Date", mail::format_date_time(dsn.now));
    append_field(out, "Message-ID", "<dsn." + dsn.id + '@' + dsn.reporting_mta + '>');
    append_field(out, "Auto-Submitted", "auto-replied"); // RFC 3834 §5
    append_field(out, "MIME-Version", "1.0");
}

} // namespace

std::string format_dsn(const Dsn& dsn) {
    const std::vector<Entity> parts = {
        made("text/plain; charset=us-ascii", "text/plain; charset=utf-8", dsn_text(dsn)),
        made("message/delivery-status", "message/global-delivery-status", status_part(dsn)),
        returned(dsn)};
    const auto boundary = boundary_for(dsn, parts);
    std::string out;
    append_header(out, dsn);
    out += "Content-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"" +
           boundary + "\"\r\n";
    // RFC 2045 §6.4: a multipart is as wide as the widest of its parts.
    if (std::ranges::any_of(parts, [](const Entity& part) { return part.encoding == "8bit"; }))
        append_field(out, "Content-Transfer-Encoding", "8bit");
    out += "\r\n";
    for (const auto& part : parts) append_entity(out, part, boundary);
    return out + "--" + boundary + "--\r\n";
}

bool needs_smtputf8(const Dsn& dsn) {
    const auto is_in_utf8 = [](const DsnRecipient& recipient) {
        return has_8bit(recipient.final_recipient) || has_8bit(recipient.original_recipient);
    };
    const auto header = header_of(dsn);
    return has_8bit(dsn.to) || std::ranges::any_of(dsn.recipients, is_in_utf8) ||
           (has_8bit(header) && is_utf8(header));
}

} // namespace maild::delivery
