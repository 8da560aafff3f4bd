#include "store/pack.hpp"

#include "store/pack_files.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::string_view kZeros("\0\0\0\0\0\0\0", kRecordAlignment - 1);

std::uint64_t length_of(const RecordView& record) {
    return padded(kRecordHeaderLength + record.metadata.size() + record.body.size());
}

Result<void> check_lengths(std::span<const RecordView> records) {
    for (const auto& record : records) {
        if (record.metadata.size() > kMaxMetadataLength)
            return fail(Errc::too_large, "record metadata");
        if (record.body.size() > kMaxBodyLength) return fail(Errc::too_large, "record body");
    }
    return {};
}

// The records of one append as pieces for one write. Borrows metadata and bodies.
class Batch {
public:
    Batch(std::span<const RecordView> records, const SegmentHeader& segment, std::uint64_t end) {
        headers_.reserve(records.size() * kRecordHeaderLength); // views into it must not move
        if (end == 0) {
            first_block_ = format_segment_header(segment);
            pieces_.push_back(first_block_);
            end = kSegmentHeaderLength;
        }
        for (const auto& record : records) add(record, segment, end);
    }
    ~Batch() = default;
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;

    std::span<const std::string_view> pieces() const { return pieces_; }
    std::uint64_t end() const { return locations_.back().end(); }
    std::vector<Location>& locations() { return locations_; }

private:
    void add(const RecordView& record, const SegmentHeader& segment, std::uint64_t& end) {
        const auto header = header_for(record);
        const Location location{segment.number, end, header.metadata_length, header.body_length};
        const auto at = headers_.size();
        append_record_header(headers_, header, segment.salt, end);
        pieces_.push_back(std::string_view(headers_).substr(at));
        pieces_.push_back(record.metadata);
        pieces_.push_back(record.body);
        end = location.end();
        pieces_.push_back(kZeros.substr(0, end - location.body_offset() - location.body_length));
        locations_.push_back(location);
    }

    std::string first_block_;
    std::string headers_;
    std::vector<std::string_view> pieces_;
    std::vector<Location> locations_;
};

} // namespace

struct PackSet::Writer {
    std::unique_ptr<File> file; // null until the first append
    SegmentHeader header;
    std::uint64_t end = 0; // where the next batch goes; 0: not even the segment's header is written
    bool is_dirty = false; // written since the last sync
    bool is_directory_dirty = false;
    std::vector<std::unique_ptr<File>> finished; // full, but not synced yet
    std::uint32_t next_number = 1;
};

PackSet::PackSet(FileSystem& files, Random& random, std::string directory,
                 const PackOptions& options)
    : files_(files),
      random_(random),
      options_(options),
      writer_(std::make_unique<Writer>()),
      readers_(std::make_unique<PackFiles>(files, std::move(directory), options.open_files)) {}

PackSet::~PackSet() = default;

Result<std::unique_ptr<PackSet>> PackSet::open(FileSystem& files, Random& random,
                                               std::string directory, const PackOptions& options) {
    std::unique_ptr<PackSet> set(new PackSet(files, random, std::move(directory), options));
    if (auto recovered = set->recover(); !recovered) {
        return std::unexpected(std::move(recovered.error()));
    }
    return set;
}

Result<void> PackSet::recover() {
    const auto numbers = list_segments(files_, readers_->directory());
    if (!numbers) return std::unexpected(numbers.error());
    for (const auto number : *numbers) {
        const bool is_last = number == numbers->back() && !options_.is_read_only;
        auto file = files_.open(readers_->path_of(number),
                                is_last ? OpenMode::read_write : OpenMode::read_only);
        if (!file) return std::unexpected(std::move(file.error()));
        (*file)->drop_cache();
        if (!is_last) continue;
        // What was allocated for the segment that a crash interrupted and is not used now.
        const auto size = (*file)->size();
        if (!size) return std::unexpected(size.error());
        if (auto freed = (*file)->truncate(*size); !freed) return freed;
    }
    const auto last = numbers->empty() ? 0 : numbers->back().value;
    writer_->next_number = std::max(options_.next_number.value, last + 1);
    return {};
}

Result<std::vector<Location>> PackSet::append(std::span<const RecordView> records) {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable.error()));
    if (auto checked = check_lengths(records); !checked) {
        return std::unexpected(std::move(checked.error()));
    }
    if (records.empty()) return std::vector<Location>();
    std::uint64_t length = 0;
    for (const auto& record : records) length += length_of(record);
    if (auto room = make_room(length); !room) return std::unexpected(std::move(room.error()));
    Batch batch(records, writer_->header, writer_->end);
    if (auto written = write(batch.pieces(), batch.end()); !written) {
        return std::unexpected(std::move(written.error()));
    }
    return std::move(batch.locations());
}

Result<void> PackSet::make_room(std::uint64_t length) {
    const auto& writer = *writer_;
    const bool fits = writer.end == 0 || writer.end + length <= options_.segment_size;
    if (writer.file != nullptr && fits) return {};
    return begin_segment(length);
}

// The old segment is given up only when the new one is there: on a full disk it can still take
// small batches.
Result<void> PackSet::begin_segment(std::uint64_t length) {
    auto& writer = *writer_;
    if (writer.next_number == 0) return fail(Errc::limit_exceeded, "no pack numbers left");
    const PackNumber number(writer.next_number++);
    auto file = create_segment(number, kSegmentHeaderLength + length);
    if (!file) return std::unexpected(std::move(file.error()));
    if (writer.file != nullptr) {
        if (auto freed = writer.file->truncate(writer.end); !freed) {
            return poison(std::move(freed.error()));
        }
        if (writer.is_dirty) writer.finished.push_back(std::move(writer.file));
    }
    writer.file = std::move(*file);
    writer.header = {number, random_.next()};
    writer.end = 0;
    writer.is_dirty = false;
    current_.store(number.value, std::memory_order_release);
    return {};
}

// With its space allocated, so that appending does not find the disk full: the whole segment, or,
// near the end of the disk, what this batch needs.
Result<std::unique_ptr<File>> PackSet::create_segment(PackNumber number, std::uint64_t length) {
    const auto path = readers_->path_of(number);
    auto file = files_.open(path, OpenMode::create_new);
    if (!file && file.error().code == Errc::no_space) return file;
    if (!file) return poison(std::move(file.error()));
    writer_->is_directory_dirty = true;
    auto allocated = (*file)->allocate(std::max(options_.segment_size, length));
    if (!allocated && allocated.error().code == Errc::no_space) {
        allocated = (*file)->allocate(length);
    }
    if (allocated) return file;
    if (allocated.error().code != Errc::no_space) return poison(std::move(allocated.error()));
    if (auto removed = files_.remove(path); !removed) return poison(std::move(removed.error()));
    return std::unexpected(std::move(allocated.error()));
}

// A full disk is no failed disk: what was half written is cut off again, and the set goes on.
Result<void> PackSet::write(std::span<const std::string_view> pieces, std::uint64_t end) {
    auto& writer = *writer_;
    writer.is_dirty = true;
    auto written = writer.file->write_at(writer.end, pieces);
    if (written) {
        writer.end = end;
        return {};
    }
    if (written.error().code != Errc::no_space) return poison(std::move(written.error()));
    if (auto cut = writer.file->truncate(writer.end); !cut) return poison(std::move(cut.error()));
    return written;
}

Result<void> PackSet::sync() {
    if (auto usable = check_usable(); !usable) return usable;
    auto& writer = *writer_;
    for (const auto& file : writer.finished) {
        if (auto synced = file->sync_data(); !synced) return poison(std::move(synced.error()));
    }
    writer.finished.clear();
    if (writer.is_dirty) {
        if (auto synced = writer.file->sync_data(); !synced)
            return poison(std::move(synced.error()));
        writer.is_dirty = false;
    }
    if (writer.is_directory_dirty) {
        auto synced = files_.sync_directory(readers_->directory());
        if (!synced) return poison(std::move(synced.error()));
        writer.is_directory_dirty = false;
    }
    return {};
}

Result<void> PackSet::read_body(const Location& location, std::uint64_t offset,
                                std::span<char> out) const {
    if (offset > location.body_length || out.size() > location.body_length - offset) {
        return fail(Errc::invalid_argument, "beyond the body");
    }
    auto segment = segment_of(location.pack);
    if (!segment) return std::unexpected(std::move(segment.error()));
    auto count = (*segment)->file->read_at(location.body_offset() + offset, out);
    if (!count) return std::unexpected(std::move(count.error()));
    if (*count < out.size()) return fail(Errc::corrupt, "the segment ends inside a body");
    return {};
}

Result<void> PackSet::verify_header(const Location& location) const {
    auto segment = segment_of(location.pack);
    if (!segment) return std::unexpected(std::move(segment.error()));
    return verify_record_header(*(*segment)->file, (*segment)->header.salt, location);
}

Result<void> PackSet::verify(const Location& location) const {
    auto segment = segment_of(location.pack);
    if (!segment) return std::unexpected(std::move(segment.error()));
    return verify_record(*(*segment)->file, (*segment)->header.salt, location);
}

Result<Record> PackSet::read_verified(const Location& location) const {
    auto segment = segment_of(location.pack);
    if (!segment) return std::unexpected(std::move(segment.error()));
    return read_record(*(*segment)->file, (*segment)->header.salt, location);
}

Result<ScanReport> PackSet::scan(PackNumber number, const VisitRecord& visit) const {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable.error()));
    auto file = files_.open(readers_->path_of(number), OpenMode::read_only);
    if (!file) return std::unexpected(std::move(file.error()));
    return scan_segment(**file, number, visit);
}

Result<std::vector<Segment>> PackSet::segments() const {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable.error()));
    auto numbers = list_segments(files_, readers_->directory());
    if (!numbers) return std::unexpected(std::move(numbers.error()));
    std::vector<Segment> segments;
    for (const auto number : *numbers) {
        auto file = files_.open(readers_->path_of(number), OpenMode::read_only);
        if (!file) return std::unexpected(std::move(file.error()));
        auto size = (*file)->size();
        if (!size) return std::unexpected(std::move(size.error()));
        segments.push_back({number, *size});
    }
    return segments;
}

Result<void> PackSet::remove_segment(PackNumber number) {
    if (auto usable = check_usable(); !usable) return usable;
    if (number == current()) return fail(Errc::conflict, "the segment is being written");
    readers_->forget(number);
    if (auto removed = files_.remove(readers_->path_of(number)); !removed) return removed;
    auto synced = files_.sync_directory(readers_->directory());
    if (!synced) return poison(std::move(synced.error()));
    return {};
}

Result<std::shared_ptr<const OpenSegment>> PackSet::segment_of(PackNumber number) const {
    if (auto usable = check_usable(); !usable) return std::unexpected(std::move(usable.error()));
    return readers_->get(number);
}

std::unexpected<Error> PackSet::poison(Error error) {
    is_poisoned_.store(true, std::memory_order_release);
    return fail(Errc::io, std::move(error.internal));
}

Result<void> PackSet::check_usable() const {
    if (is_poisoned()) return fail(Errc::io, "packs: a write or sync failed before");
    return {};
}

} // namespace maild::store
