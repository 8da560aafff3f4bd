#pragma once
// Which destination is to be looked at, and when: one entry each, however many messages wait there,
// so that one with a million costs the others nothing. Pure.
//
// A destination is waiting until it is due, then taken by a run that leases and sends, and comes
// back when that run finds nothing more. What becomes due meanwhile is not forgotten. One whose
// hosts cannot be reached is down for a growing while: nothing is taken before.

#include "maild/base/clock.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

namespace maild::sender {

struct DownPolicy {
    std::chrono::seconds first = std::chrono::seconds(30); // doubled each time
    std::chrono::seconds most = std::chrono::minutes(30);
};

class Schedule {
public:
    explicit Schedule(DownPolicy policy = {}) : policy_(policy) {}

    // Something is due there then. Earlier than what is known, or for a new one: it counts.
    void add(const std::string& destination, WallTime at);
    // The one that is due longest, if any is; it is running from now on.
    std::optional<std::string> take(WallTime now);
    // When take() gives something; none: nothing waits.
    std::optional<WallTime> next() const;

    // A run has ended. `next_due`: of what it has deferred.
    void ended(const std::string& destination, std::optional<WallTime> next_due);
    // Its hosts could not be reached; of a run, before it ends.
    void is_down(const std::string& destination, WallTime now);
    // They could.
    void is_up(const std::string& destination);
    // Nothing is taken before; an admin has said so. A time that has passed ends it.
    void suspend(const std::string& destination, WallTime until);

    bool is_suspended(const std::string& destination, WallTime now) const;
    bool is_running(const std::string& destination) const;
    // Forgets what neither waits nor was down lately: once in a while.
    void purge(WallTime now);
    // Something has become due there since the run took it: it looks again before it ends.
    bool take_again(const std::string& destination, WallTime now);
    std::size_t size() const { return entries_.size(); }
    std::optional<WallTime> down_until(const std::string& destination) const;

private:
    struct Entry {
        std::optional<WallTime> due;    // the earliest that is known
        std::optional<WallTime> queued; // as what it stands in waiting_
        WallTime not_before{};          // down
        WallTime suspended_until{};
        unsigned failures = 0;
        bool is_running = false;
    };
    void place(const std::string& destination, Entry& entry);
    void drop_if_idle(const std::string& destination);

    DownPolicy policy_;
    std::unordered_map<std::string, Entry> entries_;
    std::set<std::pair<WallTime, std::string>> waiting_;
};

} // namespace maild::sender
