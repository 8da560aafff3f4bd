// What strangers bring to port 25, counted for all workers in `auth`: messages at MAIL, recipients
// at RCPT, and those of them that were refused for good.
#include "daemon/smtp_backend.hpp"

#include <utility>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in smtp_backend.cpp

namespace maild::daemon {
namespace {

// 450, because the peer may come again (RFC 5321 §4.2.1, §4.3.2); 4.7.0, because RFC 3463 §3.8
// wants 7.1 as a permanent error only.
smtp::Refusal refusal_for(const auth::RateRefusal& refusal) {
    const std::string who = refusal.is_of_network ? "network" : "address";
    const std::string what(auth::name_of(refusal.rate.value_or(auth::Rate::connections)));
    smtp::Reply reply{450, smtp::Status{7, 0},
                      "Too many " + what + " from your " + who +
                          " within an hour, try again later"};
    return {std::move(reply), what + " of the " + who + ": limit " + std::to_string(refusal.limit)};
}

Result<void, smtp::Refusal> answer_of(const std::optional<auth::RateRefusal>& refusal) {
    if (refusal) return std::unexpected(refusal_for(*refusal));
    return {};
}

} // namespace

std::optional<net::IpAddress> SmtpBackend::metered(const smtp::Client& client) const {
    const bool is_stranger = client.service == smtp::Service::relay_in && !client.identity;
    return meter_ != nullptr && is_stranger ? meter_->counted(client.peer.address) : std::nullopt;
}

net::Task<Result<void, smtp::Refusal>> SmtpBackend::count_message(const smtp::Client& client) {
    const auto from = metered(client);
    if (!from) co_return Result<void, smtp::Refusal>{};
    const auto refusal = co_await meter_->begin_message(*from);
    co_return answer_of(refusal);
}

net::Task<Result<void, smtp::Refusal>> SmtpBackend::count_recipient(const smtp::Client& client) {
    const auto from = metered(client);
    if (!from) co_return Result<void, smtp::Refusal>{};
    const auto refusal = co_await meter_->add_recipient(*from);
    co_return answer_of(refusal);
}

std::unexpected<smtp::Refusal> SmtpBackend::refuse_recipient(const smtp::Client& client,
                                                             smtp::Refusal refusal) {
    const auto from = metered(client);
    const bool is_final = smtp::reply_for(refusal, smtp::Step::recipient).code >= 500;
    if (from && is_final) meter_->note_refused(*from);
    return std::unexpected(std::move(refusal));
}

} // namespace maild::daemon
