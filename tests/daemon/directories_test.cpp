#include "daemon/account.hpp"
#include "daemon/directories.hpp"
#include "support/temp_dir.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

struct stat facts_of(const std::string& path) {
    struct stat facts{};
    ::lstat(path.c_str(), &facts);
    return facts;
}

class DirectoriesTest : public testing::Test {
protected:
    DirectoryWish wish(const std::string& name, mode_t mode = 0700) {
        return {dir_ / name, mode, ::geteuid(), ::getegid()};
    }
    test::TempDir dir_;
};

TEST_F(DirectoriesTest, MadeWithExactlyTheMode) {
    const mode_t before = ::umask(0);
    EXPECT_TRUE(make_directory(wish("a", 0711)));
    ::umask(before);
    EXPECT_EQ(facts_of(dir_ / "a").st_mode & 07777, 0711u);
}

TEST_F(DirectoriesTest, TighterModeIsSetOnAnOldOne) {
    std::filesystem::create_directory(dir_ / "a");
    ::chmod((dir_ / "a").c_str(), 0777);
    EXPECT_TRUE(make_directory(wish("a")));
    EXPECT_EQ(facts_of(dir_ / "a").st_mode & 07777, 0700u);
}

TEST_F(DirectoriesTest, FollowsNoSymbolicLinkAndTakesNoFile) {
    std::filesystem::create_directory(dir_ / "elsewhere");
    ::chmod((dir_ / "elsewhere").c_str(), 0755);
    std::filesystem::create_symlink(dir_ / "elsewhere", dir_ / "a");
    EXPECT_FALSE(make_directory(wish("a")));
    EXPECT_EQ(facts_of(dir_ / "elsewhere").st_mode & 07777, 0755u);
    std::filesystem::create_symlink(dir_ / "absent", dir_ / "b");
    EXPECT_FALSE(make_directory(wish("b")));
}

TEST_F(DirectoriesTest, OwnerOfEachRole) {
    const auto nobody = find_account("nobody");
    if (::geteuid() != 0 || !nobody) GTEST_SKIP() << "only root gives directories away";
    auto given = wish("a");
    given.uid = nobody->uid;
    given.gid = nobody->gid;
    EXPECT_TRUE(make_directory(given));
    EXPECT_EQ(facts_of(dir_ / "a").st_uid, nobody->uid);
    EXPECT_TRUE(make_directory(given)); // again
    const auto refused = make_directory(wish("a"));
    ASSERT_FALSE(refused); // it is nobody's now, and not ours to take
    EXPECT_NE(refused.error().internal.find("belongs to nobody"), std::string::npos);
}

TEST_F(DirectoriesTest, AllThatTheDaemonNeeds) {
    Config config;
    config.paths = {dir_ / "data", dir_ / "run"};
    ASSERT_TRUE(make_directories(config, false));
    for (const auto& path : {config.paths.directory(), config.paths.tls(), config.paths.shards(),
                             config.paths.traces()}) {
        EXPECT_EQ(facts_of(path).st_mode & 07777, 0700u) << path;
    }
    EXPECT_EQ(facts_of(config.paths.data).st_mode & 07777, 0711u);
    EXPECT_EQ(facts_of(config.paths.run).st_mode & 07777, 0755u);
}

} // namespace
} // namespace maild::daemon
