#pragma once
// A block of the search index: the filters of some contents, ascending by id, and a checksum over
// all of it. Numbers are little-endian; CRC is CRC-32C.
//    0  4  magic "FTB\n"
//    4  4  length of the block
//    8  4  number of entries
//   12  4  CRC of everything else
//   16     entries, as LEB128 varints: (id - id of the entry before) * 2 + 1 where the body is that
//          of the entry before, else + 0; the check, 4 octets; the length of the filter of the
//          prefix; unless the body is shared, those of header and body
//          then the filters in the same order
// The reader distrusts its input as any parser does: what it accepts is whole.

#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

// What is known of one content. `prefix` are the trace fields of its recipient, `header` the fields
// of the message itself, `body` everything below: three filters, because a needle is in one of them
// or in none.
struct IndexEntry {
    std::int64_t content = 0;
    std::uint32_t check = 0;  // of its EMAILID: the content that was indexed, and no later one
    bool shares_body = false; // with the entry before
    std::string_view prefix;
    std::string_view header;
    std::string_view body;
};
inline std::uint32_t check_of(std::int64_t email_id) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(email_id) & 0xffffffffU);
}

inline constexpr std::size_t kBlockSize = 32 * 1024; // what a builder aims at
inline constexpr std::size_t kMaxBlockSize =
    2 * 1024 * 1024; // three filters of kMaxGrams, and more

class BlockBuilder {
public:
    // Ids ascend. `shares_body` counts where the entry before is in the same block.
    void add(const IndexEntry& entry);
    bool is_empty() const { return count_ == 0; }
    bool is_full() const { return entries_.size() + filters_.size() >= kBlockSize; }
    std::int64_t first() const { return first_; }
    std::int64_t last() const { return last_; }
    std::uint32_t count() const { return count_; }
    std::string take(); // the block; the next one begins

private:
    std::string entries_;
    std::string filters_;
    std::int64_t first_ = 0;
    std::int64_t last_ = 0;
    std::uint32_t count_ = 0;
};

// Views into `block`. corrupt.
Result<std::vector<IndexEntry>> parse_block(std::string_view block);

} // namespace maild::store
