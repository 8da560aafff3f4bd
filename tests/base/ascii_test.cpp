#include "maild/base/ascii.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::ascii {
namespace {

std::string every_octet() {
    std::string text;
    for (int c = 0; c < 256; ++c) text += static_cast<char>(c);
    return text;
}

// At each place of a word, beside every neighbour, and in what is left behind the last word.
TEST(Ascii, CaseOfATextIsThatOfItsOctets) {
    const auto text = every_octet() + every_octet();
    for (std::size_t begin = 0; begin < 9; ++begin) {
        for (const std::size_t size : {256, 255, 249, 8, 7, 1, 0}) {
            const auto part = text.substr(begin, size);
            std::string lower;
            std::string upper;
            for (const char c : part) {
                lower += to_lower(c);
                upper += to_upper(c);
            }
            EXPECT_EQ(to_lower(part), lower) << begin << " " << size;
            EXPECT_EQ(to_upper(part), upper) << begin << " " << size;
        }
    }
    for (int a = 0; a < 256; ++a) {
        for (int b = 0; b < 256; ++b) {
            const std::string pair{static_cast<char>(a), static_cast<char>(b)};
            EXPECT_EQ(to_upper(pair + pair + pair + pair).substr(2, 2),
                      (std::string{to_upper(pair[0]), to_upper(pair[1])}));
        }
    }
}

TEST(Ascii, FindsTheFirstOctetWithTheHighBit) {
    EXPECT_EQ(find_8bit(""), 0U);
    for (std::size_t size = 1; size < 40; ++size) {
        const std::string text(size, '\x7f');
        EXPECT_EQ(find_8bit(text), size);
        EXPECT_FALSE(has_8bit(text));
        for (std::size_t at = 0; at < size; ++at) {
            auto other = text;
            other[at] = '\x80';
            EXPECT_EQ(find_8bit(other), at) << size;
            other.back() = '\xff';
            EXPECT_EQ(find_8bit(other), at) << size;
        }
    }
}

} // namespace
} // namespace maild::ascii
