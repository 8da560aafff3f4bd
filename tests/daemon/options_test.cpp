#include "daemon/options.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace maild::daemon {
namespace {

std::expected<Options, std::string> parse(std::vector<const char*> arguments) {
    return parse_options(arguments);
}

TEST(Options, EveryOne) {
    const auto got = parse({"--config", "a.toml", "--check", "--foreground"});
    ASSERT_TRUE(got);
    EXPECT_EQ(got->config, "a.toml");
    EXPECT_TRUE(got->check);
    EXPECT_TRUE(got->foreground);
    EXPECT_EQ(parse({"--config=b.toml"})->config, "b.toml");
    EXPECT_EQ(parse({"--rebuild-shard", "3"})->rebuild, "3");
    EXPECT_FALSE(parse({"--rebuild-shard"})) << "which?";
    EXPECT_TRUE(parse({"--version"})->version);
    EXPECT_TRUE(parse({"--help"})->help);
    EXPECT_TRUE(parse({"-h"})->help);
    EXPECT_FALSE(parse({})->check);
}

TEST(Options, Role) {
    const auto got = parse({"--role", "worker", "--index", "12"});
    ASSERT_TRUE(got && got->role);
    EXPECT_EQ(got->role->role, Role::worker);
    EXPECT_EQ(got->role->index, 12u);
}

TEST(Options, PickupIsReadAsItIsWritten) {
    const PickupOption option{.maildrop = "/d",
                              .socket = "/s",
                              .most_octets = 123,
                              .log = {LogSettings::Target::syslog, LogLevel::warning}};
    const auto words = format_pickup(option);
    std::vector<const char*> arguments;
    for (const auto& word : words) arguments.push_back(word.c_str());
    const auto got = parse(arguments);
    ASSERT_TRUE(got && got->pickup);
    EXPECT_EQ(got->pickup->maildrop, "/d");
    EXPECT_EQ(got->pickup->socket, "/s");
    EXPECT_EQ(got->pickup->most_octets, 123U);
    EXPECT_EQ(got->pickup->log.target, LogSettings::Target::syslog);
    EXPECT_EQ(got->pickup->log.level, LogLevel::warning);
    EXPECT_FALSE(parse({"--pickup", "/d", "/s", "1", "3", "0"})) << "no such log";
    EXPECT_FALSE(parse({"--pickup"}));
}

TEST(Options, FaultsNameTheArgument) {
    const struct {
        std::vector<const char*> arguments;
        const char* want;
    } cases[] = {{{"--chek"}, "--chek"},
                 {{"maild.toml"}, "maild.toml"},
                 {{"--config"}, "needs a file"},
                 {{"--role"}, "own use"},
                 {{"--role", "root", "--index", "0"}, "own use"},
                 {{"--role", "store", "--index", "1x"}, "own use"},
                 {{"--role", "store", "--index", "0", "--check"}, "own use"}};
    for (const auto& [arguments, want] : cases) {
        const auto got = parse(arguments);
        ASSERT_FALSE(got) << want;
        EXPECT_NE(got.error().find(want), std::string::npos) << got.error();
    }
}

} // namespace
} // namespace maild::daemon
