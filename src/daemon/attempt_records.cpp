#include "daemon/attempt_records.hpp"

#include "maild/base/log.hpp"
#include "maild/mail/date.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

std::string_view event_for(queue::Outcome outcome) {
    switch (outcome) {
    case queue::Outcome::delivered: return "sent";
    case queue::Outcome::deferred: return "deferred";
    case queue::Outcome::failed: return "bounced";
    case queue::Outcome::released:
    case queue::Outcome::reported: break;
    }
    return "released";
}

std::string words_for(const queue::Settlement& settlement) {
    if (settlement.outcome == queue::Outcome::delivered) return "sent";
    if (settlement.outcome == queue::Outcome::failed) return "failed";
    return "deferred until " + mail::format_date_time(settlement.next_attempt_at);
}

trace::Recipient recipient_of(const queue::LeasedRecipient& leased, const relay::Outcome& outcome,
                              const queue::Settlement& settlement) {
    trace::Recipient out;
    out.forward_path = leased.recipient.address;
    out.is_accepted = settlement.outcome == queue::Outcome::delivered;
    out.reply = outcome.words;
    out.reason = settlement.reason;
    out.places.push_back({trace::Place::Kind::queue,
                          outcome.host,
                          {},
                          static_cast<std::uint64_t>(leased.key.message.value),
                          words_for(settlement)});
    return out;
}

} // namespace

trace::Record record_of_attempt(const queue::LeasedMessage& message, const std::string& destination,
                                const std::vector<relay::Outcome>& outcomes,
                                const std::vector<queue::Settlement>& settlements) {
    trace::Record record;
    record.id = std::to_string(message.id.value);
    record.service = "sender";
    record.hello = destination;
    record.reverse_path = message.envelope.reverse_path;
    record.size = message.size;
    const auto count = std::min({message.recipients.size(), outcomes.size(), settlements.size()});
    for (std::size_t i = 0; i < count; ++i)
        record.add(recipient_of(message.recipients[i], outcomes[i], settlements[i]));
    return record;
}

void AttemptRecords::attempted(const queue::LeasedMessage& message, const std::string& destination,
                               const std::vector<relay::Outcome>& outcomes,
                               const std::vector<queue::Settlement>& settlements) {
    const auto count = std::min({message.recipients.size(), outcomes.size(), settlements.size()});
    for (std::size_t i = 0; i < count; ++i)
        log::info(event_for(settlements[i].outcome),
                  {{"queue_id", message.id.value},
                   {"to", message.recipients[i].recipient.address},
                   {"destination", destination},
                   {"host", outcomes[i].host},
                   {"status", settlements[i].status},
                   {"reply", settlements[i].reason}});
    if (sink_.is_wanted())
        sink_.record(record_of_attempt(message, destination, outcomes, settlements));
}

} // namespace maild::daemon
