#include "control/command_line.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <vector>

namespace maild::control {
namespace {

Result<Invocation, std::string> parse(std::vector<std::string_view> words) {
    return parse_command_line(words);
}

TEST(CommandLine, FindsTheLongestCommand) {
    const auto got = parse({"domain", "alias", "add", "example.com", "example.org"});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->command->name, "domain alias add");
    EXPECT_EQ(boost::json::serialize(got->arguments),
              R"({"alias":"example.com","domain":"example.org"})");
}

TEST(CommandLine, TakesOptionsAnywhere) {
    const auto got = parse(
        {"--json", "account", "add", "--quota=2G", "a@b.example", "--generate", "--socket", "/s"});
    ASSERT_TRUE(got) << got.error();
    EXPECT_TRUE(got->globals.json);
    EXPECT_EQ(got->globals.socket, "/s");
    EXPECT_EQ(boost::json::serialize(got->arguments),
              R"({"generate":true,"quota":"2G","address":"a@b.example"})");
}

TEST(CommandLine, CollectsManyAndLeavesOutTheOptional) {
    const auto many = parse({"alias", "add", "s@e.example", "a@e.example", "b@e.example"});
    ASSERT_TRUE(many);
    EXPECT_EQ(boost::json::serialize(many->arguments),
              R"({"pattern":"s@e.example","target":["a@e.example","b@e.example"]})");
    const auto none = parse({"account", "list"});
    ASSERT_TRUE(none);
    EXPECT_TRUE(none->arguments.empty());
}

TEST(CommandLine, WordsBehindTwoDashesAreNoOptions) {
    const auto got = parse({"address", "resolve", "--", "--json@example.org"});
    ASSERT_TRUE(got) << got.error();
    EXPECT_EQ(got->arguments.at("address").as_string(), "--json@example.org");
    EXPECT_FALSE(got->globals.json);
}

TEST(CommandLine, FollowsByALetter) {
    for (const auto* word : {"-f", "--follow"}) {
        const auto got = parse({"log", word, "--level", "error"});
        ASSERT_TRUE(got) << got.error();
        EXPECT_TRUE(got->arguments.contains("follow"));
    }
    EXPECT_FALSE(parse({"domain", "list", "a.example", "-f"})) << "which has nothing to follow";
    EXPECT_EQ(parse({"address", "resolve", "--", "-f"})->arguments.at("address").as_string(), "-f");
}

TEST(CommandLine, RefusesWithASentence) {
    const std::pair<std::vector<std::string_view>, std::string_view> cases[] = {
        {{}, "which command?"},
        {{"frobnicate"}, "no command 'frobnicate'"},
        {{"domain"}, "there are: domain add"},
        {{"domain", "grow"}, "there are: domain add"},
        {{"domain", "add"}, "wants domain"},
        {{"domain", "add", "a", "b"}, "one word too many: 'b'"},
        {{"domain", "list", "--generate"}, "no option '--generate' here"},
        {{"domain", "list", "--nonsense"}, "no option '--nonsense' here"},
        {{"domain", "disable", "a", "--reason"}, "wants a value"},
        {{"domain", "list", "--json=yes"}, "takes no value"},
    };
    for (const auto& [words, want] : cases) {
        const auto got = parse_command_line(words);
        ASSERT_FALSE(got) << want;
        EXPECT_NE(got.error().find(want), std::string::npos) << got.error();
    }
}

TEST(CommandLine, HelpNeedsNoParameters) {
    EXPECT_EQ(parse({"--help"})->command, nullptr);
    EXPECT_EQ(parse({"domain", "--help"})->noun, "domain");
    EXPECT_EQ(parse({"domain", "add", "--help"})->command->name, "domain add");
}

} // namespace
} // namespace maild::control
