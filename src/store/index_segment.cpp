#include "store/index_segment.hpp"

#include "store/little_endian.hpp"
#include "store/pass.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/mail/searchable.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace maild::store {
namespace {

constexpr std::string_view kMagic = "maildfts";
constexpr std::string_view kEndMagic = "ftsend\r\n";
constexpr std::uint32_t kVersion = 2;
constexpr std::size_t kHeaderLength = 16;
constexpr std::size_t kPlaceLength = 32;
constexpr std::size_t kEndLength = 48;
constexpr std::size_t kEndCrcAt = 44;
constexpr std::size_t kWriteAtOnce = 256 * 1024;

std::string file_header() {
    std::string header(kMagic);
    append_number(header, kVersion);
    append_number(header, mail::searched_text_version());
    return header;
}

void append_id(std::string& out, std::int64_t id) {
    append_number(out, static_cast<std::uint64_t>(id));
}
std::int64_t id_at(std::string_view bytes, std::size_t at) {
    return static_cast<std::int64_t>(number_at<std::uint64_t>(bytes, at));
}

std::string format_directory(std::span<const BlockPlace> blocks) {
    std::string out;
    for (const auto& block : blocks) {
        append_id(out, block.first);
        append_id(out, block.last);
        append_number(out, block.offset);
        append_number(out, block.length);
        append_number(out, block.entries);
    }
    return out;
}

std::string format_end(const IndexRange& range, std::uint64_t directory_offset,
                       std::string_view directory) {
    std::string out(kEndMagic);
    append_id(out, range.first);
    append_id(out, range.last);
    append_number(out, directory_offset);
    append_number(out, static_cast<std::uint32_t>(directory.size() / kPlaceLength));
    append_number(out, crc32c(directory));
    append_number(out, std::uint32_t{0});
    append_number(out, crc32c(out));
    return out;
}

struct End {
    IndexRange range;
    std::uint64_t directory_offset = 0;
    std::uint32_t blocks = 0;
    std::uint32_t crc = 0;
};

std::optional<End> parse_end(std::string_view bytes, std::uint64_t file_size) {
    if (bytes.size() != kEndLength || !bytes.starts_with(kEndMagic)) return std::nullopt;
    if (number_at<std::uint32_t>(bytes, kEndCrcAt) != crc32c(bytes.substr(0, kEndCrcAt)))
        return std::nullopt;
    const End end{{id_at(bytes, 8), id_at(bytes, 16)},
                  number_at<std::uint64_t>(bytes, 24),
                  number_at<std::uint32_t>(bytes, 32),
                  number_at<std::uint32_t>(bytes, 36)};
    const auto directory = std::uint64_t{end.blocks} * kPlaceLength;
    const bool fits = end.directory_offset >= kHeaderLength && end.directory_offset <= file_size &&
                      file_size - end.directory_offset == directory + kEndLength;
    if (!fits || end.range.first < 1 || end.range.is_empty()) return std::nullopt;
    return end;
}

// Blocks one behind the other, with ids that ascend within the range.
std::optional<std::vector<BlockPlace>> parse_directory(std::string_view bytes, const End& end) {
    std::vector<BlockPlace> blocks;
    std::uint64_t offset = kHeaderLength;
    auto before = end.range.first - 1;
    for (std::size_t at = 0; at < bytes.size(); at += kPlaceLength) {
        const BlockPlace block{
            id_at(bytes, at), id_at(bytes, at + 8), number_at<std::uint64_t>(bytes, at + 16),
            number_at<std::uint32_t>(bytes, at + 24), number_at<std::uint32_t>(bytes, at + 28)};
        if (block.first <= before || block.last < block.first || block.last > end.range.last ||
            block.offset != offset || block.length > kMaxBlockSize)
            return std::nullopt;
        before = block.last;
        offset += block.length;
        blocks.push_back(block);
    }
    return offset == end.directory_offset ? std::optional(std::move(blocks)) : std::nullopt;
}

// All of `size` octets.
Result<std::string> read_exactly(const File& file, std::uint64_t offset, std::uint64_t size) {
    std::string bytes(size, '\0');
    const auto read = file.read_at(offset, bytes);
    if (!read) return pass(read);
    if (*read != size) return fail(Errc::corrupt, "the file ends");
    return bytes;
}

std::uint64_t length_of(std::span<const BlockPlace> blocks) {
    return std::accumulate(
        blocks.begin(), blocks.end(), std::uint64_t{0},
        [](std::uint64_t sum, const BlockPlace& block) { return sum + block.length; });
}

} // namespace

std::string segment_file_name(const IndexRange& range) {
    char name[64];
    std::snprintf(name, sizeof name, "%019lld-%019lld.fts", static_cast<long long>(range.first),
                  static_cast<long long>(range.last));
    return name;
}

IndexSegment::IndexSegment(IndexRange range, std::vector<BlockPlace> blocks, std::string bytes)
    : range_(range),
      blocks_(std::move(blocks)),
      bytes_(std::move(bytes)),
      believed_(blocks_.size()) {}

IndexSegment::IndexSegment(IndexRange range, std::vector<BlockPlace> blocks,
                           std::unique_ptr<File> file, std::string path)
    : range_(range),
      blocks_(std::move(blocks)),
      file_(std::move(file)),
      path_(std::move(path)),
      believed_(blocks_.size()) {}

Result<std::shared_ptr<IndexSegment>> IndexSegment::open(FileSystem& files, std::string path) {
    auto file = files.open(path, OpenMode::read_only);
    if (!file) return pass(file);
    const auto size = (*file)->size();
    if (!size) return pass(size);
    if (*size < kHeaderLength + kEndLength) return fail(Errc::corrupt, path + ": too short");
    const auto header = read_exactly(**file, 0, kHeaderLength);
    if (!header) return pass(header);
    const auto end_bytes = read_exactly(**file, *size - kEndLength, kEndLength);
    if (!end_bytes) return pass(end_bytes);
    const auto end = parse_end(*end_bytes, *size);
    if (*header != file_header() || !end) return fail(Errc::corrupt, path + ": no whole segment");
    const auto directory =
        read_exactly(**file, end->directory_offset, std::uint64_t{end->blocks} * kPlaceLength);
    if (!directory) return pass(directory);
    auto blocks = crc32c(*directory) == end->crc ? parse_directory(*directory, *end) : std::nullopt;
    if (!blocks) return fail(Errc::corrupt, path + ": the directory is damaged");
    return std::shared_ptr<IndexSegment>(
        new IndexSegment(end->range, std::move(*blocks), std::move(*file), std::move(path)));
}

std::uint64_t IndexSegment::entries() const {
    std::uint64_t count = 0;
    for (const auto& block : blocks_) count += block.entries;
    return count;
}

std::uint64_t IndexSegment::bytes() const { return length_of(blocks_); }

void IndexSegment::believe_all() const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) believe(i);
}

Result<std::vector<IndexEntry>> IndexSegment::read(std::size_t block, std::string& buffer) const {
    const auto& place = blocks_[block];
    std::string_view bytes;
    if (file_ != nullptr) {
        auto read = read_exactly(*file_, place.offset, place.length);
        // A bad sector is no worse than a wrong checksum: the segment is made anew.
        if (!read) return fail(Errc::corrupt, read.error().internal);
        buffer = std::move(*read);
        bytes = buffer;
    } else {
        bytes = std::string_view(bytes_).substr(place.offset, place.length);
    }
    auto entries = parse_block(bytes);
    if (!entries) return entries;
    if (entries->size() != place.entries || entries->empty() ||
        entries->front().content != place.first || entries->back().content != place.last)
        return fail(Errc::corrupt, "another block of the search index");
    return entries;
}

Result<void> SegmentBuilder::add(const IndexEntry& entry) {
    block_.add(entry);
    return block_.is_full() ? end_block() : Result<void>();
}

Result<void> SegmentBuilder::end_block() {
    if (block_.is_empty()) return {};
    if (file_ != nullptr && end_ == 0) {
        bytes_ = file_header();
        end_ = kHeaderLength;
    }
    BlockPlace place{block_.first(), block_.last(), end_, 0, block_.count()};
    const auto bytes = block_.take();
    place.length = static_cast<std::uint32_t>(bytes.size());
    blocks_.push_back(place);
    bytes_ += bytes;
    end_ += bytes.size();
    return file_ != nullptr && bytes_.size() >= kWriteAtOnce ? write_out() : Result<void>();
}

Result<void> SegmentBuilder::write_out() {
    const std::string_view piece = bytes_;
    auto done = file_->write_at(written_, std::span(&piece, 1));
    if (!done) return done;
    written_ += bytes_.size();
    bytes_.clear();
    return {};
}

Result<std::shared_ptr<IndexSegment>> SegmentBuilder::finish() {
    if (auto done = end_block(); !done) return pass(done);
    auto made = std::make_shared<IndexSegment>(range_, std::move(blocks_), std::move(bytes_));
    made->believe_all();
    return made;
}

Result<void> SegmentBuilder::finish_file() {
    if (auto done = end_block(); !done) return done;
    if (end_ == 0) { // everything of the range is gone
        bytes_ = file_header();
        end_ = kHeaderLength;
    }
    const auto directory = format_directory(blocks_);
    bytes_ += directory;
    bytes_ += format_end(range_, end_, directory);
    return write_out();
}

} // namespace maild::store
