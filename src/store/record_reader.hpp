#pragma once
// Reads whole records, verified. Those that lie one behind the other in a segment, as mail that
// came together does, are read many at a time. One thread; the set outlives it.

#include "store/pack.hpp"

#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace maild::store {

class RecordReader {
public:
    explicit RecordReader(const PackSet& packs) : packs_(packs) {}

    // Valid until the next call. The location's lengths are the record's, and all its checksums are
    // right: otherwise corrupt. not_found when the segment is gone.
    Result<RecordView> read(const Location& location);

private:
    bool holds(const Location& location) const;
    bool follows(const Location& location) const;
    Result<void> fill(const Location& location, std::size_t length);
    Result<void> refresh(const Location& location);
    Result<RecordView> parse(const Location& location) const;

    const PackSet& packs_;
    std::shared_ptr<const OpenSegment> segment_;
    PackNumber pack_;        // of segment_
    std::uint64_t next_ = 0; // behind the record read last
    std::unique_ptr<char[]> buffer_;
    std::size_t capacity_ = 0;
    std::uint64_t begin_ = 0; // of the window in the segment
    std::size_t length_ = 0;
};

} // namespace maild::store
