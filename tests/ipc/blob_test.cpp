#include "maild/ipc/blob.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

namespace maild::ipc {
namespace {

std::string pattern(std::size_t size) {
    std::string bytes(size, '\0');
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
    return bytes;
}

TEST(Blob, KeepsItsBytesInEverySize) {
    for (const std::size_t size : {std::size_t{0}, std::size_t{1}, Blob::kMaxInline,
                                   Blob::kMaxInline + 1, std::size_t{5'000'000}}) {
        const auto bytes = pattern(size);
        const auto blob = Blob::create(bytes).value();
        EXPECT_EQ(blob.view(), bytes) << size;
        EXPECT_EQ(blob.descriptor() >= 0, size > Blob::kMaxInline) << size;
    }
}

TEST(Blob, CopiesShareTheBytes) {
    auto first = Blob::create(pattern(200'000)).value();
    const auto second = first;
    first = {};
    EXPECT_EQ(second.view(), pattern(200'000));
}

TEST(Blob, CopiesWhatStays) {
    for (const std::size_t size : {std::size_t{0}, Blob::kMaxInline, std::size_t{5'000'000}}) {
        const auto bytes = pattern(size);
        EXPECT_EQ(Blob::copy(bytes).value().view(), bytes) << size;
        EXPECT_EQ(bytes, pattern(size));
    }
}

std::uint64_t pages_of_mine() { // RssAnon: what is held by this process alone
    std::uint64_t size = 0;
    std::uint64_t resident = 0;
    std::uint64_t shared = 0;
    std::ifstream("/proc/self/statm") >> size >> resident >> shared;
    return resident - shared;
}

TEST(Blob, TakesOctetsWithoutHoldingThemTwice) {
    for (const std::size_t size : {std::size_t{1}, Blob::kMaxInline, Blob::kMaxInline + 1}) {
        auto bytes = pattern(size);
        EXPECT_EQ(Blob::take(bytes).value().view(), pattern(size)) << size;
    }
    constexpr std::size_t kLarge = 40'000'000;
    const auto want = pattern(kLarge);
    auto bytes = want;
    const auto before = pages_of_mine();
    const auto blob = Blob::take(std::span(bytes).subspan(5)).value();
    EXPECT_EQ(blob.view(), std::string_view(want).substr(5));
    EXPECT_EQ(bytes.substr(0, 5), want.substr(0, 5)) << "what was not given is untouched";
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LT(pages_of_mine() + kLarge / 4096 * 9 / 10, before) << "its pages went back";
#else
    static_cast<void>(before);
#endif
}

TEST(BlobWriter, TakesPiecesOfEverySize) {
    for (const std::size_t piece :
         {std::size_t{999}, std::size_t{65'536}, std::size_t{131'072}, std::size_t{300'000}}) {
        for (const std::size_t size : {std::size_t{0}, std::size_t{1000}, std::size_t{131'072},
                                       std::size_t{131'073}, std::size_t{1'000'000}}) {
            const auto bytes = pattern(size);
            BlobWriter writer;
            for (std::size_t at = 0; at < size; at += piece) {
                ASSERT_TRUE(writer.append(std::string_view(bytes).substr(at, piece)));
            }
            EXPECT_EQ(writer.size(), size);
            EXPECT_EQ(writer.finish().value().view(), bytes);
            EXPECT_EQ(writer.size(), 0U);
        }
    }
}

UniqueFd memfd(std::size_t size, int seals) {
    UniqueFd fd(::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(::ftruncate(fd.get(), static_cast<off_t>(size)), 0);
    if (seals != 0) {
        EXPECT_EQ(::fcntl(fd.get(), F_ADD_SEALS, seals), 0);
    }
    return fd;
}

constexpr int kAll = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// A sender who could still shrink or change the file could crash us or cheat our checks.
TEST(Blob, AdoptsOnlyWhatIsSealedAndSmallEnough) {
    EXPECT_TRUE(Blob::adopt(memfd(4096, kAll), 4096));
    EXPECT_FALSE(Blob::adopt(memfd(4097, kAll), 4096));
    EXPECT_FALSE(Blob::adopt(memfd(std::size_t{1} << 40, kAll), 1 << 20));
    for (const int missing : {F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE}) {
        const auto blob = Blob::adopt(memfd(4096, kAll & ~missing), 4096);
        ASSERT_FALSE(blob) << missing;
        EXPECT_EQ(blob.error().code, Errc::protocol_error);
    }
    EXPECT_FALSE(Blob::adopt(memfd(4096, 0), 4096));
    EXPECT_FALSE(Blob::adopt(UniqueFd(), 4096));
    EXPECT_FALSE(Blob::adopt(UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), 4096));
    int pipe[2];
    ASSERT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
    const UniqueFd writing_end(pipe[1]);
    EXPECT_FALSE(Blob::adopt(UniqueFd(pipe[0]), 4096));
    EXPECT_TRUE(Blob::adopt(memfd(0, kAll), 4096).value().empty());
}

} // namespace
} // namespace maild::ipc
