#include "maild/net/deflate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::net {
namespace {

// Everything that `packed` stands for, in pieces of `at_most`; empty where it is no DEFLATE.
std::string inflated(Inflater& inflater, std::string_view packed, std::size_t at_most) {
    std::string out;
    while (!packed.empty() || inflater.has_more()) {
        const auto before = out.size();
        if (!inflater.update(packed, out, at_most)) return {};
        EXPECT_LE(out.size() - before, at_most);
        if (inflater.is_over()) break;
    }
    return out;
}

TEST(Deflate, GivesEveryGroupWholeAtOnce) {
    Deflater deflater;
    Inflater inflater;
    std::string all;
    for (int i = 0; i < 50; ++i) {
        const auto group =
            "* " + std::to_string(i) + " FETCH (FLAGS (\\Seen))\r\n" + std::string(i * 100, 'x');
        std::string packed;
        deflater.update(group, packed);
        EXPECT_EQ(inflated(inflater, packed, 1000), group);
        all += packed;
    }
    EXPECT_LT(all.size(), 5'000U);
    Inflater again;
    for (const char c : all) EXPECT_TRUE(inflated(again, {&c, 1}, 10'000).size() < 10'000);
}

TEST(Deflate, GoesOnBehindAnother) {
    std::string packed;
    Deflater().update("the first, ", packed);
    Deflater last;
    last.update("the second", packed);
    last.finish(packed);
    packed += "plain";
    Inflater inflater;
    std::string_view rest = packed;
    std::string out;
    EXPECT_TRUE(inflater.update(rest, out, 1000));
    EXPECT_EQ(out, "the first, the second");
    EXPECT_TRUE(inflater.is_over());
    EXPECT_EQ(rest, "plain");
}

// HARDENING 54: whatever it grows to, it comes in pieces.
TEST(Deflate, HoldsNoMoreThanItIsAskedFor) {
    std::string packed;
    Deflater().update(std::string(50'000'000, '\0'), packed);
    EXPECT_LT(packed.size(), 300'000U);
    Inflater inflater;
    std::string_view rest = packed;
    std::size_t size = 0;
    while (!rest.empty() || inflater.has_more()) {
        std::string piece;
        ASSERT_TRUE(inflater.update(rest, piece, 65'536));
        ASSERT_LE(piece.size(), 65'536U);
        size += piece.size();
    }
    EXPECT_EQ(size, 50'000'000U);
}

TEST(Deflate, RefusesWhatIsNone) {
    for (const std::string_view bytes :
         {"a NOOP\r\n", "\xff\xff\xff\xff", "\x78\x9cgarbage"}) {
        Inflater inflater;
        std::string_view rest = bytes;
        std::string out;
        Result<void> result;
        for (int i = 0; i < 10 && result && !rest.empty(); ++i)
            result = inflater.update(rest, out, 100);
        EXPECT_FALSE(result) << bytes;
    }
}

} // namespace
} // namespace maild::net
