#include "daemon/submission.hpp"

#include "maild/imap/structure.hpp"

#include <utility>

// GCC 12 inlines Asio's frame allocator into coroutines and then takes its operator delete for
// another one's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using delivery::SubmissionFlaw;
using Refused = directory::SubmissionVerdict::Refusal;

std::string_view text_for(SubmissionFlaw flaw) {
    switch (flaw) {
    case SubmissionFlaw::no_author:
        return "The message has no From field; set your address in the mail program";
    case SubmissionFlaw::several_from: return "The message has more than one From field";
    case SubmissionFlaw::bad_from:
        return "From is no plain list of addresses; a name with special characters needs quotes";
    case SubmissionFlaw::several_sender: return "The message has more than one Sender field";
    case SubmissionFlaw::bad_sender: return "Sender is not one plain address";
    }
    return "";
}

std::string text_of(std::chrono::minutes span) {
    const auto hours = std::chrono::floor<std::chrono::hours>(span);
    return std::to_string(hours.count()) + " h " + std::to_string((span - hours).count()) + " min";
}

// What is read when nobody is asked whose From it is: only what is missing and what is hidden.
delivery::SubmittedHeader read_freely(std::string_view header) {
    delivery::SubmittedHeader out;
    for (const auto& field : mail::parse_header(header).fields) {
        if (field.is("Date")) out.has_date = true;
        if (field.is("Message-ID")) out.has_message_id = true;
        if (delivery::is_blind(field)) out.blind.push_back(field);
    }
    return out;
}

Result<delivery::SubmittedHeader, smtp::Refusal> read(std::string_view header, bool is_checked) {
    if (!is_checked) return read_freely(header);
    auto read = delivery::read_submission(header);
    if (!read) return std::unexpected(refusal_for(read.error()));
    return std::move(*read);
}

directory::Submission question_of(const smtp::Client& client,
                                  const delivery::SubmittedHeader& header, std::size_t recipients) {
    directory::Submission question;
    question.claimed = header.claimed();
    question.recipients = static_cast<std::uint32_t>(recipients);
    if (client.local)
        question.local = directory::LocalSender{client.local->uid, client.local->name};
    else
        question.account = client.identity->account;
    return question;
}

} // namespace

smtp::Refusal refusal_for(SubmissionFlaw flaw) {
    return smtp::Refusal(smtp::Reply{554, smtp::Status{6, 0}, std::string(text_for(flaw))},
                         "header of a submission");
}

// 450 is what RFC 5321 §4.3.2 has at the end of data for policy; 4.7.0, because RFC 3463 §3.8 wants
// 7.1 as a permanent error only.
smtp::Refusal refusal_for(const directory::SubmissionVerdict& verdict, WallTime now) {
    if (verdict.refusal == Refused::foreign) {
        return smtp::Refusal(
            smtp::Reply{550, smtp::Status{7, 1},
                        "From or Sender has an address that is not yours; whoever runs this host "
                        "can give it to your account"},
            "not the sender's own address: " + verdict.foreign);
    }
    const auto left = std::chrono::ceil<std::chrono::minutes>(verdict.resets - now);
    const bool is_messages = verdict.refusal == Refused::messages;
    const auto limit = std::to_string(verdict.limit);
    const auto amount = is_messages ? "send no more than " + limit + " messages"
                                    : "write to no more than " + limit + " recipients";
    return smtp::Refusal(smtp::Reply{450, smtp::Status{7, 0},
                                     "Your account may " + amount +
                                         " a day; the next day begins in " + text_of(left)},
                         "limit of the account");
}

smtp::Refusal not_a_local_sender() {
    return smtp::Refusal(
        smtp::Reply{553, smtp::Status{7, 1},
                    "That sender is not yours on this host; its admin can trust your user with "
                    "more ([local] trusted)"},
        "not the local user's own address");
}

smtp::Refusal local_refusal_for(const directory::SubmissionVerdict& verdict, WallTime now) {
    if (verdict.refusal != Refused::foreign) return refusal_for(verdict, now);
    return smtp::Refusal(
        smtp::Reply{550, smtp::Status{7, 1},
                    "From or Sender is not yours on this host; its admin can trust your user with "
                    "more ([local] trusted)"},
        "not the local user's own address: " + verdict.foreign);
}

std::string envelope_with(const std::string& fields, std::string_view content) {
    const auto end = mail::parse_header(content).body_begin;
    const auto header = fields + std::string(content.substr(0, end));
    return imap::make_structure(header).envelope;
}

net::Task<Result<Submitted, smtp::Refusal>> Submission::prepare(const smtp::Client& client,
                                                                const smtp::Envelope& envelope,
                                                                const smtp::Content& content,
                                                                const Config& config) {
    const auto hostname = config.hostname; // a reload may take the configuration away
    auto header = read(content.bytes.substr(0, content.header_size), config.submission.checks_from);
    if (!header) co_return std::unexpected(header.error());
    auto submission = question_of(client, *header, envelope.recipients.size());
    auto verdict = co_await directory_.submit(std::move(submission));
    if (!verdict) co_return std::unexpected(smtp::Refusal(std::move(verdict.error())));
    const auto now = clock_.now();
    if (verdict->refusal != Refused::none)
        co_return std::unexpected(client.local ? local_refusal_for(*verdict, now)
                                               : refusal_for(*verdict, now));
    if (!verdict->grant && !client.local)
        co_return std::unexpected(smtp::Refusal(Error{Errc::internal, "no grant"}));
    Submitted out;
    out.fields = delivery::missing_fields(*header, envelope.id, hostname, now);
    for (const auto& field : header->blind) out.hidden.push_back({field.begin, field.end});
    out.grant = verdict->grant;
    out.hold_for = verdict->hold_for;
    if (verdict->saves_sent && out.grant)
        out.copy = {*out.grant, std::move(verdict->address),
                    out.fields + delivery::blind_fields(*header, content.bytes)};
    co_return out;
}

} // namespace maild::daemon
