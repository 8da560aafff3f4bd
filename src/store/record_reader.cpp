#include "store/record_reader.hpp"

#include "store/pack_files.hpp"

#include "maild/base/crc32c.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace maild::store {
namespace {

constexpr std::size_t kAhead = 128 * 1024;
constexpr std::uint64_t kGap = 16 * 1024; // not worth a system call of its own
constexpr std::uint64_t kLarge = 1024 * 1024;

std::unexpected<Error> corrupt(const Location& location, std::string_view what) {
    return fail(Errc::corrupt, "pack " + std::to_string(location.pack.value) + " offset " +
                                   std::to_string(location.offset) + ": " + std::string(what));
}

// Without the padding, which the file may lack at its end.
std::uint64_t length_of(const Location& location) {
    return kRecordHeaderLength + location.metadata_length + location.body_length;
}

} // namespace

Result<RecordView> RecordReader::read(const Location& location) {
    const bool follows_last = follows(location);
    next_ = location.end();
    if (holds(location)) {
        auto record = parse(location);
        if (record) return record;
        // What was read ahead may be older than the record, and is then not whole.
        if (auto again = refresh(location); !again)
            return std::unexpected(std::move(again.error()));
        return parse(location);
    }
    // Before as much memory is taken as a damaged row may claim.
    const auto own = static_cast<std::size_t>(length_of(location));
    if (own > kLarge) {
        if (auto begins = packs_.verify_header(location); !begins)
            return std::unexpected(std::move(begins.error()));
    }
    // Where others behind it cannot be read, this may be.
    if (follows_last && own <= kAhead / 2 && fill(location, kAhead)) return parse(location);
    if (auto filled = fill(location, own); !filled)
        return std::unexpected(std::move(filled.error()));
    return parse(location);
}

bool RecordReader::holds(const Location& location) const {
    if (location.pack != pack_ || location.offset < begin_) return false;
    const auto at = location.offset - begin_;
    return at <= length_ && length_of(location) <= length_ - at;
}

bool RecordReader::follows(const Location& location) const {
    return location.pack == pack_ && location.offset >= next_ && location.offset - next_ <= kGap;
}

Result<void> RecordReader::fill(const Location& location, std::size_t length) {
    length_ = 0;
    if (segment_ == nullptr || location.pack != pack_) {
        auto segment = packs_.segment_of(location.pack);
        if (!segment) return std::unexpected(std::move(segment.error()));
        segment_ = std::move(*segment);
        pack_ = location.pack;
    }
    if (length > capacity_) {
        buffer_ = std::make_unique_for_overwrite<char[]>(length);
        capacity_ = length;
    }
    auto count = segment_->file->read_at(location.offset, std::span(buffer_.get(), length));
    if (!count) return std::unexpected(std::move(count.error()));
    begin_ = location.offset;
    length_ = *count;
    return {};
}

Result<void> RecordReader::refresh(const Location& location) {
    const auto own = static_cast<std::size_t>(length_of(location));
    const std::span place(buffer_.get() + (location.offset - begin_), own);
    auto count = segment_->file->read_at(location.offset, place);
    if (!count) return std::unexpected(std::move(count.error()));
    return {};
}

Result<RecordView> RecordReader::parse(const Location& location) const {
    const auto bytes = std::string_view(buffer_.get(), length_).substr(location.offset - begin_);
    const auto header = parse_record_header(bytes, segment_->header.salt, location.offset);
    if (!header) return corrupt(location, "no record");
    if (header->metadata_length != location.metadata_length ||
        header->body_length != location.body_length)
        return corrupt(location, "other lengths");
    if (bytes.size() < length_of(location)) return corrupt(location, "the segment ends inside it");
    const auto metadata = bytes.substr(kRecordHeaderLength, header->metadata_length);
    const auto body =
        bytes.substr(kRecordHeaderLength + header->metadata_length, header->body_length);
    if (crc32c(metadata) != header->metadata_crc || crc32c(body) != header->body_crc)
        return corrupt(location, "checksum");
    return RecordView{header->kind, metadata, body};
}

} // namespace maild::store
