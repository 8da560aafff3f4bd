#pragma once
// How often something happened lately, for each of many keys: failed logins of a network, of an
// account. Bounded: when it is full, the key that was counted longest ago goes. 40 octets a key and
// 4 to 8 for finding it, so that a million keys stay below 64 MiB (HARDENING 40). The window slides
// by an estimate: what was counted in the window before counts for the part of it that is still
// within reach. Peers can choose their keys, so where one lies depends on a secret. One thread.

#include "maild/base/clock.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace maild::auth {

class RecentCounts {
public:
    using Key = std::array<std::uint8_t, 16>;
    static constexpr std::uint32_t kMost = 65'535; // counts stay there

    RecentCounts(Random& random, std::uint32_t capacity, std::chrono::seconds window);

    void set_window(std::chrono::seconds window) { window_ = seconds_of(window); }
    std::uint32_t count(const Key& key, SteadyTime now) const;
    // One more; the count with it.
    std::uint32_t add(const Key& key, SteadyTime now);
    // When it was counted last, to the second below; nothing when it is not here.
    std::optional<SteadyTime> last(const Key& key) const;
    void forget(const Key& key);

    // What was counted last and still counts, at most `limit` keys, the newest first.
    struct Counted {
        Key key{};
        std::uint32_t count = 0;
        SteadyTime last; // to the second below
    };
    std::vector<Counted> newest(std::size_t limit, SteadyTime now) const;

    std::size_t size() const { return size_; }
    std::size_t memory() const; // octets

private:
    using Index = std::uint32_t;
    static constexpr Index kNone = UINT32_MAX;
    static constexpr Index kChunk = 4'096; // entries that are allocated together, and never move

    struct Entry {
        Key key{};
        Index next = kNone; // in its bucket, or of the free ones
        Index newer = kNone;
        Index older = kNone;
        std::uint32_t start = 0; // of the window, in seconds of the steady clock
        std::uint32_t last = 0;
        std::uint16_t current = 0;
        std::uint16_t previous = 0; // in the window before
    };
    static_assert(sizeof(Entry) == 40);

    static std::uint32_t seconds_of(SteadyTime::duration span);
    Entry& at(Index index) { return chunks_[index / kChunk][index % kChunk]; }
    const Entry& at(Index index) const { return chunks_[index / kChunk][index % kChunk]; }
    std::size_t bucket_of(const Key& key) const;
    Index find(const Key& key) const;
    Index insert(const Key& key);
    Index take_free();
    void grow_buckets();
    void link_newest(Index index);
    void unlink(Index index);
    void remove(Index index);
    Entry moved_on(Entry entry, std::uint32_t now) const;
    std::uint32_t estimate(const Entry& entry, std::uint32_t now) const;

    std::uint32_t capacity_;
    std::uint32_t window_;
    std::array<std::uint64_t, 2> secret_;
    std::vector<std::unique_ptr<Entry[]>> chunks_;
    std::vector<Index> buckets_; // a power of two of them
    Index used_ = 0;             // entries that were ever given out
    Index free_ = kNone;
    Index newest_ = kNone;
    Index oldest_ = kNone;
    std::size_t size_ = 0;
};

} // namespace maild::auth
