#pragma once
// The traces of a host, in append-only files below one directory, newest last; bounded by age and
// by size, the oldest go first. Records get numbers as they come. What was added is found at once,
// and is in a file after flush(); nothing is synced, so a power cut may take the last half minute,
// a killed process only what came since the last flush(). Damaged blocks are passed over.
// One thread; calls block on files, each for a bounded time. Borrows files and clock.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/file.hpp"
#include "maild/trace/query.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maild::trace {

struct StoreBounds {
    std::chrono::seconds keep{30 * 24 * 3600};
    std::uint64_t octets = 1ULL << 30;
    std::uint64_t min_free = 256ULL << 20; // of the disk; below it nothing is written
};

struct StoreOptions {
    std::string directory{}; // is there
    StoreBounds bounds{};
    std::uint64_t segment_octets = 16ULL << 20;
};

// Which records are looked at: from `from` to below `before`, newest first.
struct SearchRange {
    std::uint64_t from = 0;
    std::uint64_t before = UINT64_MAX;
    std::uint32_t limit = 100;
};
struct Found {
    std::uint64_t number = 0;
    std::string record{}; // formatted; hostile, as all that workers say
};
struct SearchPage {
    std::vector<Found> found{};
    std::optional<std::uint64_t> next{}; // SearchRange::before to go on with; none: that was all
    std::uint64_t end = 0;               // number of the record that comes next
};

struct StoreFigures {
    std::uint64_t octets = 0;
    std::uint64_t records = 0;
    std::optional<WallTime> oldest{};
};

class Store {
public:
    static constexpr std::size_t kMaxKeys = 4096; // of one record

    // Files that hold nothing readable are removed. Errors are the directory's.
    static Result<std::unique_ptr<Store>> open(FileSystem& files, const Clock& clock,
                                               StoreOptions options);
    ~Store();
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    void set_bounds(const StoreBounds& bounds);
    // A formatted record with its keys_of(). Never fails: what cannot be written is counted, and
    // the count is written as a record once that works again.
    void add(std::string record, std::span<const std::uint64_t> keys);
    void note_lost(std::uint64_t records);
    // At least once a second while records come. The error is the disk's, for the log.
    Result<void> flush();

    // Looks at a bounded part: call again with `next`.
    SearchPage search(const Query& query, const SearchRange& range) const;
    StoreFigures figures() const;

private:
    class Impl;
    explicit Store(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

template <class Codec> void describe(Codec& codec, SearchRange& r) {
    codec(r.from, r.before, r.limit);
}
template <class Codec> void describe(Codec& codec, Found& f) { codec(f.number, f.record); }
template <class Codec> void describe(Codec& codec, SearchPage& p) { codec(p.found, p.next, p.end); }

} // namespace maild::trace
