#include "maild/sender/retry.hpp"

#include "maild/delivery/dsn.hpp"
#include "maild/queue/envelope.hpp"

#include <algorithm>

namespace maild::sender {
namespace {

using delivery::DsnAction;
using queue::Outcome;
using queue::Report;

constexpr std::uint32_t kLeastAttempts = 6;    // an hour's, before anything is given up for its age
constexpr std::string_view kExpired = "5.4.7"; // RFC 3463 §3.5: delivery time expired

bool is_told(const Attempt& attempt, DsnAction action) {
    return !attempt.message.envelope.reverse_path.empty() &&
           delivery::is_wanted(attempt.recipient.recipient.notify, action);
}

// Between four fifths and six fifths: what failed together does not come back together.
std::chrono::milliseconds with_jitter(std::chrono::milliseconds span, Random& random) {
    return span * 4 / 5 + span * 2 / 5 * (random.next() % 1'024) / 1'024;
}

std::chrono::milliseconds interval_behind(const RetryPolicy& policy, std::uint32_t attempts) {
    auto span = policy.first;
    for (std::uint32_t i = 0; i < attempts && span < policy.most; ++i) span *= 2;
    return std::min(span, policy.most);
}

std::string text_of(std::chrono::seconds span) {
    using namespace std::chrono;
    if (span >= days(2)) return std::to_string(duration_cast<days>(span).count()) + " days";
    if (span >= hours(2)) return std::to_string(duration_cast<hours>(span).count()) + " hours";
    return std::to_string(std::max<std::int64_t>(duration_cast<minutes>(span).count(), 1)) +
           " minutes";
}

constexpr std::size_t kMaxWords = 1'000; // octets of a host's words that the queue keeps

// Cut between two characters (RFC 3629 §3).
std::string clipped(std::string text, std::size_t most) {
    if (text.size() <= most) return text;
    while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0U) == 0x80U) --most;
    text.resize(most);
    return text;
}

queue::Settlement from(const Attempt& attempt) {
    queue::Settlement settlement;
    settlement.key = attempt.recipient.key;
    settlement.status = attempt.outcome.status;
    settlement.reason = clipped(attempt.outcome.words, kMaxWords);
    settlement.host = attempt.outcome.host;
    return settlement;
}

queue::Settlement give_up(const Attempt& attempt, std::string reason, std::string_view status) {
    auto settlement = from(attempt);
    settlement.outcome = Outcome::failed;
    settlement.reason = clipped(std::move(reason), kMaxWords);
    settlement.status = status;
    if (is_told(attempt, DsnAction::failed)) settlement.owes = Report::failure;
    return settlement;
}

// RFC 2852 §4: what is late goes back, or goes on and its sender hears of it.
bool is_late(const queue::LeasedMessage& message, WallTime now) {
    const auto& by = message.envelope.handling.deliver_by;
    return by && now >= by->deadline;
}

Report delay_owed(const RetryPolicy& policy, const Attempt& attempt, WallTime now) {
    if (attempt.recipient.owes == Report::delay) return Report::delay; // and was not told yet
    if (attempt.recipient.was_told_delay || !is_told(attempt, DsnAction::delayed))
        return Report::none;
    const auto since =
        attempt.message.envelope.handling.not_before.value_or(attempt.message.queued_at);
    const bool is_due = now >= std::max(since, attempt.message.queued_at) + policy.notice;
    return is_due || is_late(attempt.message, now) ? Report::delay : Report::none;
}

queue::Settlement defer(const RetryPolicy& policy, const Attempt& attempt, WallTime now,
                        Random& random) {
    auto settlement = from(attempt);
    settlement.outcome = Outcome::deferred;
    settlement.owes = delay_owed(policy, attempt, now);
    auto next = now + with_jitter(interval_behind(policy, attempt.recipient.key.attempts), random);
    const auto end = end_of_life(policy, attempt.message);
    if (end > now) next = std::min(next, end); // once more then
    const auto& by = attempt.message.envelope.handling.deliver_by;
    if (by && by->deadline > now) next = std::min(next, by->deadline);
    settlement.next_attempt_at = next;
    return settlement;
}

} // namespace

WallTime end_of_life(const RetryPolicy& policy, const queue::LeasedMessage& message) {
    const auto since = message.envelope.handling.not_before.value_or(message.queued_at);
    return std::max(since, message.queued_at) + policy.lifetime;
}

queue::Settlement settlement_for(const RetryPolicy& policy, const Attempt& attempt, WallTime now,
                                 Random& random) {
    const auto& outcome = attempt.outcome;
    if (outcome.fate == relay::Fate::delivered) {
        auto settlement = from(attempt);
        settlement.outcome = Outcome::delivered;
        if (!attempt.host_reports && is_told(attempt, DsnAction::relayed))
            settlement.owes = Report::success;
        return settlement;
    }
    if (outcome.fate == relay::Fate::failed) return give_up(attempt, outcome.words, outcome.status);
    const auto& by = attempt.message.envelope.handling.deliver_by;
    if (by && by->returns && now >= by->deadline)
        return give_up(attempt,
                       "not delivered in the time that it was given; last: " + outcome.words,
                       kExpired);
    // What was held for longer than it is to live is tried for a while all the same.
    const bool was_tried = attempt.recipient.key.attempts + 1 >= kLeastAttempts;
    if (was_tried && now >= end_of_life(policy, attempt.message))
        return give_up(attempt,
                       "given up after " + text_of(policy.lifetime) + "; last: " + outcome.words,
                       kExpired);
    return defer(policy, attempt, now, random);
}

} // namespace maild::sender
