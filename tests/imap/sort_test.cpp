#include "imap/sort_key.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <string>
#include <vector>

namespace maild::imap {
namespace {

using std::chrono::seconds;

struct Sample {
    std::string header;
    std::int64_t internal_date = 0; // seconds since 1970
    std::uint64_t size = 0;
};

std::vector<std::uint32_t> sorted(std::string_view criteria, const std::vector<Sample>& samples) {
    Cursor in(criteria);
    const auto program = parse_sort_criteria(in);
    EXPECT_TRUE(program && in.at_end()) << criteria;
    std::vector<SortKey> keys;
    for (const auto& sample : samples) {
        store::MessageData message;
        message.internal_date = WallTime(seconds(sample.internal_date));
        message.size = sample.size;
        keys.push_back(make_sort_key(*program, static_cast<std::uint32_t>(keys.size() + 1), message,
                                     sample.header));
    }
    std::ranges::sort(keys,
                      [&](const auto& a, const auto& b) { return is_before(*program, a, b); });
    std::vector<std::uint32_t> out;
    for (const auto& key : keys) out.push_back(key.seq);
    return out;
}

using Order = std::vector<std::uint32_t>;

TEST(Sort, ByFigures) {
    const std::vector<Sample> samples = {{"", 30, 5}, {"", 10, 7}, {"", 20, 5}};
    EXPECT_EQ(sorted("(ARRIVAL)", samples), (Order{2, 3, 1}));
    EXPECT_EQ(sorted("(REVERSE ARRIVAL)", samples), (Order{1, 3, 2}));
    EXPECT_EQ(sorted("(SIZE)", samples), (Order{1, 3, 2}));
    // REVERSE turns one criterion round, and not the sequence numbers.
    EXPECT_EQ(sorted("(REVERSE SIZE)", samples), (Order{2, 1, 3}));
    EXPECT_EQ(sorted("(size reverse arrival)", samples), (Order{1, 3, 2}));
    EXPECT_EQ(sorted("(SIZE ARRIVAL)", samples), (Order{3, 1, 2}));
}

TEST(Sort, ByDateInUtcAndWithoutOneByArrival) {
    EXPECT_EQ(sorted("(DATE)", {{"Date: Mon, 1 Jan 2001 00:01:34 +0000\r\n\r\n"},
                                {"Date: Sun, 31 Dec 2000 16:01:33 -0800\r\n\r\n"},
                                {"Date: nonsense\r\n\r\n", 978'307'295},
                                {"\r\n", 0}}),
              (Order{4, 2, 1, 3}));
}

TEST(Sort, ByBaseSubject) {
    EXPECT_EQ(sorted("(SUBJECT)", {{"Subject: b\r\n\r\n"},
                                   {"Subject: Re: A\r\n\r\n"},
                                   {"\r\n"},
                                   {"Subject: =?utf-8?q?=C3=A4?=\r\n\r\n"},
                                   {"Subject: [list] b\r\n\r\n"},
                                   {"Subject: _\r\n\r\n"}}),
              (Order{3, 2, 4, 1, 5, 6}));
}

TEST(Sort, ByTheFirstAddressesMailbox) {
    const std::vector<Sample> samples = {{"From: Ada <b@x.example>\r\n\r\n"},
                                         {"From: \"Zoe\" <A@x.example>, c@x.example\r\n\r\n"},
                                         {"\r\n"},
                                         {"From: aa: z@x.example;\r\n\r\n"}}; // a group's name
    EXPECT_EQ(sorted("(FROM)", samples), (Order{3, 2, 4, 1}));
    EXPECT_EQ(sorted("(TO)", samples), (Order{1, 2, 3, 4}));
    EXPECT_EQ(sorted("(DISPLAYFROM)", samples), (Order{3, 4, 1, 2}));
}

// RFC 5957 §3
TEST(Sort, ByWhatIsShownOfAnAddress) {
    EXPECT_EQ(sorted("(DISPLAYTO)", {{"To: z@x.example\r\n\r\n"},
                                     {"To: =?utf-8?q?y=C3=A4?= <a@x.example>\r\n\r\n"},
                                     {"To: a@z.example\r\n\r\n"},
                                     {"To: a@y.example\r\n\r\n"},
                                     {"To: \r\n\r\n"}}),
              (Order{5, 4, 3, 2, 1}));
}

TEST(Sort, RefusesWhatIsNoProgram) {
    for (const std::string_view text :
         {"", "(", "()", "(DATE", "DATE", "(DATE )", "( DATE)", "(REVERSE)",
          "(REVERSE REVERSE DATE)", "(DATES)", "(DATE  SIZE)", "(X-SCORE)"}) {
        Cursor in(text);
        EXPECT_FALSE(parse_sort_criteria(in)) << text;
    }
}

} // namespace
} // namespace maild::imap
