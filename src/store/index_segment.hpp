#pragma once
// A segment of the search index: what is known of the contents of one range of ids, immutable. A
// content of the range that is not in it was gone when the segment was made. In memory while it is
// small; then a file, `<first>-<last>.fts` with 19 digits each:
//    0  8  magic "maildfts"
//    8  4  format version, 2
//   12  4  how texts were made of the mail (mail::searched_text_version()): another than today's
//          makes the file one of no use
//   16     blocks (index_block.hpp), one behind the other
//          the directory, for each block: first id (8), last id (8), offset (8), length (4),
//          number of entries (4)
//  -48  8  magic "ftsend\r\n"
//       8  first id of the range, 8 last id, 8 offset of the directory
//       4  number of blocks, 4 CRC of the directory, 4 zero, 4 CRC of the 44 octets before
// The end is read when the file is opened, and so a file that is torn is noticed; a block whenever
// a search needs it. Memory: 40 octets for each block of about 32 KiB. Safe from several threads.

#include "store/index_block.hpp"

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace maild::store {

struct IndexRange { // of content ids, inclusive
    std::int64_t first = 1;
    std::int64_t last = 0;

    std::int64_t size() const { return last - first + 1; }
    bool is_empty() const { return last < first; }
    bool contains(std::int64_t id) const { return first <= id && id <= last; }
    friend bool operator==(const IndexRange&, const IndexRange&) = default;
};
std::string segment_file_name(const IndexRange& range);

struct BlockPlace {
    std::int64_t first = 0; // id of the first entry
    std::int64_t last = 0;
    std::uint64_t offset = 0;
    std::uint32_t length = 0;
    std::uint32_t entries = 0;
};

class IndexSegment {
public:
    // corrupt: it is torn or damaged, or no segment.
    static Result<std::shared_ptr<IndexSegment>> open(FileSystem& files, std::string path);
    // In memory; `bytes` are the blocks.
    IndexSegment(IndexRange range, std::vector<BlockPlace> blocks, std::string bytes);

    const IndexRange& range() const { return range_; }
    std::span<const BlockPlace> blocks() const { return blocks_; }
    std::uint64_t entries() const;
    std::uint64_t bytes() const; // of the blocks
    bool is_file() const { return file_ != nullptr; }
    const std::string& path() const { return path_; } // of a file

    // The entries of one block, verified; views into `buffer` or into the segment.
    Result<std::vector<IndexEntry>> read(std::size_t block, std::string& buffer) const;

    // A block is believed when its entries were compared with the contents that have these ids
    // now (IndexEntry::check): a meta.db that was made anew or brought back gives ids to others.
    bool is_believed(std::size_t block) const {
        return believed_[block].load(std::memory_order_relaxed);
    }
    void believe(std::size_t block) const {
        believed_[block].store(true, std::memory_order_relaxed);
    }
    void believe_all() const;

private:
    IndexSegment(IndexRange range, std::vector<BlockPlace> blocks, std::unique_ptr<File> file,
                 std::string path);

    IndexRange range_;
    std::vector<BlockPlace> blocks_;
    std::string bytes_;
    std::unique_ptr<File> file_;
    std::string path_;
    mutable std::vector<std::atomic<bool>> believed_; // by block
};

// Makes a segment from entries whose ids ascend.
class SegmentBuilder {
public:
    // `file`: new and empty, gets the blocks as they are made; without one all stays in memory.
    explicit SegmentBuilder(IndexRange range, File* file = nullptr) : range_(range), file_(file) {}

    Result<void> add(const IndexEntry& entry);
    Result<std::shared_ptr<IndexSegment>> finish(); // without a file; all its blocks are believed
    Result<void> finish_file();                     // not synced

private:
    Result<void> end_block();
    Result<void> write_out();

    IndexRange range_;
    File* file_;
    BlockBuilder block_;
    std::vector<BlockPlace> blocks_;
    std::string bytes_;         // not written yet, or all of it
    std::uint64_t written_ = 0; // octets of the file
    std::uint64_t end_ = 0;     // of the last block: an offset
};

} // namespace maild::store
