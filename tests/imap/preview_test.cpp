#include "imap/preview.hpp"

#include "maild/base/utf8.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace maild::imap {
namespace {

TEST(ImapPreview, IsPlainTextInALine) {
    struct Case {
        std::string_view text;
        bool is_html;
        std::string_view want;
    };
    constexpr auto kCases = std::to_array<Case>({
        {"", false, ""},
        {"\r\n \t\r\n", false, ""},
        {" Hello,\r\n\r\n  world\t! \r\n", false, "Hello, world !"},
        {"a < b &amp; c", false, "a < b &amp; c"},
        {"a\x01\x7f b", false, "a b"},
        {"<p>Hello <b>wor</b>ld</p>", true, "Hello wor ld"},
        {"<html><HEAD><title>no</title></Head><body>yes", true, "yes"},
        {"<style>p { a > b }</style>x<script>if (a < b) c();</script >y", true, "x y"},
        {"a<!-- <p> -- > -->b", true, "a b"},
        {"a &lt;&amp;&nbsp;&quot;b&quot; &unknown; &", true, "a <& \"b\" &unknown; &"},
        {"open <tag", true, "open"},
        {"<script>for ever", true, ""},
        {"<", true, ""},
    });
    for (const auto& [text, is_html, want] : kCases)
        EXPECT_EQ(preview_of(text, is_html), want) << text;
}

TEST(ImapPreview, HasAtMostTwoHundredWholeCharacters) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "\xe2\x82\xac"; // €
    const auto preview = preview_of(text, false);
    EXPECT_EQ(preview.size(), 600U);
    EXPECT_TRUE(is_utf8(preview));
    EXPECT_EQ(preview_of(std::string(200, 'a') + " b", false), std::string(200, 'a') + "");
    EXPECT_EQ(preview_of(std::string(198, 'a') + " bc", false), std::string(198, 'a') + " b");
}

} // namespace
} // namespace maild::imap
