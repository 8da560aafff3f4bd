#include "imap/near_word.hpp"

#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace maild::imap {
namespace {

TEST(NearWord, WordsAreLettersDigitsAndWhatIsNotAscii) {
    EXPECT_EQ(words_of(" re: [list] größe-2, x "),
              (std::vector<std::string_view>{"re", "list", "größe", "2", "x"}));
    EXPECT_TRUE(words_of("").empty());
    EXPECT_TRUE(words_of(" -!- ").empty());
}

TEST(NearWord, IsOneLetterAway) {
    struct Case {
        std::string_view word;
        std::string_view text;
        bool is_near;
    };
    for (const auto& [word, text, near] : {
             Case{"abc", "abc", true},
             {"abc", "abd", false}, // too short
             {"helo", "hello", true},
             {"helo", "hel", true},
             {"helo", "help", true},
             {"helo", "halo", false}, // the first three letters
             {"helo", "heol", false},
             {"helo", "", false},
             {"receive", "recieve", true},
             {"receive", "receives", true},
             {"receive", "received", true},
             {"receive", "receivers", false},
             {"calendar", "calender", true},
             {"calendar", "kalendar", true},
             {"calendar", "aclendar", true},
             {"calendar", "clendar", true},
             {"calendar", "cealendar", true},
             {"calendar", "alendra", false},
             {"calendar", "calendar2000", false},
             {"größer", "grösser", false}, // two letters more than one
             {"größen", "grüßen", false},
             {"größen", "größe", true},
             {"größen", "größes", true},
             {"привет", "привт", true},
             {"привет", "приевт", true},
             {"привет", "пирвет", false},
             {"календарь", "колендарь", true},
             {"календарь", "кaлендарь", true}, // a Latin a
             {"日本語の", "日本語", true},
             {"日本語", "日本", false},
         })
        EXPECT_EQ(is_near(text, word), near) << word << " " << text;
}

// What the index is asked for must be in every word that is near, or messages would be missed.
TEST(NearWord, HasOneOfTheCertainParts) {
    std::mt19937 random(1);
    const std::vector<std::string> letters{"a", "b", "ä", "ж", "語", "9", "😀"};
    const auto letter = [&] { return letters[random() % letters.size()]; };
    int near = 0;
    for (int round = 0; round < 200'000; ++round) {
        std::vector<std::string> word(1 + random() % 12);
        std::ranges::generate(word, letter);
        auto other = word;
        const auto at = random() % other.size();
        switch (random() % 4) {
        case 0: other[at] = letter(); break;
        case 1: other.erase(other.begin() + static_cast<std::ptrdiff_t>(at)); break;
        case 2: other.insert(other.begin() + static_cast<std::ptrdiff_t>(at), letter()); break;
        default: std::swap(other[at], other[(at + 1) % other.size()]);
        }
        std::string a;
        std::string b;
        for (const auto& one : word) a += one;
        for (const auto& one : other) b += one;
        const auto parts = certain_parts(a);
        const bool is_swap_around = at + 1 == other.size();
        if (word.size() >= 8 && !is_swap_around) {
            EXPECT_TRUE(is_near(b, a)) << a << " " << b;
        }
        if (!is_near(b, a) || a == b) continue;
        ++near;
        EXPECT_TRUE(std::ranges::any_of(parts, [&](auto part) { return b.contains(part); }))
            << a << " " << b;
        for (const auto part : parts) EXPECT_GE(part.size(), 3U) << a;
        EXPECT_TRUE(has_near("x " + b + "-y", a));
    }
    EXPECT_GT(near, 50'000);
}

TEST(NearWord, IsFoundInPieces) {
    const std::string text = "it was a calender, and then " + std::string(5000, 'x') + " recieve";
    for (const std::string_view word : {"calendar", "receive"}) {
        for (std::size_t size = 1; size < 40; ++size) {
            NearFinder finder(word);
            for (std::size_t at = 0; at < text.size(); at += size)
                finder.update(std::string_view(text).substr(at, size));
            finder.finish();
            EXPECT_TRUE(finder.found()) << word << " " << size;
        }
    }
    EXPECT_FALSE(has_near(text, "xxxxxxxxx"));
}

} // namespace
} // namespace maild::imap
