#include "support/fake_clock.hpp"

#include "maild/auth/recent_counts.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <string>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;

RecentCounts::Key key_of(std::uint64_t number) {
    RecentCounts::Key key{};
    std::memcpy(key.data(), &number, sizeof number);
    return key;
}

class RecentCountsTest : public ::testing::Test {
protected:
    std::uint32_t add(std::uint64_t number) {
        return counts_.add(key_of(number), clock_.steady_now());
    }
    std::uint32_t count(std::uint64_t number) {
        return counts_.count(key_of(number), clock_.steady_now());
    }
    test::FakeClock clock_;
    test::SeededRandom random_{1};
    RecentCounts counts_{random_, 3, 10min};
};

TEST_F(RecentCountsTest, CountsEachKeyAlone) {
    EXPECT_EQ(count(1), 0U);
    EXPECT_EQ(add(1), 1U);
    EXPECT_EQ(add(1), 2U);
    EXPECT_EQ(add(2), 1U);
    EXPECT_EQ(count(1), 2U);
    EXPECT_EQ(count(3), 0U);
}

TEST_F(RecentCountsTest, TheWindowSlides) {
    for (int i = 0; i < 10; ++i) add(1);
    const struct {
        std::chrono::seconds after;
        std::uint32_t want;
    } cases[] = {
        {0s, 10},  {599s, 10}, {600s, 10}, // all within reach
        {660s, 9}, {900s, 5},  {1139s, 2}, {1140s, 1}, {1199s, 1}, {1200s, 0}, {86400s, 0},
    };
    const auto begin = clock_.steady_now();
    for (const auto& c : cases)
        EXPECT_EQ(counts_.count(key_of(1), begin + c.after), c.want) << c.after.count();
}

TEST_F(RecentCountsTest, ElevenWithinTheWindowAreEleven) {
    for (std::uint32_t i = 1; i <= 11; ++i) {
        EXPECT_EQ(add(1), i);
        clock_.advance(59s);
    }
}

TEST_F(RecentCountsTest, WhatWasBeforeAndWhatIsNowAddUp) {
    for (int i = 0; i < 8; ++i) add(1);
    clock_.advance(15min);
    EXPECT_EQ(add(1), 5U) << "half of eight, and one";
    clock_.advance(10min);
    EXPECT_EQ(add(1), 2U) << "the eight are out of reach";
}

TEST_F(RecentCountsTest, ForgetsWhatWasCountedLongestAgo) {
    add(1), add(2), add(3), add(1);
    add(4);
    EXPECT_EQ(counts_.size(), 3U);
    EXPECT_EQ(count(1), 2U);
    EXPECT_EQ(count(2), 0U);
    EXPECT_EQ(count(3), 1U);
    counts_.forget(key_of(3));
    counts_.forget(key_of(3));
    add(5);
    EXPECT_EQ(count(1), 2U) << "there was room";
    add(6);
    EXPECT_EQ(count(1), 0U);
}

TEST_F(RecentCountsTest, KnowsWhenItCountedLast) {
    EXPECT_FALSE(counts_.last(key_of(1)).has_value());
    add(1);
    clock_.advance(30s);
    add(1);
    EXPECT_EQ(counts_.last(key_of(1)), clock_.steady_now());
}

TEST_F(RecentCountsTest, ListsTheNewestThatStillCount) {
    const auto list = [&](std::size_t limit) {
        std::string out;
        for (const auto& counted : counts_.newest(limit, clock_.steady_now()))
            out += std::to_string(counted.key[0]) + "x" + std::to_string(counted.count) + " ";
        return out;
    };
    EXPECT_EQ(list(9), "");
    add(1), add(1);
    clock_.advance(15min);
    add(2), add(3), add(2);
    EXPECT_EQ(list(9), "2x2 3x1 1x1 ");
    EXPECT_EQ(list(2), "2x2 3x1 ");
    clock_.advance(5min);
    EXPECT_EQ(list(9), "2x2 3x1 ");
    EXPECT_EQ(counts_.newest(1, clock_.steady_now()).at(0).last, clock_.steady_now() - 5min);
}

TEST_F(RecentCountsTest, CountsStayWithinTheirBounds) {
    for (std::uint32_t i = 0; i < RecentCounts::kMost + 10; ++i) add(1);
    EXPECT_EQ(count(1), RecentCounts::kMost);
    clock_.advance(10min);
    EXPECT_EQ(add(1), RecentCounts::kMost);
}

// Against a map, over a history with evictions: the list and the buckets never lose an entry.
TEST(RecentCounts, IsAMapOfItsNewestKeys) {
    test::SeededRandom random(9);
    RecentCounts counts(random, 100, 1h);
    const SteadyTime now(1h);
    std::map<std::uint64_t, std::uint32_t> want;
    std::vector<std::uint64_t> order; // the newest last
    for (int step = 0; step < 20'000; ++step) {
        const auto number = random.next() % 150;
        std::erase(order, number);
        if (random.next() % 8 == 0) {
            counts.forget(key_of(number));
            want.erase(number);
            continue;
        }
        order.push_back(number);
        ++want[number];
        if (order.size() > 100) {
            want.erase(order.front());
            order.erase(order.begin());
        }
        ASSERT_EQ(counts.add(key_of(number), now), want[number]) << step;
        ASSERT_EQ(counts.size(), want.size());
    }
    for (std::uint64_t number = 0; number < 150; ++number)
        EXPECT_EQ(counts.count(key_of(number), now), want.contains(number) ? want.at(number) : 0U);
}

// HARDENING 40: a million networks in at most 64 MiB, however many more come.
TEST(RecentCounts, AMillionNetworksFit) {
    test::SeededRandom random(2);
    RecentCounts counts(random, 1'000'000, 10min);
    const SteadyTime now(1h);
    for (std::uint64_t number = 0; number < 1'100'000; ++number) counts.add(key_of(number), now);
    EXPECT_EQ(counts.size(), 1'000'000U);
    EXPECT_LE(counts.memory(), 64U << 20);
    EXPECT_EQ(counts.count(key_of(99'999), now), 0U);
    EXPECT_EQ(counts.count(key_of(100'000), now), 1U);
    EXPECT_EQ(counts.count(key_of(1'099'999), now), 1U);
}

} // namespace
} // namespace maild::auth
