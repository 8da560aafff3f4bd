#include "pop3/command.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace maild::pop3 {
namespace {

std::string fault(std::string_view line) {
    const auto command = parse_command(line);
    if (command) return "none";
    return command.error().is_unknown ? "unknown" : std::string(command.error().expected);
}

TEST(Pop3Command, IsKnownInAnyCase) {
    for (const auto* line : {"STAT", "stat", "sTaT"}) {
        const auto command = parse_command(line);
        ASSERT_TRUE(command) << line;
        EXPECT_EQ(command->row->verb, Verb::stat);
    }
}

TEST(Pop3Command, TakesNumbersOf32Bits) { // HARDENING 57
    const auto retr = parse_command("RETR 4294967295");
    ASSERT_TRUE(retr);
    EXPECT_EQ(std::get<Message>(retr->arguments).number.value,
              std::numeric_limits<std::uint32_t>::max());
    EXPECT_EQ(fault("RETR 4294967296"), "message-number");
    EXPECT_EQ(fault("RETR 18446744073709551617"), "message-number");
    EXPECT_EQ(fault("RETR -1"), "message-number");
    EXPECT_EQ(fault("RETR +1"), "message-number");
    EXPECT_EQ(fault("RETR 0x1"), "end of command");
    EXPECT_EQ(fault("RETR 1 "), "end of command");
    EXPECT_EQ(fault("RETR  1"), "message-number");
    EXPECT_EQ(fault("RETR"), "message-number");
    EXPECT_EQ(fault("TOP 1 -1"), "number of lines");
    EXPECT_EQ(fault("TOP 1 4294967296"), "number of lines");
}

TEST(Pop3Command, TakesSpacesInAPassword) { // RFC 1939 §7
    const auto pass = parse_command("PASS  a b ");
    ASSERT_TRUE(pass);
    EXPECT_EQ(std::get<Text>(pass->arguments).text, " a b ");
    EXPECT_EQ(fault("PASS "), "argument");
    EXPECT_EQ(fault("PASS"), "argument");
    EXPECT_EQ(fault("USER \xff"), "UTF-8"); // RFC 6856 §2.2
}

TEST(Pop3Command, SeparatesMechanismAndResponse) { // RFC 5034 §4
    const auto auth = parse_command("AUTH PLAIN =");
    ASSERT_TRUE(auth);
    EXPECT_EQ(std::get<Auth>(auth->arguments).mechanism, "PLAIN");
    EXPECT_EQ(std::get<Auth>(auth->arguments).initial_response, "=");
    EXPECT_EQ(fault("AUTH PLAIN "), "initial response");
    EXPECT_EQ(fault("AUTH PLAIN a b"), "end of command");
}

TEST(Pop3Command, KnowsWhatIsNone) {
    for (const auto* line :
         {"", " ", "XYZZY", "STATS", "STA", " STAT", "APOP a b", "LANG", "\tSTAT"})
        EXPECT_EQ(fault(line), "unknown") << line;
    EXPECT_TRUE(is_http_request("GET / HTTP/1.1"));
    EXPECT_FALSE(is_http_request("GET /"));
}

} // namespace
} // namespace maild::pop3
