#include "maild/ipc/blob.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <utility>

namespace maild::ipc {
namespace {

constexpr int kSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
constexpr std::size_t kTaken = 1024 * 1024; // octets that are there twice for a moment

Result<UniqueFd> make_memfd() {
    UniqueFd fd(::memfd_create("maild-message", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd) return fail_errno("memfd_create");
    return fd;
}

Result<void> write_all(int fd, std::string_view bytes) {
    while (!bytes.empty()) {
        const auto count = ::write(fd, bytes.data(), bytes.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fail_errno("write memfd");
        bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return {};
}

// Whole pages alone; they read as zeros from now on. A kernel that refuses keeps them a little
// longer, that is all.
void give_back(std::span<char> octets) {
    static const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    const auto begin = reinterpret_cast<std::uintptr_t>(octets.data());
    const auto first = (begin + page - 1) / page * page;
    const auto last = (begin + octets.size()) / page * page;
    if (first >= last) return;
    const auto result = ::madvise(octets.data() + (first - begin), last - first, MADV_DONTNEED);
    static_cast<void>(result);
}

Result<Blob> seal(UniqueFd memfd, std::uint64_t size) {
    if (::fcntl(memfd.get(), F_ADD_SEALS, kSeals) != 0) return fail_errno("F_ADD_SEALS");
    return Blob::adopt(std::move(memfd), size);
}

} // namespace

class Blob::Body {
public:
    explicit Body(std::string bytes) : bytes_(std::move(bytes)) {}
    Body(UniqueFd fd, const char* mapping, std::size_t size)
        : fd_(std::move(fd)), mapping_(mapping), size_(size) {}
    Body(const Body&) = delete;
    Body& operator=(const Body&) = delete;
    ~Body() {
        if (mapping_ != nullptr) ::munmap(const_cast<char*>(mapping_), size_);
    }

    std::string_view view() const {
        return mapping_ != nullptr ? std::string_view(mapping_, size_) : std::string_view(bytes_);
    }
    int descriptor() const { return fd_.get(); }

private:
    std::string bytes_;
    UniqueFd fd_;
    const char* mapping_ = nullptr;
    std::size_t size_ = 0;
};

Result<Blob> Blob::create(std::string bytes) {
    if (bytes.empty()) return Blob();
    if (bytes.size() <= kMaxInline) return Blob(std::make_shared<const Body>(std::move(bytes)));
    return copy(bytes);
}

Result<Blob> Blob::copy(std::string_view bytes) {
    if (bytes.size() <= kMaxInline) return create(std::string(bytes));
    auto memfd = make_memfd();
    if (!memfd) return std::unexpected(memfd.error());
    const auto written = write_all(memfd->get(), bytes);
    if (!written) return std::unexpected(written.error());
    return seal(std::move(*memfd), bytes.size());
}

Result<Blob> Blob::take(std::span<char> octets) {
    if (octets.size() <= kMaxInline) return create(std::string(octets.data(), octets.size()));
    auto memfd = make_memfd();
    if (!memfd) return std::unexpected(memfd.error());
    const auto size = octets.size();
    while (!octets.empty()) {
        const auto piece = octets.first(std::min(octets.size(), kTaken));
        const auto written = write_all(memfd->get(), {piece.data(), piece.size()});
        if (!written) return std::unexpected(written.error());
        give_back(piece);
        octets = octets.subspan(piece.size());
    }
    return seal(std::move(*memfd), size);
}

Result<Blob> Blob::adopt(UniqueFd memfd, std::uint64_t limit) {
    // Only a memfd has seals at all; with all four nobody can write, cut or lengthen it any more,
    // the sender included.
    const int seals = ::fcntl(memfd.get(), F_GET_SEALS);
    if (seals < 0 || (seals & kSeals) != kSeals)
        return fail(Errc::protocol_error, "blob: descriptor is not sealed");
    // Not fstat(2): glibc makes it newfstatat(2), which a worker's sandbox forbids for it takes a
    // path.
    const auto end = ::lseek(memfd.get(), 0, SEEK_END);
    if (end < 0) return fail_errno("lseek memfd");
    const auto size = static_cast<std::uint64_t>(end);
    if (size > limit) return fail(Errc::protocol_error, "blob: too large");
    if (size == 0) return Blob();
    auto* mapping = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, memfd.get(), 0);
    if (mapping == MAP_FAILED) return fail_errno("mmap memfd");
    return Blob(
        std::make_shared<const Body>(std::move(memfd), static_cast<const char*>(mapping), size));
}

std::string_view Blob::view() const { return body_ ? body_->view() : std::string_view(); }
int Blob::descriptor() const { return body_ ? body_->descriptor() : -1; }

Result<void> BlobWriter::append(std::string_view bytes) {
    if (pending_.size() + bytes.size() > Blob::kMaxInline) {
        const auto spilled = spill();
        if (!spilled) return spilled;
    }
    if (bytes.size() <= Blob::kMaxInline) {
        pending_ += bytes;
        return {};
    }
    const auto written = write_all(memfd_.get(), bytes);
    if (written) written_ += bytes.size();
    return written;
}

Result<void> BlobWriter::spill() {
    if (!memfd_) {
        auto memfd = make_memfd();
        if (!memfd) return std::unexpected(memfd.error());
        memfd_ = std::move(*memfd);
    }
    const auto written = write_all(memfd_.get(), pending_);
    if (!written) return written;
    written_ += pending_.size();
    pending_.clear();
    return {};
}

Result<Blob> BlobWriter::finish() {
    if (!memfd_) return Blob::create(std::exchange(pending_, {}));
    const auto spilled = spill();
    if (!spilled) return std::unexpected(spilled.error());
    auto memfd = std::exchange(memfd_, UniqueFd());
    const auto size = std::exchange(written_, 0);
    std::string().swap(pending_);
    return seal(std::move(memfd), size);
}

} // namespace maild::ipc
