#include "maild/base/file.hpp"

#include "maild/base/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

namespace maild {
namespace {

class PosixFile final : public File {
public:
    PosixFile(UniqueFd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}

    Result<std::size_t> read_at(std::uint64_t offset, std::span<char> out) const override {
        std::size_t done = 0;
        while (done < out.size()) {
            const auto count = ::pread(fd_.get(), out.data() + done, out.size() - done,
                                       static_cast<off_t>(offset + done));
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) return fail_errno("pread " + path_);
            if (count == 0) break;
            done += static_cast<std::size_t>(count);
        }
        return done;
    }

    Result<void> write_at(std::uint64_t offset, std::span<const std::string_view> pieces) override {
        std::vector<iovec> vectors;
        vectors.reserve(pieces.size());
        for (const auto piece : pieces) {
            if (!piece.empty()) vectors.push_back({const_cast<char*>(piece.data()), piece.size()});
        }
        std::size_t next = 0;
        while (next < vectors.size()) {
            const auto count = std::min<std::size_t>(vectors.size() - next, IOV_MAX);
            const auto written = ::pwritev(fd_.get(), vectors.data() + next,
                                           static_cast<int>(count), static_cast<off_t>(offset));
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) return fail_errno("pwritev " + path_);
            offset += static_cast<std::uint64_t>(written);
            next = skip(vectors, next, static_cast<std::size_t>(written));
        }
        return {};
    }

    Result<void> sync_data() override {
        if (::fdatasync(fd_.get()) != 0) return fail_errno("fdatasync " + path_);
        return {};
    }

    Result<void> truncate(std::uint64_t size) override {
        if (::ftruncate(fd_.get(), static_cast<off_t>(size)) != 0)
            return fail_errno("ftruncate " + path_);
        return {};
    }

    Result<void> allocate(std::uint64_t size) override {
        if (::fallocate(fd_.get(), FALLOC_FL_KEEP_SIZE, 0, static_cast<off_t>(size)) == 0)
            return {};
        if (errno == EOPNOTSUPP)
            return {}; // the file system has no such call: an optimisation is lost, no more
        return fail_errno("fallocate " + path_);
    }

    Result<std::uint64_t> size() const override {
        struct stat status{};
        if (::fstat(fd_.get(), &status) != 0) return fail_errno("fstat " + path_);
        return static_cast<std::uint64_t>(status.st_size);
    }

    void drop_cache() const override { ::posix_fadvise(fd_.get(), 0, 0, POSIX_FADV_DONTNEED); }

private:
    // The first vector that still has bytes after `written` more were taken; it is shortened.
    static std::size_t skip(std::vector<iovec>& vectors, std::size_t next, std::size_t written) {
        while (next < vectors.size() && written >= vectors[next].iov_len) {
            written -= vectors[next].iov_len;
            ++next;
        }
        if (next < vectors.size()) {
            vectors[next].iov_base = static_cast<char*>(vectors[next].iov_base) + written;
            vectors[next].iov_len -= written;
        }
        return next;
    }

    UniqueFd fd_;
    std::string path_;
};

int flags_of(OpenMode mode) {
    switch (mode) {
    case OpenMode::read_only: return O_RDONLY;
    case OpenMode::read_write: return O_RDWR;
    case OpenMode::create_new: return O_RDWR | O_CREAT | O_EXCL;
    }
    return O_RDONLY;
}

} // namespace

Result<std::unique_ptr<File>> PosixFileSystem::open(const std::string& path, OpenMode mode) {
    UniqueFd fd(::open(path.c_str(), flags_of(mode) | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (fd) return std::make_unique<PosixFile>(std::move(fd), path);
    const int error_number = errno;
    if (error_number == ENOENT) return fail(Errc::not_found, "open " + path);
    if (error_number == EEXIST) return fail(Errc::already_exists, "open " + path);
    return fail_errno("open " + path, error_number);
}

Result<std::vector<std::string>> PosixFileSystem::list(const std::string& directory) {
    DIR* stream = ::opendir(directory.c_str());
    if (stream == nullptr && errno == ENOENT) return fail(Errc::not_found, "opendir " + directory);
    if (stream == nullptr) return fail_errno("opendir " + directory);
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(stream)) {
        std::string name = entry->d_name;
        if (name != "." && name != "..") names.push_back(std::move(name));
    }
    ::closedir(stream);
    std::ranges::sort(names);
    return names;
}

Result<void> PosixFileSystem::make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
    return fail_errno("mkdir " + path);
}

Result<void> PosixFileSystem::remove(const std::string& path) {
    if (::unlink(path.c_str()) == 0) return {};
    if (errno == ENOENT) return fail(Errc::not_found, "unlink " + path);
    return fail_errno("unlink " + path);
}

Result<void> PosixFileSystem::rename(const std::string& from, const std::string& to) {
    if (::rename(from.c_str(), to.c_str()) == 0) return {};
    if (errno == ENOENT) return fail(Errc::not_found, "rename " + from);
    return fail_errno("rename " + from);
}

Result<void> PosixFileSystem::sync_directory(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) return fail_errno("open " + path);
    if (::fsync(fd.get()) != 0) return fail_errno("fsync " + path);
    return {};
}

Result<std::uint64_t> PosixFileSystem::free_bytes(const std::string& path) {
    struct statvfs status{};
    if (::statvfs(path.c_str(), &status) != 0) return fail_errno("statvfs " + path);
    return static_cast<std::uint64_t>(status.f_bavail) * status.f_frsize;
}

} // namespace maild
