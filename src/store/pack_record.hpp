#pragma once
// The bytes of a pack segment. All numbers are little-endian; CRC is CRC-32C.
//
// A segment begins with a block of kSegmentHeaderLength bytes that holds its header twice, at 0 and
// at 4096, so that one bad sector does not make the whole segment unreadable:
//    0  8  magic "maildpk\n"
//    8  4  format version, 1
//   12  4  pack number
//   16  8  salt: random, known to nobody outside
//   24  4  zero
//   28  4  CRC of bytes 0..27
// Records follow one another, each beginning at a multiple of 8:
//    0  4  magic "REC\n"
//    4  1  record version, 1
//    5  1  kind (RecordKind)
//    6  2  zero
//    8  4  metadata length
//   12  4  body length
//   16  4  CRC of the metadata
//   20  4  CRC of the body
//   24  4  zero
//   28  4  CRC of bytes 0..27, then the segment's salt (8) and this record's offset (8)
//   32     metadata, body, zeros up to a multiple of 8
// The salt and the offset in the checksum make a record valid at its own place alone: a message
// that contains a pack is never mistaken for records, and a scan may look for the next one behind
// damaged bytes. The metadata is opaque here; it carries what is needed to rebuild a mailbox
// without meta.db.

#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::store {

using PackNumber = Id<struct PackTag, std::uint32_t>; // from 1; zero is none

inline constexpr std::uint64_t kSegmentHeaderLength = 8192;
inline constexpr std::uint64_t kRecordHeaderLength = 32;
inline constexpr std::uint32_t kMaxMetadataLength = 4U << 20U; // 10,000 recipients at 400 bytes
inline constexpr std::uint32_t kMaxBodyLength = 1U << 30U;
inline constexpr std::uint64_t kRecordAlignment = 8;

// What a record is. Unknown kinds are carried along, so that an older program can still scan.
enum class RecordKind : std::uint8_t {
    message = 1, // body: the message as received
    note = 2, // a fact for the rebuild alone (a mailbox was made, renamed …); the body may be empty
};

struct RecordView {
    RecordKind kind = RecordKind::message;
    std::string_view metadata;
    std::string_view body;
};

struct Record {
    RecordKind kind = RecordKind::message;
    std::string metadata;
    std::string body;
};

// Where a record is. Everything that a read needs, so that a row alone is enough.
struct Location {
    PackNumber pack;
    std::uint64_t offset = 0; // of the record's header
    std::uint32_t metadata_length = 0;
    std::uint32_t body_length = 0;

    std::uint64_t metadata_offset() const { return offset + kRecordHeaderLength; }
    std::uint64_t body_offset() const { return metadata_offset() + metadata_length; }
    // Where the next record begins: what it takes of the segment is end() - offset.
    std::uint64_t end() const;
    friend auto operator<=>(const Location&, const Location&) = default;
};

struct SegmentHeader {
    PackNumber number;
    std::uint64_t salt = 0;
};

struct RecordHeader {
    RecordKind kind = RecordKind::message;
    std::uint32_t metadata_length = 0;
    std::uint32_t body_length = 0;
    std::uint32_t metadata_crc = 0;
    std::uint32_t body_crc = 0;
};

// The whole first block, kSegmentHeaderLength bytes.
std::string format_segment_header(const SegmentHeader& header);
// From the first block, whichever copy is whole. Nothing: neither is.
std::optional<SegmentHeader> parse_segment_header(std::string_view block);

// Checksums included; the lengths are within the limits.
RecordHeader header_for(const RecordView& record);
void append_record_header(std::string& out, const RecordHeader& header, std::uint64_t salt,
                          std::uint64_t offset);
// From kRecordHeaderLength bytes at `offset`. Nothing: no record begins here.
std::optional<RecordHeader> parse_record_header(std::string_view bytes, std::uint64_t salt,
                                                std::uint64_t offset);

inline std::uint64_t padded(std::uint64_t length) {
    return (length + kRecordAlignment - 1) / kRecordAlignment * kRecordAlignment;
}
inline std::uint64_t Location::end() const { return padded(body_offset() + body_length); }

} // namespace maild::store
