#include "trace/segment.hpp"

#include "maild/trace/query.hpp"

#include <algorithm>

namespace maild::trace {
namespace {

constexpr std::string_view kMagic("maildtrc\1\0\0\0\0\0\0\0", 16);

std::string file_name(std::uint64_t number) {
    auto digits = std::to_string(number);
    return std::string(20 - digits.size(), '0') + digits + std::string(kSegmentSuffix);
}

// Puts the records of `from` into whole blocks of `to`.
class Rewriting {
public:
    explicit Rewriting(Segment& to) : to_(to) {}

    Result<void> take(const Segment& from, const BlockPlace& place) {
        const auto records = from.read_records(place, buffer_);
        if (!records) return end_block(); // damaged: gone
        if (!block_ || block_->end() != place.header.first) {
            if (auto ended = end_block(); !ended) return ended;
            block_.emplace(place.header.first);
        }
        for (const auto bytes : *records) {
            const auto record = parse_record(bytes);
            block_->add(std::string(bytes),
                        record ? keys_of(*record) : std::vector<std::uint64_t>(),
                        place.header.last_time);
            if (!block_->is_full()) continue;
            if (auto ended = end_block(); !ended) return ended;
        }
        return {};
    }

    Result<void> end_block() {
        if (!block_ || block_->is_empty()) return {};
        auto appended = to_.append(block_->format());
        block_->clear();
        return appended;
    }

private:
    Segment& to_;
    std::optional<BlockBuilder> block_;
    std::string buffer_;
};

} // namespace

Result<std::string> Segment::read(std::uint64_t offset, std::size_t count) const {
    std::string out(count, '\0');
    const auto got = file_->read_at(offset, std::span(out.data(), out.size()));
    if (!got) return std::unexpected(got.error());
    out.resize(*got);
    return out;
}

Result<void> Segment::find_blocks() {
    const auto end = file_->size();
    if (!end) return std::unexpected(end.error());
    const auto magic = read(0, kMagic.size());
    if (!magic) return std::unexpected(magic.error());
    if (*magic != kMagic) return fail(Errc::corrupt, path_ + " holds no traces");
    size_ = kMagic.size();
    while (true) {
        const auto octets = read(size_, kBlockHeader);
        if (!octets) return std::unexpected(octets.error());
        const auto header = parse_header(*octets);
        if (!header || header->size() > *end - size_) break;
        if (!blocks_.empty() && header->first < blocks_.back().header.end()) break;
        blocks_.push_back({size_, *header});
        size_ += header->size();
    }
    if (blocks_.empty()) return fail(Errc::corrupt, path_ + " holds no traces");
    return {};
}

Result<std::unique_ptr<Segment>> Segment::open(FileSystem& files, std::string path) {
    auto file = files.open(path, OpenMode::read_only);
    if (!file) return std::unexpected(std::move(file.error()));
    std::unique_ptr<Segment> segment(new Segment(std::move(*file), std::move(path)));
    if (auto found = segment->find_blocks(); !found)
        return std::unexpected(std::move(found.error()));
    return segment;
}

Result<std::unique_ptr<Segment>> Segment::begin(FileSystem& files, const std::string& path) {
    auto file = files.open(path, OpenMode::create_new);
    if (!file) return std::unexpected(std::move(file.error()));
    const auto written = (*file)->write_at(0, std::span(&kMagic, 1));
    if (!written) return std::unexpected(written.error());
    std::unique_ptr<Segment> segment(new Segment(std::move(*file), path));
    segment->size_ = kMagic.size();
    return segment;
}

Result<std::unique_ptr<Segment>> Segment::create(FileSystem& files, const std::string& directory,
                                                 std::uint64_t first) {
    return begin(files, directory + "/" + file_name(first));
}

Result<void> Segment::append(std::string_view block) {
    const auto header = parse_header(block);
    if (!header) return fail(Errc::internal, "no block of traces");
    if (auto written = file_->write_at(size_, std::span(&block, 1)); !written) return written;
    blocks_.push_back({size_, *header});
    size_ += block.size();
    return {};
}

Result<std::vector<std::uint64_t>> Segment::read_keys(const BlockPlace& place) const {
    const auto octets = read(place.offset + kBlockHeader, place.header.key_octets);
    if (!octets) return std::unexpected(octets.error());
    return parse_keys(place.header, *octets);
}

Result<std::vector<std::string_view>> Segment::read_records(const BlockPlace& place,
                                                            std::string& buffer) const {
    auto octets =
        read(place.offset + kBlockHeader + place.header.key_octets, place.header.record_octets);
    if (!octets) return std::unexpected(std::move(octets.error()));
    buffer = std::move(*octets);
    return parse_records(place.header, buffer);
}

bool Segment::is_scattered() const { return blocks_.size() > 8 + 2 * (size_ / kBlockSize); }

Result<std::unique_ptr<Segment>> Segment::rewritten(FileSystem& files) const {
    const auto path = path_ + std::string(kUnfinishedSuffix);
    auto fresh = begin(files, path);
    if (!fresh) return fresh;
    Rewriting rewriting(**fresh);
    Result<void> done;
    for (const auto& place : blocks_)
        if (done) done = rewriting.take(*this, place);
    if (done) done = rewriting.end_block();
    if (done && (*fresh)->blocks_.empty()) done = fail(Errc::corrupt, path_);
    // What it replaces has long been on the disk.
    if (done) done = (*fresh)->file_->sync_data();
    if (done) done = files.rename(path, path_);
    if (!done) {
        [[maybe_unused]] const auto removed = files.remove(path);
        return std::unexpected(std::move(done.error()));
    }
    (*fresh)->path_ = path_;
    return fresh;
}

} // namespace maild::trace
