#include "maild/auth/recent_counts.hpp"

#include <algorithm>
#include <cstring>

namespace maild::auth {

RecentCounts::RecentCounts(Random& random, std::uint32_t capacity, std::chrono::seconds window)
    : capacity_(std::max(capacity, 1U)),
      window_(seconds_of(window)),
      secret_{random.next() | 1, random.next() | 1},
      buckets_(1, kNone) {}

std::uint32_t RecentCounts::seconds_of(SteadyTime::duration span) {
    return static_cast<std::uint32_t>(
        std::chrono::duration_cast<std::chrono::seconds>(span).count());
}

// Two multiplications under the secret: whoever does not know it cannot fill one bucket on purpose.
std::size_t RecentCounts::bucket_of(const Key& key) const {
    std::uint64_t half[2];
    std::memcpy(half, key.data(), sizeof half);
    auto mixed = (half[0] ^ secret_[0]) * 0x9e37'79b9'7f4a'7c15;
    mixed = ((mixed ^ mixed >> 32) + half[1]) * secret_[1];
    mixed = (mixed ^ mixed >> 29) * 0xbf58'476d'1ce4'e5b9;
    return static_cast<std::size_t>(mixed ^ mixed >> 32) & (buckets_.size() - 1);
}

RecentCounts::Index RecentCounts::find(const Key& key) const {
    auto index = buckets_[bucket_of(key)];
    while (index != kNone && at(index).key != key) index = at(index).next;
    return index;
}

// The entry as it stands now: windows that are over are behind it.
RecentCounts::Entry RecentCounts::moved_on(Entry entry, std::uint32_t now) const {
    const auto passed = now - entry.start;
    if (passed < window_) return entry;
    const bool is_next = passed / 2 < window_;
    entry.previous = is_next ? entry.current : std::uint16_t{0};
    entry.current = 0;
    entry.start = is_next ? entry.start + window_ : now;
    return entry;
}

std::uint32_t RecentCounts::estimate(const Entry& entry, std::uint32_t now) const {
    const auto within_reach = window_ - std::min(now - entry.start, window_);
    const auto before = (std::uint64_t{entry.previous} * within_reach + window_ - 1) / window_;
    return std::min(entry.current + static_cast<std::uint32_t>(before), kMost);
}

std::uint32_t RecentCounts::count(const Key& key, SteadyTime now) const {
    const auto index = find(key);
    if (index == kNone) return 0;
    const auto second = seconds_of(now.time_since_epoch());
    return estimate(moved_on(at(index), second), second);
}

std::uint32_t RecentCounts::add(const Key& key, SteadyTime now) {
    const auto second = seconds_of(now.time_since_epoch());
    auto index = find(key);
    const bool is_new = index == kNone;
    if (is_new)
        index = insert(key);
    else
        unlink(index);
    link_newest(index);
    auto& entry = at(index);
    if (is_new) entry.start = second;
    entry = moved_on(entry, second);
    entry.last = second;
    if (entry.current < kMost) ++entry.current;
    return estimate(entry, second);
}

std::optional<SteadyTime> RecentCounts::last(const Key& key) const {
    const auto index = find(key);
    if (index == kNone) return std::nullopt;
    return SteadyTime(std::chrono::seconds(at(index).last));
}

void RecentCounts::forget(const Key& key) {
    const auto index = find(key);
    if (index != kNone) remove(index);
}

std::vector<RecentCounts::Counted> RecentCounts::newest(std::size_t limit, SteadyTime now) const {
    std::vector<Counted> out;
    const auto second = seconds_of(now.time_since_epoch());
    for (auto index = newest_; index != kNone && out.size() < limit; index = at(index).older) {
        const auto& entry = at(index);
        const auto count = estimate(moved_on(entry, second), second);
        if (count == 0) break; // those behind it are older
        out.push_back({entry.key, count, SteadyTime(std::chrono::seconds(entry.last))});
    }
    return out;
}

RecentCounts::Index RecentCounts::insert(const Key& key) {
    if (size_ >= capacity_) remove(oldest_);
    if (size_ >= buckets_.size()) grow_buckets();
    const auto index = take_free();
    auto& entry = at(index);
    auto& bucket = buckets_[bucket_of(key)];
    entry = Entry{.key = key, .next = bucket};
    bucket = index;
    ++size_;
    return index;
}

RecentCounts::Index RecentCounts::take_free() {
    if (free_ != kNone) {
        const auto index = free_;
        free_ = at(index).next;
        return index;
    }
    if (used_ == chunks_.size() * kChunk) chunks_.push_back(std::make_unique<Entry[]>(kChunk));
    return used_++;
}

void RecentCounts::grow_buckets() {
    buckets_.assign(buckets_.size() * 2, kNone);
    for (auto index = newest_; index != kNone; index = at(index).older) {
        auto& bucket = buckets_[bucket_of(at(index).key)];
        at(index).next = bucket;
        bucket = index;
    }
}

void RecentCounts::link_newest(Index index) {
    auto& entry = at(index);
    entry.newer = kNone;
    entry.older = newest_;
    if (newest_ != kNone) at(newest_).newer = index;
    newest_ = index;
    if (oldest_ == kNone) oldest_ = index;
}

void RecentCounts::unlink(Index index) {
    const auto& entry = at(index);
    (entry.newer == kNone ? newest_ : at(entry.newer).older) = entry.older;
    (entry.older == kNone ? oldest_ : at(entry.older).newer) = entry.newer;
}

void RecentCounts::remove(Index index) {
    unlink(index);
    auto* link = &buckets_[bucket_of(at(index).key)];
    while (*link != index) link = &at(*link).next;
    *link = at(index).next;
    at(index).next = free_;
    free_ = index;
    --size_;
}

std::size_t RecentCounts::memory() const {
    return sizeof *this + chunks_.capacity() * sizeof(chunks_[0]) +
           chunks_.size() * kChunk * sizeof(Entry) + buckets_.capacity() * sizeof(Index);
}

} // namespace maild::auth
