#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"

#include <gtest/gtest.h>

namespace maild {
namespace {

TEST(Cursor, TakesLiteralsAndRuns) {
    Cursor in("RCPT TO:<ada>");
    EXPECT_TRUE(in.take_icase("rcpt"));
    EXPECT_TRUE(in.take(' '));
    EXPECT_FALSE(in.take("to:"));
    EXPECT_TRUE(in.take("TO:"));
    EXPECT_TRUE(in.take('<'));
    EXPECT_EQ(in.take_while(ascii::is_alpha), "ada");
    EXPECT_EQ(in.rest(), ">");
    EXPECT_EQ(in.expected("x").error().offset, 12U);
    EXPECT_TRUE(in.take('>'));
    EXPECT_TRUE(in.at_end());
    EXPECT_EQ(in.peek(), '\0');
}

struct NumberCase {
    std::string_view text;
    std::uint64_t limit;
    bool ok;
    std::uint64_t want;
};

TEST(Cursor, TakesNumbersWithinTheirLimit) {
    constexpr auto max = ~std::uint64_t{0};
    const NumberCase cases[] = {
        {"0", 10, true, 0},
        {"10", 10, true, 10},
        {"11", 10, false, 0},
        {"007x", 10, true, 7},
        {"", 10, false, 0},
        {"-1", 10, false, 0},
        {"x", 10, false, 0},
        {"4", 3, false, 0},
        {"18446744073709551615", max, true, max},
        {"18446744073709551616", max, false, 0},
        {"99999999999999999999999", max, false, 0},
        {"4294967296", 4294967295, false, 0},
    };
    for (const auto& c : cases) {
        Cursor in(c.text);
        const auto got = in.take_number(c.limit);
        EXPECT_EQ(got.has_value(), c.ok) << c.text;
        if (got)
            EXPECT_EQ(*got, c.want) << c.text;
        else
            EXPECT_EQ(in.offset(), 0U) << c.text;
    }
}

} // namespace
} // namespace maild
