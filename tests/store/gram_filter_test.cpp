#include "store/gram_filter.hpp"

#include <gtest/gtest.h>

#include <random>

namespace maild::store {
namespace {

std::string filter_of(const std::vector<std::string>& texts) {
    GramSet grams;
    for (const auto& text : texts) {
        grams.add(text);
        grams.end_text();
    }
    return grams.take_filter();
}

bool may_be(const std::string& filter, std::vector<std::string> texts) {
    return GramProbe(texts).may_be_in(filter);
}

std::string random_text(std::mt19937& random, std::size_t size) {
    std::string text;
    while (text.size() < size) text += static_cast<char>('a' + random() % 26);
    return text;
}

TEST(GramFilter, NeverMissesWhatIsThere) {
    std::mt19937 random(1);
    for (int round = 0; round < 200; ++round) {
        std::string text;
        for (std::size_t i = random() % 300; i > 0; --i) text += static_cast<char>(random() % 256);
        const auto filter = filter_of({"before", text, "behind"});
        for (int needle = 0; needle < 20 && !text.empty(); ++needle) {
            const auto at = random() % text.size();
            EXPECT_TRUE(may_be(filter, {text.substr(at, random() % 40)})) << round;
        }
    }
}

TEST(GramFilter, ExcludesMostOfWhatIsNot) {
    std::mt19937 random(2);
    const auto filter = filter_of({random_text(random, 4000)});
    const auto wrong = [&](std::size_t size) {
        int count = 0;
        for (int i = 0; i < 10'000; ++i)
            count += may_be(filter, {random_text(random, size)}) ? 1 : 0;
        return count;
    };
    EXPECT_LT(wrong(6), 600);
    EXPECT_LT(wrong(12), 5);
}

TEST(GramFilter, TextsStandAlone) {
    const auto filter = filter_of({"abc", "def"});
    EXPECT_TRUE(may_be(filter, {"abc"}));
    EXPECT_TRUE(may_be(filter, {"abc", "def"}));
    int across = 0; // a filter of 3 octets may be wrong about one or the other
    for (const auto* needle : {"bcd", "cde", "xyz", "bcde", "abcdef"})
        across += may_be(filter, {needle}) ? 1 : 0;
    EXPECT_LT(across, 3);
}

TEST(GramFilter, PiecesAreOneText) {
    GramSet grams;
    for (const auto* piece : {"a", "", "b", "cd", "e"}) grams.add(piece);
    EXPECT_EQ(grams.take_filter(), filter_of({"abcde"}));
    grams.add("ab");
    grams.end_text();
    grams.add("c");
    EXPECT_EQ(grams.take_filter(), "") << "and nothing is left of the text before";
}

TEST(GramFilter, WhatIsTooShortTellsNothing) {
    EXPECT_TRUE(may_be(filter_of({"abc"}), {"xy"}));
    EXPECT_TRUE(may_be("", {"xy"}));
    EXPECT_TRUE(may_be("", {}));
    EXPECT_FALSE(may_be("", {"xyz"})) << "no text has three octets";
    EXPECT_FALSE(may_be("", {"", "xyz"}));
}

TEST(GramFilter, OneChineseCharacterIsEnough) {
    const auto filter = filter_of({"\u4f1a\u8bae\u8bb0\u5f55\u4e0e\u9644\u4ef6"});
    EXPECT_TRUE(may_be(filter, {"\u8bae"}));
    int wrong = 0;
    for (const auto* needle : {"\u732b", "\u72ac", "\u9ce5", "\u9b5a", "\u864e", "\u9f8d"})
        wrong += may_be(filter, {needle}) ? 1 : 0;
    EXPECT_LT(wrong, 4);
}

// 40 % of the text is what the index may take; 37.5 % is what any text can make of it.
TEST(GramFilter, NoTextMakesItLarge) {
    std::string text;
    std::mt19937 random(3);
    while (text.size() < 100'000) text += static_cast<char>(random() % 256);
    EXPECT_LE(filter_of({text}).size(), text.size() * 3 / 8 + 1);
    EXPECT_LE(filter_of({text.substr(0, 50)}).size(), 20U);
    EXPECT_LT(filter_of({std::string(100'000, 'x')}).size(), 2U);
}

TEST(GramFilter, WhatIsTooMuchLetsEverythingPass) {
    std::mt19937 random(4);
    std::string text;
    while (text.size() < 2'000'000) text += static_cast<char>(random() % 256);
    EXPECT_EQ(filter_of({text}), kEveryGram);
    EXPECT_EQ(filter_of({std::string(kMaxFilteredText + 1, 'x')}), kEveryGram);
    GramSet grams;
    grams.add("abc");
    grams.add_everything();
    EXPECT_EQ(grams.take_filter(), kEveryGram);
    grams.add("abc");
    EXPECT_EQ(grams.take_filter(), filter_of({"abc"})) << "the next one is of its own";
    EXPECT_TRUE(may_be(std::string(kEveryGram), {"anything"}));
}

} // namespace
} // namespace maild::store
