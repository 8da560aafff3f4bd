#include "maild/delivery/submission.hpp"

#include "maild/mail/date.hpp"
#include "maild/mail/mailbox_list.hpp"

#include <algorithm>
#include <utility>

namespace maild::delivery {
namespace {

using Flaw = SubmissionFlaw;

std::optional<Flaw> read_from(std::string_view body, SubmittedHeader& out) {
    if (!out.authors.empty()) return Flaw::several_from;
    auto list = mail::parse_mailbox_list(body);
    if (!list) return Flaw::bad_from;
    out.authors = std::move(*list);
    return std::nullopt;
}

std::optional<Flaw> read_sender(std::string_view body, SubmittedHeader& out) {
    if (out.sender) return Flaw::several_sender;
    auto list = mail::parse_mailbox_list(body);
    if (!list || list->size() != 1) return Flaw::bad_sender;
    out.sender = std::move(list->front());
    return std::nullopt;
}

std::optional<Flaw> read_field(const mail::HeaderField& field, SubmittedHeader& out) {
    if (field.is("From")) return read_from(field.body, out);
    if (field.is("Sender")) return read_sender(field.body, out);
    if (field.is("Date")) out.has_date = true;
    if (field.is("Message-ID")) out.has_message_id = true;
    if (is_blind(field)) out.blind.push_back(field);
    return std::nullopt;
}

} // namespace

bool is_blind(const mail::HeaderField& field) { return field.is("Bcc") || field.is("Resent-Bcc"); }

std::vector<std::string> SubmittedHeader::claimed() const {
    std::vector<std::string> all;
    for (const auto& author : authors) all.push_back(author.format());
    if (sender) all.push_back(sender->format());
    std::ranges::sort(all);
    const auto again = std::ranges::unique(all);
    all.erase(again.begin(), again.end());
    return all;
}

std::expected<SubmittedHeader, SubmissionFlaw> read_submission(std::string_view header) {
    SubmittedHeader out;
    for (const auto& field : mail::parse_header(header).fields)
        if (const auto flaw = read_field(field, out)) return std::unexpected(*flaw);
    if (out.authors.empty()) return std::unexpected(Flaw::no_author);
    return out;
}

std::string missing_fields(const SubmittedHeader& header, std::string_view unique,
                           std::string_view hostname, WallTime now) {
    std::string out;
    if (!header.has_date) out += "Date: " + mail::format_date_time(now) + "\r\n";
    if (header.authors.size() > 1 && !header.sender)
        out += "Sender: " + header.authors.front().format() + "\r\n";
    if (!header.has_message_id)
        out.append("Message-ID: <").append(unique).append("@").append(hostname).append(">\r\n");
    return out;
}

std::string blind_fields(const SubmittedHeader& header, std::string_view content) {
    std::string out;
    for (const auto& field : header.blind)
        out += content.substr(field.begin, field.end - field.begin);
    // A header section that ends without a line end has a last field without one.
    if (!out.empty() && !out.ends_with('\n')) out += "\r\n";
    return out;
}

} // namespace maild::delivery
