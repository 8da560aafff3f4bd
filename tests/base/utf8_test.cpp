#include "maild/base/utf8.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild {
namespace {

using namespace std::string_literals;

struct Case {
    const char* name;
    std::string text;
    bool want;
};

TEST(Utf8, IsWellFormed) {
    const Case cases[] = {
        {"empty", "", true},
        {"ASCII with NUL", "a\0b"s, true},
        {"two bytes", "\xc3\xa9", true},
        {"three bytes", "\xe2\x82\xac", true},
        {"four bytes", "\xf0\x9f\x98\x80", true},
        {"last code point", "\xf4\x8f\xbf\xbf", true},
        {"below the surrogates", "\xed\x9f\xbf", true},
        {"overlong NUL", "\xc0\x80", false},
        {"overlong slash", "\xe0\x80\xaf", false},
        {"overlong four", "\xf0\x80\x80\xaf", false},
        {"surrogate", "\xed\xa0\x80", false},
        {"above U+10FFFF", "\xf4\x90\x80\x80", false},
        {"five-byte lead", "\xf8\x88\x80\x80\x80", false},
        {"continuation alone", "\x80", false},
        {"cut", "\xe2\x82", false},
        {"third byte no continuation", "\xe2\x82(", false},
        {"Latin-1", "caf\xe9", false},
    };
    for (const auto& c : cases) EXPECT_EQ(is_utf8(c.text), c.want) << c.name;
}

} // namespace
} // namespace maild
