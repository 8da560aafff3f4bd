#include "maild/mail/header.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::mail {
namespace {

using namespace std::string_view_literals;
using Names = std::vector<std::string_view>;

Names names_of(const HeaderSection& section) {
    Names names;
    for (const auto& field : section.fields) names.push_back(field.name);
    return names;
}

struct SectionCase {
    std::string_view what;
    std::string_view content;
    Names names;
    std::size_t fields_end;
    std::size_t body_begin;
};

TEST(Header, EndsAtTheFirstEmptyLine) {
    const SectionCase cases[] = {
        {"plain", "A: 1\r\nB: 2\r\n\r\nbody\r\n", {"A", "B"}, 12, 14},
        {"bare LF", "A: 1\nB: 2\n\nbody", {"A", "B"}, 10, 11},
        {"folded", "A: 1\r\n 2\r\n\t3\r\nB: 4\r\n\r\n", {"A", "B"}, 20, 22},
        {"empty content", "", {}, 0, 0},
        {"no header", "\r\nbody", {}, 0, 2},
        {"no empty line", "A: 1\r\nB: 2\r\n", {"A", "B"}, 12, 12},
        {"no line end", "A: 1\r\nB: 2", {"A", "B"}, 10, 10},
        {"folded line first", " junk: x\r\nA: 1\r\n\r\n", {"A"}, 16, 18},
        {"line without colon", "A: 1\r\njunk\r\n folded: y\r\nB: 2\r\n\r\n", {"A", "B"}, 30, 32},
        {"mbox line", "From x@y Mon Jan 1\r\nA: 1\r\n\r\n", {"A"}, 26, 28},
        {"space before colon", "A : 1\r\nB\t: 2\r\n\r\n", {"A", "B"}, 14, 16},
        {"no name", ": 1\r\nB: 2\r\n\r\n", {"B"}, 11, 13},
        {"line of spaces folds", "A: 1\r\n \r\nB: 2\r\n\r\n", {"A", "B"}, 15, 17},
        {"bare CR is no line end", "A: 1\rB: 2\r\n\r\n", {"A"}, 11, 13},
        {"NUL", "A: \0\r\n\0: 1\r\n\r\n"sv, {"A"}, 12, 14},
        {"8-bit name", "\xc3\xa4: 1\r\nB: 2\r\n\r\n", {"B"}, 13, 15},
    };
    for (const auto& c : cases) {
        const auto got = parse_header(c.content);
        EXPECT_EQ(names_of(got), c.names) << c.what;
        EXPECT_EQ(got.fields_end, c.fields_end) << c.what;
        EXPECT_EQ(got.body_begin, c.body_begin) << c.what;
        EXPECT_EQ(got.limit, HeaderLimit::none) << c.what;
    }
}

TEST(Header, ShowsFieldsAsTheyStand) {
    constexpr std::string_view content = "Subject :  a\r\n  b \r\nX:\r\n\r\n";
    const auto section = parse_header(content);
    ASSERT_EQ(section.fields.size(), 2U);
    const auto& subject = section.fields[0];
    EXPECT_EQ(subject.name, "Subject");
    EXPECT_EQ(subject.body, "  a\r\n  b ");
    EXPECT_EQ(content.substr(subject.begin, subject.end - subject.begin),
              "Subject :  a\r\n  b \r\n");
    EXPECT_EQ(section.fields[1].body, "");
    EXPECT_EQ(section.find("SUBJECT"), &subject);
    EXPECT_EQ(section.find("To"), nullptr);
    EXPECT_EQ(unfold(subject.body), "a  b");
}

std::string many_fields(std::size_t count) {
    std::string content;
    for (std::size_t i = 0; i < count; ++i) content += "N: v\r\n";
    return content + "\r\nbody";
}

TEST(Header, StopsAtTheNumberOfFields) {
    EXPECT_EQ(parse_header(many_fields(kMaxHeaderFields)).limit, HeaderLimit::none);
    const auto content = many_fields(kMaxHeaderFields + 1);
    const auto got = parse_header(content);
    EXPECT_EQ(got.limit, HeaderLimit::field_count);
    EXPECT_EQ(got.fields.size(), kMaxHeaderFields);
    EXPECT_EQ(content.substr(got.body_begin), "body") << "the section's end is still found";
}

TEST(Header, CutsLongFields) {
    const auto with = [](std::size_t size) {
        return "A:" + std::string(size, 'x') + "\r\nB: 1\r\n\r\n";
    };
    const auto fits = with(kMaxFieldBody);
    EXPECT_EQ(parse_header(fits).limit, HeaderLimit::none);
    const auto content = with(kMaxFieldBody + 1);
    const auto got = parse_header(content);
    EXPECT_EQ(got.limit, HeaderLimit::field_size);
    ASSERT_EQ(got.fields.size(), 2U);
    EXPECT_EQ(got.fields[0].body.size(), kMaxFieldBody);
    EXPECT_EQ(got.fields[0].end, content.find("B: 1")) << "its place is whole";
}

TEST(Header, LooksForFieldsInOneMebibyte) {
    std::string content;
    while (content.size() < kMaxHeaderSection) content += "A: " + std::string(995, 'x') + "\r\n";
    const auto inside = parse_header(content).fields.size();
    content += "Late: 1\r\n\r\nbody";
    const auto got = parse_header(content);
    EXPECT_EQ(got.limit, HeaderLimit::section_size);
    EXPECT_EQ(got.fields.size(), inside);
    EXPECT_EQ(content.substr(got.body_begin), "body");
}

TEST(Header, UnfoldsToOneLine) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {" a\r\n b\n\tc \r\n", "a b\tc"},
        {"a\0b"sv, "ab"},
        {"a\rb", "ab"},
        {"", ""},
        {" \r\n ", ""},
        {"\xff", "\xff"},
    };
    for (const auto& [body, want] : cases) EXPECT_EQ(unfold(body), want) << body;
}

TEST(Header, FindsMessageIds) {
    using Ids = std::vector<std::string>;
    const std::pair<std::string_view, Ids> cases[] = {
        {"<a@b>", {"a@b"}},
        {" <a@b>\r\n <c@d><e@f>, <g@h>", {"a@b", "c@d", "e@f", "g@h"}},
        {"Your message of Monday <a@b> (was <x@y>)", {"a@b"}},
        {"mail from ada@example.org of Monday <a@b>", {"a@b"}},
        {"a@b c@d", {"a@b", "c@d"}},
        {"<a\r\n b@c>", {"ab@c"}},
        {"<>", {}},
        {"<a@b", {}},
        {"<<a@b>", {"a@b"}},
        {"(unclosed <a@b>", {"a@b"}},
        {"", {}},
        {"<no-at-sign>", {"no-at-sign"}},
        {"a b c", {}},
    };
    for (const auto& [body, want] : cases) EXPECT_EQ(parse_message_ids(body), want) << body;
    std::string many;
    for (std::size_t i = 0; i <= kMaxMessageIds; ++i) many += "<a@b>";
    EXPECT_EQ(parse_message_ids(many).size(), kMaxMessageIds);
}

} // namespace
} // namespace maild::mail
