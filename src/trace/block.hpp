#pragma once
// A block of traces as it stands in a file: a header, the hashes of all its records' names, the
// records. Whoever searches reads header and hashes, and the records only where a hash is there.
// Numbers are little-endian; made by ipc/codec.hpp.
//    0  4  magic "MTB1"
//    4  4  octets of the keys, 4 octets of the records, 4 number of records
//   16  8  number of the first record; the others follow it without a gap
//   24  8  time of the first record, 8 of the last: milliseconds since 1970
//   40  4  CRC-32C of the keys, 4 of the records, 4 of the 48 octets before
//   52     keys: a vector of 64-bit hashes, ascending
//          records: a vector of strings (record.hpp)
// The reader distrusts its input as any parser does.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::trace {

inline constexpr std::size_t kBlockHeader = 52;
inline constexpr std::size_t kBlockSize = 256 * 1024;     // that a builder aims at
inline constexpr std::size_t kMaxBlockPart = 1024 * 1024; // of keys or records that are read

struct BlockHeader {
    std::uint32_t key_octets = 0;
    std::uint32_t record_octets = 0;
    std::uint32_t count = 0;
    std::uint64_t first = 0;
    WallTime first_time{};
    WallTime last_time{};
    std::uint32_t key_crc = 0;
    std::uint32_t record_crc = 0;

    std::uint64_t size() const { return kBlockHeader + key_octets + record_octets; }
    std::uint64_t end() const { return first + count; } // number behind the last record
};

// None: no header, or a damaged one.
std::optional<BlockHeader> parse_header(std::string_view octets);
// Ascending. corrupt.
Result<std::vector<std::uint64_t>> parse_keys(const BlockHeader& header, std::string_view octets);
// Views into `octets`, count of them. corrupt.
Result<std::vector<std::string_view>> parse_records(const BlockHeader& header,
                                                    std::string_view octets);

// Gathers records until they are written.
class BlockBuilder {
public:
    explicit BlockBuilder(std::uint64_t first) : first_(first) {}

    void add(std::string record, std::span<const std::uint64_t> keys, WallTime time);
    bool is_empty() const { return records_.empty(); }
    bool is_full() const { return octets_ >= kBlockSize; }
    std::uint64_t first() const { return first_; }
    std::uint64_t end() const { return first_ + records_.size(); }
    WallTime first_time() const { return first_time_; }
    WallTime last_time() const { return last_time_; }
    const std::vector<std::string>& records() const { return records_; } // number first() and on
    std::string format(); // the whole block; it stays as it is
    void clear();         // the next one begins behind the last record

private:
    std::uint64_t first_;
    std::vector<std::string> records_;
    std::vector<std::uint64_t> keys_;
    std::size_t octets_ = 0;
    WallTime first_time_;
    WallTime last_time_;
};

} // namespace maild::trace
