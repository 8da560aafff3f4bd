#include "control/render.hpp"

#include <boost/json/parse.hpp>
#include <gtest/gtest.h>

namespace maild::control {
namespace {

TEST(Render, AlignsRows) {
    const auto result = boost::json::parse(
        R"({"rows":[{"address":"ada@example.org","used_bytes":1536,"quota_bytes":0,"messages":3,"disabled":false},
                    {"address":"b@e.example","used_bytes":0,"quota_bytes":1073741824,"messages":10,"disabled":true}]})");
    EXPECT_EQ(render_text(*find_command("account list"), result),
              "ACCOUNT          USED     QUOTA    MESSAGES  DISABLED\n"
              "ada@example.org  1.5 KiB  none     3         no\n"
              "b@e.example      0        1.0 GiB  10        yes\n");
    EXPECT_EQ(render_tsv(*find_command("account list"), result),
              "ada@example.org\t1536\t0\t3\tfalse\nb@e.example\t0\t1073741824\t10\ttrue\n");
    EXPECT_EQ(render_text(*find_command("account list"), boost::json::parse(R"({"rows":[]})")),
              "none\n");
}

TEST(Render, ShowsOneThingAsLines) {
    const auto result = boost::json::parse(
        R"({"name":"example.org","accounts":2,"aliases":["a.example","b.example"],"created":1700000000})");
    EXPECT_EQ(render_text(*find_command("domain show"), result),
              "Domain:         example.org\nAccounts:       2\nAlias domains:  a.example, "
              "b.example\nCreated:        2023-11-14 22:13:20\n");
}

TEST(Render, GoesOnBelowOneHeading) {
    const auto part = boost::json::parse(R"({"rows":[{"network":"192.0.2.1/32","failures":3}]})");
    const auto& command = *find_command("auth failures");
    EXPECT_EQ(render_part(command, part, true),
              "NETWORK       FAILURES  LAST\n192.0.2.1/32  3         -\n");
    EXPECT_EQ(render_part(command, part, false), "192.0.2.1/32  3  -\n");
    EXPECT_EQ(render_part(command, boost::json::parse(R"({"rows":[]})"), false), "");
}

TEST(Render, ShowsLinesAndMakesThemHarmless) {
    const auto result = boost::json::parse(R"({"lines":["one","\u001b[31mtwo"],"rows":[]})");
    EXPECT_EQ(render_text(*find_command("log"), result), "one\n\\x1b[31mtwo\n");
    EXPECT_EQ(render_part(*find_command("log"), boost::json::parse(R"({"lines":[]})"), true), "");
}

TEST(Render, MakesForeignTextHarmless) {
    EXPECT_EQ(printable("a\x1b[31m\r\nb"), "a\\x1b[31m\\x0d\\x0ab");
    EXPECT_EQ(printable("Zürich 日本"), "Zürich 日本");
    EXPECT_EQ(printable("\xe2\x80\xae"
                        "x"),
              "\\xe2\\x80\\xaex"); // right-to-left override
    EXPECT_EQ(printable("\xc2\x9b"
                        "x\xff"),
              "\\xc2\\x9bx\\xff");
}

} // namespace
} // namespace maild::control
