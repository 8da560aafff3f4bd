#include "control/input.hpp"

#include <boost/json/serialize.hpp>
#include <gtest/gtest.h>

#include <set>
#include <unistd.h>

namespace maild::control {
namespace {

TEST(Sizes, AreBytesOrPowersOf1024) {
    EXPECT_EQ(parse_size("0"), 0);
    EXPECT_EQ(parse_size("512"), 512);
    EXPECT_EQ(parse_size("10k"), 10240);
    EXPECT_EQ(parse_size("2G"), std::int64_t{2} << 30);
    EXPECT_EQ(parse_size("8388607T"), std::int64_t{8388607} << 40);
    for (const std::string_view text :
         {"", "K", "-1", "1.5G", "1KB", "8388608T", "9223372036854775808", " 1"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
}

TEST(Span, IsSecondsWithAUnit) {
    EXPECT_EQ(parse_span("1"), 1);
    EXPECT_EQ(parse_span("90s"), 90);
    EXPECT_EQ(parse_span("15m"), 900);
    EXPECT_EQ(parse_span("2h"), 7200);
    EXPECT_EQ(parse_span("3653d"), 3653 * 86'400);
    for (const std::string_view text : {"", "h", "0", "0h", "-1", "1.5h", "2 h", "2H", "1h30m",
                                        "1w", "3654d", "99999999999999999999"})
        EXPECT_FALSE(parse_span(text)) << text;
}

TEST(AccountsCsv, ReadsRowsWithTheirLines) {
    const auto rows = parse_accounts_csv("\xef\xbb\xbf"
                                         "address,password,quota\r\n"
                                         "ada@example.org,secret,2G\r\n"
                                         "\n# a comment\n"
                                         "bob@example.org,\"a,\"\"b\"\"\nc\",\n"
                                         "eve@example.org\n");
    ASSERT_TRUE(rows) << rows.error().internal;
    EXPECT_EQ(boost::json::serialize(*rows),
              R"([{"line":2,"address":"ada@example.org","password":"secret","quota":2147483648},)"
              R"({"line":5,"address":"bob@example.org","password":"a,\"b\"\nc","quota":0},)"
              R"({"line":7,"address":"eve@example.org","password":"","quota":0}])");
}

TEST(AccountsCsv, SaysOfEachLineWhatIsWrong) { // all of them in one go
    const auto rows = parse_accounts_csv("c@b.example,x,many\na@b.example,x\na,b,1,2\n");
    ASSERT_TRUE(rows) << rows.error().internal;
    EXPECT_EQ(boost::json::serialize(*rows),
              R"([{"line":1,"fault":"the quota is no size; 500M or 2G for example"},)"
              R"({"line":2,"address":"a@b.example","password":"x","quota":0},)"
              R"({"line":3,"fault":"more than three fields: address,password-or-hash,quota"}])");
}

TEST(AccountsCsv, NamesTheLineOfAnOpenQuote) {
    EXPECT_TRUE(
        parse_accounts_csv("a@b.example,\"x\n").error().internal.starts_with("line 1: a quote"));
}

TEST(Passwords, AreGeneratedStrongAndDistinct) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) {
        const auto password = generate_password();
        EXPECT_EQ(password.size(), 23U);
        EXPECT_TRUE(seen.insert(password).second);
    }
}

TEST(Passwords, AreOneLineOfStandardInput) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ASSERT_EQ(::write(ends[1], "pass word\r\nmore\n\n", 17), 17);
    ::close(ends[1]);
    EXPECT_EQ(read_password_line(ends[0]).value(), "pass word");
    EXPECT_EQ(read_password_line(ends[0]).value(), "more");
    EXPECT_FALSE(read_password_line(ends[0]));
    ::close(ends[0]);
}

} // namespace
} // namespace maild::control
