#include "support/temp_dir.hpp"

#include "maild/base/file.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

namespace maild {
namespace {

TEST(PosixFile, WritesPiecesAndReadsThemBack) {
    const test::TempDir dir;
    PosixFileSystem files;
    auto file = files.open(dir / "f", OpenMode::create_new);
    ASSERT_TRUE(file);
    const std::string_view pieces[] = {"abc", "", "defg"};
    ASSERT_TRUE((*file)->write_at(2, pieces));
    ASSERT_TRUE((*file)->sync_data());
    std::string out(16, '?');
    EXPECT_EQ((*file)->read_at(2, out), 7U);
    EXPECT_EQ(out.substr(0, 7), "abcdefg");
    EXPECT_EQ((*file)->read_at(100, out), 0U);
    EXPECT_EQ((*file)->size(), 9U);
}

TEST(PosixFile, WritesMorePiecesThanOneCallTakes) {
    const test::TempDir dir;
    PosixFileSystem files;
    auto file = files.open(dir / "f", OpenMode::create_new);
    ASSERT_TRUE(file);
    const std::vector<std::string_view> pieces(5000, "xy");
    ASSERT_TRUE((*file)->write_at(0, pieces));
    EXPECT_EQ((*file)->size(), 10'000U);
}

TEST(PosixFileSystem, NeverFollowsALinkNorOverwrites) {
    const test::TempDir dir;
    PosixFileSystem files;
    std::filesystem::create_symlink("/etc/passwd", dir / "link");
    EXPECT_FALSE(files.open(dir / "link", OpenMode::read_only));
    ASSERT_TRUE(files.open(dir / "f", OpenMode::create_new));
    EXPECT_EQ(files.open(dir / "f", OpenMode::create_new).error().code, Errc::already_exists);
    EXPECT_EQ(files.open(dir / "none", OpenMode::read_only).error().code, Errc::not_found);
    EXPECT_EQ(files.list(dir / "none").error().code, Errc::not_found);
    EXPECT_EQ(files.rename(dir / "none", dir / "other").error().code, Errc::not_found);
}

TEST(FailErrno, TellsAFullAndAReadOnlyDiskFromABrokenOne) {
    EXPECT_EQ(fail_errno("x", ENOSPC).error().code, Errc::no_space);
    EXPECT_EQ(fail_errno("x", EROFS).error().code, Errc::not_permitted);
    EXPECT_EQ(fail_errno("x", EIO).error().code, Errc::io);
}

} // namespace
} // namespace maild
