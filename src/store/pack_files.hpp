#pragma once
// The segment files of one directory: their names, and the descriptors that reading keeps open.
// Safe from several threads.

#include "store/pack_record.hpp"

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

std::string segment_name(PackNumber number); // "0000000007.pk": names sort as numbers do
std::optional<PackNumber> parse_segment_name(std::string_view name);

// The segments in a directory, in order. Other names are not looked at.
Result<std::vector<PackNumber>> list_segments(FileSystem& files, const std::string& directory);

struct OpenSegment {
    std::unique_ptr<File> file;
    SegmentHeader header;
};

class PackFiles {
public:
    PackFiles(FileSystem& files, std::string directory, std::size_t limit)
        : files_(files), directory_(std::move(directory)), limit_(limit) {}

    // Opened for reading, its header checked. Stays open for its holders when it is dropped here,
    // because it was the one not used for the longest time, or by forget(). not_found, corrupt.
    Result<std::shared_ptr<const OpenSegment>> get(PackNumber number);
    void forget(PackNumber number);

    std::string path_of(PackNumber number) const { return directory_ + "/" + segment_name(number); }
    const std::string& directory() const { return directory_; }

private:
    struct Entry {
        std::shared_ptr<const OpenSegment> segment;
        std::uint64_t used = 0; // when, by the counter below
    };
    Result<std::shared_ptr<const OpenSegment>> open(PackNumber number) const;
    void drop_oldest();

    FileSystem& files_;
    std::string directory_;
    std::size_t limit_;
    std::mutex mutex_;
    std::map<PackNumber, Entry> entries_;
    std::uint64_t uses_ = 0;
};

} // namespace maild::store
