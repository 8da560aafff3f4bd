// Hidden capabilities: they come with each login, by whatever password, until they are taken back.
#include "directory/world.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using test::Kind;
using Names = std::vector<std::string>;

const std::string kAda = "ada@example.org";
const std::string kBob = "bob@example.org";

class DirectoryCapabilities : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        ASSERT_TRUE(world_.run(admin().add_domain("example.org")).has_value());
        for (const auto& who : {kAda, kBob})
            ASSERT_TRUE(world_.run(admin().add_account({who, "secret", 0})).has_value());
    }
    DirectoryAdmin& admin() { return world_.admin(); }
    // "changed", "unchanged" or the error's name.
    std::string hide(const std::string& name, const std::string& whom = kAda) {
        return told(world_.run(admin().hide_capability(whom, name)));
    }
    std::string unhide(const std::string& name, const std::string& whom = kAda) {
        return told(world_.run(admin().unhide_capability(whom, name)));
    }
    Names hidden_at_login(const std::string& who = kAda) {
        const auto login =
            world_.run(world_.directory().login({{"", who, "secret"}, Service::imap, "192.0.2.1"}));
        return login ? login->hidden_capabilities : Names{"no login"};
    }
    Names list(const std::string& whom = kAda) {
        return world_.run(admin().list_hidden_capabilities(whom)).value();
    }

    test::World world_{GetParam()};

private:
    static std::string told(const Result<Changed>& result) {
        if (!result) return std::string(name_of(result.error().code));
        return result->changed ? "changed" : "unchanged";
    }
};

TEST_P(DirectoryCapabilities, ComeWithEachLoginOfTheAccountAlone) {
    EXPECT_EQ(hidden_at_login(), Names{});
    EXPECT_EQ(hide("QRESYNC"), "changed");
    EXPECT_EQ(hide("QRESYNC"), "unchanged");
    EXPECT_EQ(hide("COMPRESS=DEFLATE"), "changed");
    const Names want = {"COMPRESS=DEFLATE", "QRESYNC"};
    EXPECT_EQ(list(), want);
    EXPECT_EQ(hidden_at_login(), want); // by the cache of logins
    EXPECT_EQ(hidden_at_login(kBob), Names{});
    EXPECT_EQ(unhide("QRESYNC"), "changed");
    EXPECT_EQ(unhide("QRESYNC"), "unchanged");
    EXPECT_EQ(hidden_at_login(), Names{"COMPRESS=DEFLATE"});
}

TEST_P(DirectoryCapabilities, StayWithARenamedAccountAndEndWithADeletedOne) {
    EXPECT_EQ(hide("SORT"), "changed");
    AccountChange rename;
    rename.new_address = "lovelace@example.org";
    ASSERT_TRUE(world_.run(admin().change_account(kAda, rename)).has_value());
    EXPECT_EQ(list("lovelace@example.org"), Names{"SORT"});
    ASSERT_TRUE(world_.run(admin().remove_account("lovelace@example.org")).has_value());
    ASSERT_TRUE(world_.run(admin().add_account({kAda, "secret", 0})).has_value());
    EXPECT_EQ(list(), Names{});
}

TEST_P(DirectoryCapabilities, AreWordsOfWhichAnAccountHasAHundred) {
    EXPECT_EQ(hide(""), "invalid_argument");
    EXPECT_EQ(hide("TWO WORDS"), "invalid_argument");
    EXPECT_EQ(hide("LINE\r\n"), "invalid_argument");
    EXPECT_EQ(hide(std::string(65, 'X')), "invalid_argument");
    EXPECT_EQ(hide("SORT", "nobody@example.org"), "no_such_account");
    EXPECT_EQ(unhide("SORT", "nobody@example.org"), "no_such_account");
    for (std::size_t i = 0; i < kMaxHiddenCapabilities; ++i)
        ASSERT_EQ(hide("X" + std::to_string(i)), "changed");
    EXPECT_EQ(hide("X0"), "unchanged");
    EXPECT_EQ(hide("XX"), "limit_exceeded");
}

std::string name_of_kind(const ::testing::TestParamInfo<Kind>& kind) {
    constexpr const char* kNames[] = {"Memory", "Local", "Remote"};
    return kNames[static_cast<int>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryCapabilities,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote), name_of_kind);

TEST(LocalDirectoryCapabilities, OutliveTheProcess) {
    test::World world(Kind::local);
    ASSERT_TRUE(world.run(world.admin().add_domain("example.org")).has_value());
    ASSERT_TRUE(world.run(world.admin().add_account({kAda, "secret", 0})).has_value());
    ASSERT_TRUE(world.run(world.admin().hide_capability(kAda, "SORT")).has_value());
    world.reopen();
    EXPECT_EQ(world.run(world.admin().list_hidden_capabilities(kAda)).value(), Names{"SORT"});
}

} // namespace
} // namespace maild::directory
