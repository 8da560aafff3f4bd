#pragma once
// Files as the store sees them, behind an interface, so that a double can keep only what was
// synced, tear writes and fail the n-th call. Offsets and sizes are bytes. Calls are complete: a
// short read only at the end of the file, a short write never. After a failed sync the file must
// not be used again (DESIGN: failure), and nothing retries. What would change a file system that is
// read-only, opening for writing included, is not_permitted. Thread safety: reads of one File from
// several threads at once; writes and sync by one thread.

#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild {

class File {
public:
    virtual ~File() = default;
    // As many bytes as there are at `offset`, at most out.size().
    virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const = 0;
    // All pieces, one behind the other, from `offset`.
    virtual Result<void> write_at(std::uint64_t offset,
                                  std::span<const std::string_view> pieces) = 0;
    virtual Result<void> sync_data() = 0; // fdatasync(2)
    virtual Result<void> truncate(std::uint64_t size) = 0;
    // fallocate(2) up to `size`, the size is kept.
    virtual Result<void> allocate(std::uint64_t size) = 0;
    virtual Result<std::uint64_t> size() const = 0;
    // POSIX_FADV_DONTNEED: what is read next comes from the disk.
    virtual void drop_cache() const = 0;
};

enum class OpenMode : std::uint8_t { read_only, read_write, create_new };

class FileSystem {
public:
    virtual ~FileSystem() = default;
    virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;
    // Names, sorted.
    virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
    // Mode 0700; existing is success.
    virtual Result<void> make_directory(const std::string& path) = 0;
    virtual Result<void> remove(const std::string& path) = 0;
    virtual Result<void> rename(const std::string& from, const std::string& to) = 0;
    virtual Result<void> sync_directory(const std::string& path) = 0;
    virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
};

// The real one. Never follows a symbolic link in the last component; files are created with mode
// 0600.
class PosixFileSystem final : public FileSystem {
public:
    Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
    Result<std::vector<std::string>> list(const std::string& directory) override;
    Result<void> make_directory(const std::string& path) override;
    Result<void> remove(const std::string& path) override;
    Result<void> rename(const std::string& from, const std::string& to) override;
    Result<void> sync_directory(const std::string& path) override;
    Result<std::uint64_t> free_bytes(const std::string& path) override;
};

} // namespace maild
