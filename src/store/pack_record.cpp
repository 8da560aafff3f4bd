#include "store/pack_record.hpp"

#include "store/little_endian.hpp"

#include "maild/base/crc32c.hpp"

namespace maild::store {
namespace {

constexpr std::string_view kSegmentMagic = "maildpk\n";
constexpr std::string_view kRecordMagic = "REC\n";
constexpr std::uint32_t kFormatVersion = 1;
constexpr std::uint8_t kRecordVersion = 1;
constexpr std::size_t kSegmentHeaderBytes = 32;
constexpr std::size_t kCrcAt = 28; // in both headers: the checksum of what stands before it
constexpr std::size_t kSecondCopyAt = 4096;

std::uint32_t crc_at_place(std::string_view bytes, std::uint64_t salt, std::uint64_t offset) {
    std::string place;
    append_number(place, salt);
    append_number(place, offset);
    return crc32c(place, crc32c(bytes.substr(0, kCrcAt)));
}

std::optional<SegmentHeader> parse_copy(std::string_view bytes) {
    if (bytes.size() < kSegmentHeaderBytes || !bytes.starts_with(kSegmentMagic))
        return std::nullopt;
    if (number_at<std::uint32_t>(bytes, kCrcAt) != crc32c(bytes.substr(0, kCrcAt)))
        return std::nullopt;
    if (number_at<std::uint32_t>(bytes, 8) != kFormatVersion) return std::nullopt;
    return SegmentHeader{PackNumber(number_at<std::uint32_t>(bytes, 12)),
                         number_at<std::uint64_t>(bytes, 16)};
}

} // namespace

std::string format_segment_header(const SegmentHeader& header) {
    std::string copy(kSegmentMagic);
    append_number(copy, kFormatVersion);
    append_number(copy, header.number.value);
    append_number(copy, header.salt);
    append_number(copy, std::uint32_t{0});
    append_number(copy, crc32c(copy));
    std::string block = copy;
    block.resize(kSecondCopyAt);
    block += copy;
    block.resize(kSegmentHeaderLength);
    return block;
}

std::optional<SegmentHeader> parse_segment_header(std::string_view block) {
    if (auto first = parse_copy(block)) return first;
    return block.size() < kSecondCopyAt ? std::nullopt : parse_copy(block.substr(kSecondCopyAt));
}

RecordHeader header_for(const RecordView& record) {
    return {record.kind, static_cast<std::uint32_t>(record.metadata.size()),
            static_cast<std::uint32_t>(record.body.size()), crc32c(record.metadata),
            crc32c(record.body)};
}

void append_record_header(std::string& out, const RecordHeader& header, std::uint64_t salt,
                          std::uint64_t offset) {
    std::string bytes(kRecordMagic);
    bytes += static_cast<char>(kRecordVersion);
    bytes += static_cast<char>(header.kind);
    append_number(bytes, std::uint16_t{0});
    append_number(bytes, header.metadata_length);
    append_number(bytes, header.body_length);
    append_number(bytes, header.metadata_crc);
    append_number(bytes, header.body_crc);
    append_number(bytes, std::uint32_t{0});
    append_number(bytes, crc_at_place(bytes, salt, offset));
    out += bytes;
}

std::optional<RecordHeader> parse_record_header(std::string_view bytes, std::uint64_t salt,
                                                std::uint64_t offset) {
    if (bytes.size() < kRecordHeaderLength || !bytes.starts_with(kRecordMagic)) return std::nullopt;
    if (number_at<std::uint32_t>(bytes, kCrcAt) != crc_at_place(bytes, salt, offset)) {
        return std::nullopt;
    }
    if (number_at<std::uint8_t>(bytes, 4) != kRecordVersion) return std::nullopt;
    const RecordHeader header{
        static_cast<RecordKind>(number_at<std::uint8_t>(bytes, 5)),
        number_at<std::uint32_t>(bytes, 8), number_at<std::uint32_t>(bytes, 12),
        number_at<std::uint32_t>(bytes, 16), number_at<std::uint32_t>(bytes, 20)};
    if (header.metadata_length > kMaxMetadataLength || header.body_length > kMaxBodyLength) {
        return std::nullopt;
    }
    return header;
}

} // namespace maild::store
