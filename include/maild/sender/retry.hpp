#pragma once
// When a recipient that could not be reached is tried again, for how long, and what his sender is
// told: from an attempt's outcome to the row that the queue keeps. Pure.

#include "maild/base/clock.hpp"
#include "maild/queue/lease.hpp"
#include "maild/relay/outcome.hpp"

#include <chrono>

namespace maild::sender {

// RFC 5321 §4.5.4.1: tried at once, then at growing intervals, for days.
struct RetryPolicy {
    std::chrono::seconds first = std::chrono::minutes(2); // doubled each time
    std::chrono::seconds most = std::chrono::hours(4);
    std::chrono::seconds lifetime = std::chrono::hours(24 * 5); // from when it was first due
    std::chrono::seconds notice = std::chrono::hours(4); // then its sender hears of the delay
};

struct Attempt {
    const queue::LeasedMessage& message;
    const queue::LeasedRecipient& recipient;
    const relay::Outcome& outcome;
    bool host_reports = false; // it has taken on to report (RFC 3461 §5.2.2): DSN was offered
};

// What becomes of the row. Given up is what is not delivered by the end of its life, or of the time
// that its sender gave it (RFC 2852), and only after an attempt: however long this host was down.
queue::Settlement settlement_for(const RetryPolicy& policy, const Attempt& attempt, WallTime now,
                                 Random& random);

// When the row's life ends.
WallTime end_of_life(const RetryPolicy& policy, const queue::LeasedMessage& message);

} // namespace maild::sender
