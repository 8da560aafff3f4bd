#include "maild/sender/schedule.hpp"

#include <algorithm>

namespace maild::sender {

void Schedule::add(const std::string& destination, WallTime at) {
    auto& entry = entries_[destination];
    if (entry.due && *entry.due <= at) return;
    entry.due = at;
    place(destination, entry);
}

// Where it stands in the order of those that wait.
void Schedule::place(const std::string& destination, Entry& entry) {
    if (entry.queued) waiting_.erase({*entry.queued, destination});
    entry.queued.reset();
    if (entry.is_running || !entry.due) return;
    entry.queued = std::max({*entry.due, entry.not_before, entry.suspended_until});
    waiting_.emplace(*entry.queued, destination);
}

std::optional<std::string> Schedule::take(WallTime now) {
    if (waiting_.empty() || waiting_.begin()->first > now) return std::nullopt;
    auto destination = waiting_.begin()->second;
    auto& entry = entries_.at(destination);
    entry.is_running = true;
    entry.due.reset();
    place(destination, entry);
    return destination;
}

std::optional<WallTime> Schedule::next() const {
    if (waiting_.empty()) return std::nullopt;
    return waiting_.begin()->first;
}

void Schedule::ended(const std::string& destination, std::optional<WallTime> next_due) {
    auto& entry = entries_[destination];
    entry.is_running = false;
    if (next_due && (!entry.due || *next_due < *entry.due)) entry.due = next_due;
    place(destination, entry);
    drop_if_idle(destination);
}

void Schedule::is_down(const std::string& destination, WallTime now) {
    auto& entry = entries_[destination];
    auto span = policy_.first;
    for (unsigned i = 0; i < entry.failures && span < policy_.most; ++i) span *= 2;
    ++entry.failures;
    entry.not_before = now + std::min(span, policy_.most);
    place(destination, entry);
}

void Schedule::is_up(const std::string& destination) {
    const auto found = entries_.find(destination);
    if (found == entries_.end()) return;
    found->second.failures = 0;
    found->second.not_before = {};
    place(destination, found->second);
}

void Schedule::suspend(const std::string& destination, WallTime until) {
    auto& entry = entries_[destination];
    entry.suspended_until = until;
    place(destination, entry);
}

bool Schedule::is_suspended(const std::string& destination, WallTime now) const {
    const auto found = entries_.find(destination);
    return found != entries_.end() && found->second.suspended_until > now;
}

void Schedule::purge(WallTime now) {
    std::erase_if(entries_, [&](const auto& one) {
        const auto& entry = one.second;
        return !entry.due && !entry.is_running && entry.suspended_until <= now &&
               entry.not_before + 2 * policy_.most <= now;
    });
}

bool Schedule::is_running(const std::string& destination) const {
    const auto found = entries_.find(destination);
    return found != entries_.end() && found->second.is_running;
}

bool Schedule::take_again(const std::string& destination, WallTime now) {
    const auto found = entries_.find(destination);
    if (found == entries_.end()) return false;
    auto& entry = found->second;
    if (!entry.due || std::max({*entry.due, entry.not_before, entry.suspended_until}) > now)
        return false;
    entry.due.reset();
    return true;
}

std::optional<WallTime> Schedule::down_until(const std::string& destination) const {
    const auto found = entries_.find(destination);
    if (found == entries_.end() || found->second.failures == 0) return std::nullopt;
    return found->second.not_before;
}

// One that is down is remembered, or it would be tried again at once.
void Schedule::drop_if_idle(const std::string& destination) {
    const auto found = entries_.find(destination);
    const auto& entry = found->second;
    if (!entry.due && !entry.is_running && entry.failures == 0 &&
        entry.suspended_until == WallTime{})
        entries_.erase(found);
}

} // namespace maild::sender
