#pragma once
// The packs of one shard: every message body, in append-only segments DIR/<number>.pk of about 64
// MiB.
//
// Writing: append() then sync(), by one thread. When sync() has returned, everything appended
// before is on stable storage, its segment's name included; only then may a row refer to it.
// Reading: any thread at any time, also while another appends. A Location comes from append() or a
// scan.
//
// Recovery: an existing segment is never written to again. The first append after open() begins a
// new one, with a number above every file there and every number that was promised
// (Options::next_number). So bytes that a committed row refers to cannot be overwritten, and
// whatever a crash left behind the last synced record stays behind it: a scan takes the whole
// records there (they are complete, but nobody was told so) and stops at the torn tail.
//
// Failure: after a failed write or sync the set is poisoned, and every call fails with io for ever:
// a later fsync that succeeds proves nothing (Linux marks the pages clean). Exit and open anew:
// open() drops the page cache of every segment first, so reads see the disk. A full disk (no_space)
// is found before anything is written or taken back whole: it does not poison, unless a sync
// reports it.

#include "store/pack_record.hpp"
#include "store/pack_scan.hpp"

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace maild::store {

class PackFiles;
struct OpenSegment;

struct PackOptions {
    // A batch that does not fit into the rest begins a new segment.
    std::uint64_t segment_size = 64U << 20U;
    PackNumber next_number{1};   // above every number ever used, as far as the caller knows
    std::size_t open_files = 64; // descriptors kept open for reading
    bool is_read_only = false;   // nothing is appended, and nothing tidied up
};

struct Segment {
    PackNumber number;
    std::uint64_t size = 0; // bytes
};

class PackSet {
public:
    // `directory` exists. Borrows files and random, which outlive it.
    static Result<std::unique_ptr<PackSet>>
    open(FileSystem& files, Random& random, std::string directory, const PackOptions& options = {});
    ~PackSet();

    // All of them into one segment with one write, or none. Not durable yet. An empty batch writes
    // nothing. too_large: a record above kMaxMetadataLength or kMaxBodyLength. no_space: nothing
    // was appended.
    Result<std::vector<Location>> append(std::span<const RecordView> records);
    // One fdatasync for all that was appended since the last (two when a segment was finished in
    // between), and one of the directory when a segment was created. Nothing to do is success.
    Result<void> sync();
    bool is_poisoned() const { return is_poisoned_.load(std::memory_order_acquire); }

    // Bytes of the body from `offset`, exactly out.size() of them, not verified. invalid_argument
    // beyond the body; corrupt where the file ends before; not_found when the segment is gone.
    Result<void> read_body(const Location& location, std::uint64_t offset,
                           std::span<char> out) const;
    // Only that a record with these lengths begins there and that the segment has room for it.
    Result<void> verify_header(const Location& location) const;
    // Checks the header, the metadata and the whole body against their checksums, in pieces of
    // bounded size. corrupt.
    Result<void> verify(const Location& location) const;
    // The whole record, verified. A RecordReader is for many.
    Result<Record> read_verified(const Location& location) const;

    // Every whole record of a segment in order, verified; the metadata is valid during the call.
    // `visit` returns an error to stop the scan with it. Time is linear in the size, memory
    // bounded. corrupt: no segment header, which is rot, or a crash before the first sync of that
    // segment, when no row referred to it yet.
    Result<ScanReport> scan(PackNumber number, const VisitRecord& visit) const;

    Result<std::vector<Segment>> segments() const; // by number, the one being written included
    // The segment that new records go to; zero when none was begun yet.
    PackNumber current() const { return PackNumber(current_.load(std::memory_order_acquire)); }
    // Deletes a segment for good and syncs the directory; by the writer's thread. Readers that are
    // in it finish. conflict: it is the current one.
    Result<void> remove_segment(PackNumber number);

private:
    friend class RecordReader;
    struct Writer;
    PackSet(FileSystem& files, Random& random, std::string directory, const PackOptions& options);
    Result<void> recover();
    Result<void> make_room(std::uint64_t length);
    Result<void> begin_segment(std::uint64_t length);
    Result<std::unique_ptr<File>> create_segment(PackNumber number, std::uint64_t length);
    Result<void> write(std::span<const std::string_view> pieces, std::uint64_t end);
    Result<std::shared_ptr<const OpenSegment>> segment_of(PackNumber number) const;
    std::unexpected<Error> poison(Error error);
    Result<void> check_usable() const;

    FileSystem& files_;
    Random& random_;
    PackOptions options_;
    std::unique_ptr<Writer> writer_;
    std::unique_ptr<PackFiles> readers_;
    std::atomic<std::uint32_t> current_{0};
    std::atomic<bool> is_poisoned_{false};
};

} // namespace maild::store
