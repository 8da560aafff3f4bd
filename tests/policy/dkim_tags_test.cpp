#include "policy/dkim_tags.hpp"
#include "support/linear.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dkim {
namespace {

// "name=value" of each tag, or where it stopped and why.
std::string shown(std::string_view text) {
    const auto tags = parse_tag_list(text);
    if (!tags)
        return "at " + std::to_string(tags.error().offset) + ": " +
               std::string(tags.error().expected);
    std::string out;
    for (const auto& tag : tags->tags) {
        out += "[" + std::string(tag.name) + "=" + std::string(tag.value) + "]";
        EXPECT_NE(text.substr(tag.begin, tag.end - tag.begin).find(tag.value),
                  std::string_view::npos);
    }
    return out;
}

struct Case {
    const char* name;
    std::string text;
    const char* want;
};

TEST(DkimTags, ReadsLists) {
    const Case cases[] = {
        {"one", "a=b", "[a=b]"},
        {"last semicolon", "a=b;", "[a=b]"},
        {"space behind the last semicolon", "a=b; ", "[a=b]"},
        {"white space around everything", " a = b c ;\tb1_ =", "[a=b c][b1_=]"},
        {"folds", "a=b;\r\n\tc=d\r\n e ;\r\n f=g", "[a=b][c=d\r\n e][f=g]"},
        {"line ends of LF", "a=b;\n c=d", "[a=b][c=d]"},
        {"equals signs in a value", "b=AA==; p==", "[b=AA==][p==]"},
        {"names have a case", "a=1; A=2", "[a=1][A=2]"},
        {"UTF-8",
         "d=b\xc3\xbc"
         "cher.example",
         "[d=b\xc3\xbc"
         "cher.example]"},
        {"twice", "a=1; b=2; a=3", "at 13: each tag once"},
        {"nothing", "", "at 0: tag name"},
        {"only a semicolon", ";", "at 0: tag name"},
        {"two semicolons", "a=b;;c=d", "at 4: tag name"},
        {"two at the end", "a=b;;", "at 4: tag name"},
        {"no equals sign", "a;b=c", "at 1: \"=\""},
        {"name with a digit first", "1a=b", "at 0: tag name"},
        {"name with an underscore first", "_=b", "at 0: tag name"},
        {"control in a value", std::string("a=b\0c", 5), "at 5: printable value"},
        {"DEL in a value", "a=b\x7f", "at 4: printable value"},
    };
    for (const auto& c : cases) EXPECT_EQ(shown(c.text), c.want) << c.name;
}

TEST(DkimTags, EndsAtAHundred) {
    std::string text;
    for (int i = 0; i < 100; ++i) text += "t" + std::to_string(i) + "=;";
    EXPECT_TRUE(parse_tag_list(text));
    EXPECT_FALSE(parse_tag_list(text + "u=1"));
}

TEST(DkimTags, IsLinear) {
    const maild::test::Shape shapes[] = {
        {"long value", 1 << 20, [](std::size_t n) { return "b=" + std::string(n, 'A'); },
         [](const std::string& text) { (void)parse_tag_list(text); }},
        {"white space", 1 << 20, [](std::size_t n) { return "b=" + std::string(n, ' '); },
         [](const std::string& text) { (void)parse_tag_list(text); }},
        {"colons", 1 << 18, [](std::size_t n) { return std::string(n, ':'); },
         [](const std::string& text) { (void)split_colons(text); }}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

TEST(DkimTags, ReadsValues) {
    EXPECT_EQ(decode_base64("AA\r\n E="), std::string("\0\x01", 2));
    EXPECT_EQ(decode_base64("AAE"), std::string("\0\x01", 2)); // RFC 6376 §2.10
    EXPECT_EQ(decode_base64("AA"), std::string("\0", 1));
    EXPECT_EQ(decode_base64("A"), std::nullopt);
    EXPECT_EQ(decode_base64("AA-E"), std::nullopt);
    EXPECT_EQ(split_colons("from : to\r\n :subject:"),
              (std::vector<std::string_view>{"from", "to", "subject", ""}));
    EXPECT_EQ(parse_time("0"), 0U);
    EXPECT_EQ(parse_time("999999999999"), 999'999'999'999U);
    for (const auto* text : {"", "-1", "1 2", "1000000000000", "0000000000001", "1x"})
        EXPECT_EQ(parse_time(text), std::nullopt) << text;
    EXPECT_EQ(decode_quoted("a=3Db=20c\r\n d"), "a=b cd");
    for (const auto* text : {"=", "=4", "=4x"}) EXPECT_EQ(decode_quoted(text), std::nullopt);
}

TEST(DkimTags, ReadsNames) {
    EXPECT_EQ(dns_name("Mail.EXAMPLE.org"), "mail.example.org");
    EXPECT_EQ(dns_name("my_key.2024"), "my_key.2024");
    EXPECT_EQ(dns_name("b\xc3\xbc"
                       "cher.example"),
              "xn--bcher-kva.example");
    for (const auto* text : {"", ".", "a..b", ".a", "a.", "a b", "[192.0.2.1]", "a/b"})
        EXPECT_EQ(dns_name(text), std::nullopt) << text;
    EXPECT_EQ(dns_name(std::string(64, 'a') + ".example"), std::nullopt);
    EXPECT_EQ(dns_name(maild::test::repeated("abc.", 70) + "d"), std::nullopt);
}

} // namespace
} // namespace maild::policy::dkim
