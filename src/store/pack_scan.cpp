#include "store/pack_scan.hpp"

#include "maild/base/crc32c.hpp"

#include <algorithm>
#include <span>
#include <string>

namespace maild::store {
namespace {

constexpr std::size_t kWindowLength = 256U << 10U;

std::unexpected<Error> corrupt(const Location& location, std::string_view what) {
    return fail(Errc::corrupt, "pack " + std::to_string(location.pack.value) + " offset " +
                                   std::to_string(location.offset) + ": " + std::string(what));
}

// As much of it as there is.
Result<std::string> read_part(const File& file, std::uint64_t offset, std::size_t length) {
    std::string bytes(length, '\0');
    auto count = file.read_at(offset, bytes);
    if (!count) return std::unexpected(std::move(count.error()));
    bytes.resize(*count);
    return bytes;
}

// A view that moves over the file, so that looking at every eighth byte is not a system call each.
class Window {
public:
    explicit Window(const File& file) : file_(file) {}

    // `length` bytes at `offset`, fewer at the end of the file. Valid until the next call.
    Result<std::string_view> view(std::uint64_t offset, std::size_t length) {
        const bool is_inside = offset >= begin_ && offset + length <= begin_ + bytes_.size();
        if (!is_inside) {
            bytes_.resize(std::max(length, kWindowLength));
            auto count = file_.read_at(offset, bytes_);
            bytes_.resize(count ? *count : 0);
            begin_ = offset;
            if (!count) return std::unexpected(std::move(count.error()));
        }
        return std::string_view(bytes_).substr(offset - begin_, length);
    }

private:
    const File& file_;
    std::string bytes_;
    std::uint64_t begin_ = 0;
};

Result<std::uint32_t> checksum(Window& window, std::uint64_t offset, std::uint64_t length) {
    std::uint32_t crc = 0;
    while (length > 0) {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(length, kWindowLength));
        auto piece = window.view(offset, wanted);
        if (!piece) return std::unexpected(std::move(piece.error()));
        crc = crc32c(*piece, crc);
        if (piece->size() < wanted) return ~crc; // the file ends: it cannot match
        offset += wanted;
        length -= wanted;
    }
    return crc;
}

Result<bool> matches(Window& window, std::uint64_t offset, std::uint64_t length,
                     std::uint32_t want) {
    auto crc = checksum(window, offset, length);
    if (!crc) return std::unexpected(std::move(crc.error()));
    return *crc == want;
}

Result<RecordHeader> read_record_header(const File& file, std::uint64_t salt,
                                        const Location& location) {
    auto bytes = read_part(file, location.offset, kRecordHeaderLength);
    if (!bytes) return std::unexpected(std::move(bytes.error()));
    const auto header = parse_record_header(*bytes, salt, location.offset);
    if (!header) return corrupt(location, "no record");
    if (header->metadata_length != location.metadata_length ||
        header->body_length != location.body_length) {
        return corrupt(location, "other lengths");
    }
    return *header;
}

// One pass over a segment. Behind bytes that are no record it looks for the next at every place
// where one may begin; a record whose header is whole is skipped by its lengths, so each byte is
// looked at a bounded number of times.
class Scan {
public:
    Scan(const File& file, const SegmentHeader& header, std::uint64_t size,
         const VisitRecord& visit)
        : file_(file), window_(file), header_(header), size_(size), visit_(visit) {}

    Result<ScanReport> run() {
        std::uint64_t offset = kSegmentHeaderLength;
        report_.end = offset;
        while (offset + kRecordHeaderLength <= size_) {
            auto next = step(offset);
            if (!next) return std::unexpected(std::move(next.error()));
            offset = *next;
        }
        report_.has_torn_tail = report_.end < size_;
        return report_;
    }

private:
    // Where to look next.
    Result<std::uint64_t> step(std::uint64_t offset) {
        auto bytes = window_.view(offset, kRecordHeaderLength);
        if (!bytes) return std::unexpected(std::move(bytes.error()));
        const auto header = parse_record_header(*bytes, header_.salt, offset);
        if (!header) return offset + kRecordAlignment;
        const Location location{header_.number, offset, header->metadata_length,
                                header->body_length};
        if (location.end() > size_) return offset + kRecordAlignment;
        const auto taken = take(*header, location);
        if (!taken) return std::unexpected(taken.error());
        return location.end();
    }

    Result<void> take(const RecordHeader& header, const Location& location) {
        auto is_body_whole =
            matches(window_, location.body_offset(), header.body_length, header.body_crc);
        if (!is_body_whole) return std::unexpected(std::move(is_body_whole.error()));
        if (!*is_body_whole) return {};
        auto metadata = read_part(file_, location.metadata_offset(), header.metadata_length);
        if (!metadata) return std::unexpected(std::move(metadata.error()));
        if (crc32c(*metadata) != header.metadata_crc) return {};
        report_.damaged_bytes += location.offset - report_.end;
        report_.end = location.end();
        ++report_.records;
        return visit_(location, header.kind, *metadata);
    }

    const File& file_;
    Window window_;
    SegmentHeader header_;
    std::uint64_t size_;
    const VisitRecord& visit_;
    ScanReport report_;
};

} // namespace

Result<SegmentHeader> read_segment_header(const File& file) {
    auto block = read_part(file, 0, kSegmentHeaderLength);
    if (!block) return std::unexpected(std::move(block.error()));
    auto header = parse_segment_header(*block);
    if (!header) return fail(Errc::corrupt, "no segment header");
    return *header;
}

Result<Record> read_record(const File& file, std::uint64_t salt, const Location& location) {
    const auto header = read_record_header(file, salt, location);
    if (!header) return std::unexpected(header.error());
    Record record{header->kind, {}, {}};
    auto metadata = read_part(file, location.metadata_offset(), header->metadata_length);
    if (!metadata) return std::unexpected(std::move(metadata.error()));
    auto body = read_part(file, location.body_offset(), header->body_length);
    if (!body) return std::unexpected(std::move(body.error()));
    if (crc32c(*metadata) != header->metadata_crc || crc32c(*body) != header->body_crc) {
        return corrupt(location, "checksum");
    }
    record.metadata = std::move(*metadata);
    record.body = std::move(*body);
    return record;
}

// And that the file is long enough for the rest.
Result<void> verify_record_header(const File& file, std::uint64_t salt, const Location& location) {
    const auto header = read_record_header(file, salt, location);
    if (!header) return std::unexpected(header.error());
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    if (*size < location.body_offset() + location.body_length)
        return corrupt(location, "the segment ends inside the record");
    return {};
}

Result<void> verify_record(const File& file, std::uint64_t salt, const Location& location) {
    const auto header = read_record_header(file, salt, location);
    if (!header) return std::unexpected(header.error());
    Window window(file);
    auto metadata =
        matches(window, location.metadata_offset(), header->metadata_length, header->metadata_crc);
    if (!metadata) return std::unexpected(std::move(metadata.error()));
    auto body = matches(window, location.body_offset(), header->body_length, header->body_crc);
    if (!body) return std::unexpected(std::move(body.error()));
    if (!*metadata || !*body) return corrupt(location, "checksum");
    return {};
}

Result<ScanReport> scan_segment(const File& file, PackNumber number, const VisitRecord& visit) {
    const auto size = file.size();
    if (!size) return std::unexpected(size.error());
    if (*size == 0) return ScanReport{};
    auto header = read_segment_header(file);
    if (!header) return std::unexpected(std::move(header.error()));
    if (header->number != number) return fail(Errc::corrupt, "the segment has another number");
    return Scan(file, *header, *size, visit).run();
}

} // namespace maild::store
