#include "maild/sender/schedule.hpp"

#include <gtest/gtest.h>

namespace maild::sender {
namespace {

using namespace std::chrono_literals;

const auto kNow = from_unix_seconds(1'700'000'000);

std::string all_of(Schedule& schedule, WallTime now) {
    std::string out;
    while (const auto one = schedule.take(now)) out += *one + " ";
    return out;
}

TEST(Schedule, GivesWhatIsDueLongestFirst) {
    Schedule schedule;
    EXPECT_FALSE(schedule.next());
    schedule.add("c", kNow + 3s);
    schedule.add("a", kNow + 2s);
    schedule.add("b", kNow + 1s);
    schedule.add("b", kNow + 9s); // later than what is known
    EXPECT_EQ(schedule.next(), kNow + 1s);
    EXPECT_EQ(all_of(schedule, kNow), "");
    EXPECT_EQ(all_of(schedule, kNow + 2s), "b a ");
    EXPECT_EQ(schedule.next(), kNow + 3s);
}

TEST(Schedule, ARunHasItUntilItEnds) {
    Schedule schedule;
    schedule.add("a", kNow);
    EXPECT_EQ(schedule.take(kNow), "a");
    EXPECT_TRUE(schedule.is_running("a"));
    schedule.add("a", kNow);
    EXPECT_FALSE(schedule.take(kNow)) << "it is running";
    EXPECT_TRUE(schedule.take_again("a", kNow));
    EXPECT_FALSE(schedule.take_again("a", kNow)) << "once";
    schedule.add("a", kNow + 5s);
    EXPECT_FALSE(schedule.take_again("a", kNow)) << "not due yet";
    schedule.ended("a", kNow + 9s);
    EXPECT_EQ(schedule.next(), kNow + 5s);
    EXPECT_EQ(schedule.take(kNow + 5s), "a");
    schedule.ended("a", std::nullopt);
    EXPECT_EQ(schedule.size(), 0U);
}

TEST(Schedule, OneThatIsDownWaitsForAGrowingWhile) {
    Schedule schedule({.first = 30s, .most = 100s});
    auto now = kNow;
    for (const auto wanted : {30s, 60s, 100s, 100s}) {
        schedule.add("a", now);
        EXPECT_EQ(schedule.take(now), "a");
        schedule.is_down("a", now);
        schedule.ended("a", now);
        schedule.add("a", now); // new mail does not try it sooner
        EXPECT_EQ(schedule.next(), now + wanted);
        EXPECT_EQ(schedule.down_until("a"), now + wanted);
        EXPECT_FALSE(schedule.take(now + wanted - 1s));
        now += wanted;
    }
    EXPECT_EQ(schedule.take(now), "a");
    schedule.is_up("a");
    schedule.ended("a", std::nullopt);
    EXPECT_FALSE(schedule.down_until("a"));
    schedule.add("a", now);
    EXPECT_EQ(schedule.take(now), "a");
}

TEST(Schedule, OneThatIsDownIsRememberedWithoutMail) {
    Schedule schedule;
    schedule.add("a", kNow);
    schedule.take(kNow);
    schedule.is_down("a", kNow);
    schedule.ended("a", std::nullopt);
    EXPECT_FALSE(schedule.next());
    schedule.add("a", kNow);
    EXPECT_EQ(schedule.next(), kNow + 30s);
}

TEST(Schedule, ASuspendedOneWaits) {
    Schedule schedule;
    schedule.suspend("a", kNow + 1h);
    schedule.add("a", kNow);
    schedule.add("b", kNow);
    EXPECT_EQ(all_of(schedule, kNow + 59min), "b ");
    schedule.suspend("a", {});
    EXPECT_EQ(all_of(schedule, kNow), "a ");
}

} // namespace
} // namespace maild::sender
