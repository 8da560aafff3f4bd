#include "daemon/notice_mail.hpp"

#include "daemon/hold_reason.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/delivery/local.hpp"
#include "maild/delivery/report.hpp"
#include "maild/imap/structure.hpp"
#include "maild/mail/date.hpp"

#include <algorithm>
#include <utility>

// GCC 12 inlines Asio's frame allocator into coroutines and then takes its operator delete for
// another one's.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

bool goes_on(const directory::Resolution& resolution) {
    const bool is_elsewhere = resolution.verdict == directory::Verdict::not_local;
    return is_elsewhere || std::ranges::any_of(resolution.targets, [](const auto& target) {
               return std::holds_alternative<directory::RelayTarget>(target);
           });
}

std::string words_of(const trace::Place& place) {
    if (place.kind == trace::Place::Kind::queue)
        return "queued as " + std::to_string(place.number) + " for " + place.address;
    return "in " + place.mailbox + " of " + place.address;
}

// One of several who has got it is enough: to send it again would be to send it to him again. And
// what the store says is never `unavailable`, by which `control` knows a worker that has died.
Result<NoticePlace> outcome_of(Result<void> result, const std::vector<trace::Place>& places) {
    NoticePlace out;
    bool has_come = false;
    for (const auto& place : places) {
        const bool is_there = place.number != 0;
        has_come = has_come || is_there;
        out.words += (out.words.empty() ? "" : ", ") +
                     (is_there ? words_of(place) : "not at " + place.address + ": " + place.reason);
    }
    if (has_come || result) return out;
    auto error = std::move(result.error());
    if (error.code == Errc::unavailable) error.code = Errc::busy;
    if (error.internal.empty()) error.internal = out.words;
    return std::unexpected(std::move(error));
}

std::string one_line(std::string text) {
    std::ranges::replace_if(
        text, [](char c) { return ascii::is_control(c) || ascii::is_8bit(c); }, ' ');
    return text;
}

} // namespace

std::string format_notice(const DeliverNotice& notice, const std::string& hostname, WallTime now) {
    const bool has_domain = notice.to.find('@') != notice.to.npos;
    const auto to = has_domain ? notice.to : notice.to + "@" + hostname;
    const bool is_8bit = ascii::has_8bit(notice.text);
    std::string out = "Date: " + mail::format_date_time(now) + "\r\n" + "From: Maild <postmaster@" +
                      hostname + ">\r\n" + "To: <" + to + ">\r\n" +
                      "Subject: " + one_line(notice.subject) + "\r\n" + "Message-ID: <" +
                      notice.id + "@" + hostname + ">\r\n" +
                      "Auto-Submitted: auto-generated\r\n" // RFC 3834 §5
                      "MIME-Version: 1.0\r\n"
                      "Content-Type: text/plain; charset=utf-8\r\n"
                      "Content-Transfer-Encoding: " +
                      (is_8bit ? "8bit" : "7bit") + "\r\n\r\n";
    for (const char c : notice.text) {
        if (c == '\n') out += '\r';
        out += c;
    }
    return out;
}

// Fields for above the message. Unsigned, it is delivered all the same: most never leave the host.
net::Task<std::string> NoticeMail::fields_for(const DeliverNotice& notice, const std::string& mail,
                                              const Config& config) {
    auto received = "Received: by " + config.hostname + "\r\n\tid notice." + notice.id + ";\r\n\t" +
                    mail::format_date_time(clock_.now()) + "\r\n";
    if (!config.dkim.signs) co_return received;
    std::optional<auth::Token> nobody;
    const auto fields = co_await signer_.sign(std::move(nobody), "", mail);
    if (fields) co_return *fields + received;
    log::warning("dkim_not_signed", {{"id", notice.id}, {"reason", fields.error().internal}});
    co_return received;
}

net::Task<Result<NoticePlace>> NoticeMail::deliver(DeliverNotice notice, const Config& config) {
    delivery::Transaction transaction;
    transaction.now = clock_.now();
    if (!config.queue.is_sending) transaction.hold_reason = kHoldReason; // of what goes elsewhere
    const auto mail = format_notice(notice, config.hostname, transaction.now);
    transaction.envelope.is_8bit = ascii::has_8bit(mail);
    auto fields = co_await fields_for(notice, mail, config);
    transaction.received = std::move(fields);
    auto to = notice.to;
    auto resolution = co_await directory_.resolve(std::move(to));
    if (!resolution) co_return fail(Errc::busy, resolution.error().internal);
    if (!delivery::can_be_told(*resolution))
        co_return fail(Errc::no_such_account, notice.to + " leads to nobody");
    if (goes_on(*resolution)) {
        const auto owner = co_await directory_.resolve("postmaster");
        if (!owner) co_return fail(Errc::busy, owner.error().internal);
        transaction.relay_grant = delivery::first_grant(*owner);
    }
    transaction.recipients.push_back({.forward_path = notice.to,
                                      .resolution = std::move(*resolution),
                                      .original_recipient = {},
                                      .notify = "NEVER"});
    auto place = co_await store(mail, std::move(transaction));
    co_return place;
}

net::Task<Result<NoticePlace>> NoticeMail::store(const std::string& mail,
                                                 delivery::Transaction transaction) {
    store::MessageSource message{.content = mail, .structure = imap::make_structure(mail)};
    auto plan = delivery::plan_delivery(std::move(message), std::move(transaction));
    auto request = std::move(plan.request);
    const auto stored = co_await store_.deliver(std::move(request));
    auto places = plan.places(stored);
    auto results = plan.results(stored);
    co_return outcome_of(std::move(results.front()), places.front());
}

} // namespace maild::daemon
