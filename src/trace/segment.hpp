#pragma once
// A file of traces: "maildtrc", a format version (4 octets, 1), 4 zero octets, then blocks
// (block.hpp) one behind the other. Appended to while it is the newest, never changed afterwards,
// but for being written anew with whole blocks in place of small ones. Its name is the number of
// its first record, so that names sort as records came. Opening reads the headers of the blocks, up
// to the first that is not whole: what stands behind that, a crash has torn.
// Memory: 64 octets for each block.

#include "trace/block.hpp"

#include "maild/base/file.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maild::trace {

struct BlockPlace {
    std::uint64_t offset = 0;
    BlockHeader header;
};

class Segment {
public:
    // corrupt: it has no whole block.
    static Result<std::unique_ptr<Segment>> open(FileSystem& files, std::string path);
    // A new file whose first record will have this number.
    static Result<std::unique_ptr<Segment>> create(FileSystem& files, const std::string& directory,
                                                   std::uint64_t first);
    // After an error the file must not be appended to again.
    Result<void> append(std::string_view block);

    const std::string& path() const { return path_; }
    const std::vector<BlockPlace>& blocks() const { return blocks_; } // never empty once appended
    std::uint64_t size() const { return size_; }
    WallTime first_time() const { return blocks_.front().header.first_time; }
    WallTime last_time() const { return blocks_.back().header.last_time; }

    Result<std::vector<std::uint64_t>> read_keys(const BlockPlace& place) const;
    // Views into `buffer`.
    Result<std::vector<std::string_view>> read_records(const BlockPlace& place,
                                                       std::string& buffer) const;

    // Written in so many small pieces that a search is slow.
    bool is_scattered() const;
    // The same records in whole blocks, under the same name. Those of damaged blocks are gone.
    Result<std::unique_ptr<Segment>> rewritten(FileSystem& files) const;

private:
    Segment(std::unique_ptr<File> file, std::string path)
        : file_(std::move(file)), path_(std::move(path)) {}
    static Result<std::unique_ptr<Segment>> begin(FileSystem& files, const std::string& path);
    Result<std::string> read(std::uint64_t offset, std::size_t count) const;
    Result<void> find_blocks();

    std::unique_ptr<File> file_;
    std::string path_;
    std::vector<BlockPlace> blocks_;
    std::uint64_t size_ = 0;
};

inline constexpr std::string_view kSegmentSuffix = ".trace";
inline constexpr std::string_view kUnfinishedSuffix = ".new"; // what a crash leaves of rewritten()

} // namespace maild::trace
