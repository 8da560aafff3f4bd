#include "delivery/dsn_text.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/date.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>

namespace maild::delivery {
namespace {

constexpr std::size_t kMaxShownName = 320;
constexpr std::size_t kMaxShownSubject = 200;
constexpr std::size_t kMaxShownDiagnostic = 500;

// The worst first, for the subject and the order of the text.
constexpr DsnAction kByWeight[] = {DsnAction::failed, DsnAction::delayed, DsnAction::expanded,
                                   DsnAction::relayed, DsnAction::delivered};

bool has(const Dsn& dsn, DsnAction action) {
    return std::ranges::find(dsn.recipients, action, &DsnRecipient::action) != dsn.recipients.end();
}

std::string_view heading(DsnAction action) {
    switch (action) {
    case DsnAction::failed: return "It could not be delivered, and will not be tried again, to:";
    case DsnAction::delayed: return "It could not be delivered yet, but will be tried again, to:";
    case DsnAction::expanded: return "It was passed on to all who are reached by:";
    case DsnAction::relayed:
        return "It was handed to a mail host that does not report further, for:";
    case DsnAction::delivered: return "It was put into the mailbox of:";
    }
    return "";
}

void append_recipient(std::string& out, const DsnRecipient& recipient) {
    out += "    <" + one_line(recipient.final_recipient, kMaxShownName) + ">\r\n";
    if (!recipient.diagnostic.empty()) {
        out += recipient.remote_mta.empty()
                   ? "        because: "
                   : "        " + one_line(recipient.remote_mta, kMaxShownName) + " said: ";
        out += one_line(recipient.diagnostic, kMaxShownDiagnostic) + "\r\n";
    }
    if (recipient.will_retry_until)
        out +=
            "        tried until " + mail::format_date_time(*recipient.will_retry_until) + "\r\n";
}

std::string subject_of(const Dsn& dsn) {
    const auto section = mail::parse_header(dsn.content);
    const auto* field = section.find("Subject");
    return field == nullptr ? std::string()
                            : one_line(mail::decoded_header_text(field->body), kMaxShownSubject);
}

} // namespace

std::string one_line(std::string_view text, std::size_t most) {
    const auto is_inside = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
    auto size = std::min(text.size(), most);
    while (size > 0 && size < text.size() && is_inside(text[size])) --size; // whole characters
    std::string out(text.substr(0, size));
    if (!is_utf8(out)) std::ranges::replace_if(out, ascii::is_8bit, '?');
    std::ranges::replace_if(out, ascii::is_control, ' ');
    return out;
}

std::string dsn_subject(const Dsn& dsn) {
    if (has(dsn, DsnAction::failed)) return "Your message could not be delivered";
    if (has(dsn, DsnAction::delayed)) return "Your message is delayed";
    return has(dsn, DsnAction::relayed) ? "Your message was passed on"
                                        : "Your message was delivered";
}

std::string dsn_text(const Dsn& dsn) {
    std::string out = "This is the mail system at " + dsn.reporting_mta + ".\r\n\r\n";
    out += "It is about your message";
    if (const auto subject = subject_of(dsn); !subject.empty())
        out += "\r\n    " + subject + "\r\n";
    else
        out += " (without a subject)\r\n";
    if (dsn.arrival) out += "which came here on " + mail::format_date_time(*dsn.arrival) + ".\r\n";
    for (const auto action : kByWeight) {
        if (!has(dsn, action)) continue;
        ((out += "\r\n") += heading(action)) += "\r\n";
        for (const auto& recipient : dsn.recipients)
            if (recipient.action == action) append_recipient(out, recipient);
    }
    if (has(dsn, DsnAction::delayed)) out += "\r\nThere is nothing that you have to do.\r\n";
    return out;
}

} // namespace maild::delivery
