#include "sender/relay_connection.hpp"

#include <algorithm>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete" // as in run.cpp

namespace maild::sender {

relay::Envelope envelope_for(const queue::LeasedMessage& message, WallTime now) {
    const auto& from = message.envelope;
    relay::Envelope out{.reverse_path = from.reverse_path, .recipients = {}};
    for (const auto& leased : message.recipients)
        out.recipients.push_back({leased.recipient.address, leased.recipient.original_recipient,
                                  leased.recipient.notify});
    out.envelope_id = from.envelope_id;
    out.return_content = from.return_content;
    out.is_8bit = from.is_8bit;
    out.is_smtputf8 = from.is_smtputf8;
    out.requires_tls = from.handling.requires_tls;
    out.priority = from.handling.priority;
    if (const auto& by = from.handling.deliver_by) {
        const auto left = std::chrono::floor<std::chrono::seconds>(by->deadline - now);
        out.deliver_by = {left, by->returns, by->traces};
    }
    return out;
}

net::Task<std::vector<relay::Outcome>> RelayConnection::send(const queue::LeasedMessage& message,
                                                             relay::Content& content) {
    // RFC 8689 §4.2.1: where the next host does not promise it too, the message ends here.
    if (message.envelope.handling.requires_tls && !message.envelope.reverse_path.empty() &&
        !session_->capabilities().requiretls) {
        const auto refusal =
            relay::verdict("5.7.30", "REQUIRETLS is not supported by the next host",
                           relay::Stage::mail, relay::Scope::message);
        co_return std::vector(message.recipients.size(), refusal);
    }
    const auto envelope = envelope_for(message, clock_.now());
    auto outcomes = co_await session_->send(envelope, content);
    co_return outcomes;
}

} // namespace maild::sender
