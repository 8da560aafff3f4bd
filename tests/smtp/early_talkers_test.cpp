#include "support/fake_clock.hpp"

#include "maild/smtp/early_talkers.hpp"

#include <gtest/gtest.h>

namespace maild::smtp {
namespace {

net::Peer from(std::string address) {
    net::Peer peer;
    peer.address = std::move(address);
    return peer;
}

net::Peer number(unsigned i) {
    return from("10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                std::to_string(i & 255));
}

TEST(EarlyTalkers, KnowsWhoHasWaited) {
    test::FakeClock clock;
    EarlyTalkers talkers(clock);
    EXPECT_TRUE(talkers.must_wait(from("192.0.2.1")));
    talkers.passed(from("192.0.2.1"));
    EXPECT_FALSE(talkers.must_wait(from("192.0.2.1")));
    EXPECT_TRUE(talkers.must_wait(from("192.0.2.2")));
    talkers.passed(from("2001:db8::1"));
    EXPECT_FALSE(talkers.must_wait(from("2001:db8::2"))) << "one customer's /64";
    EXPECT_TRUE(talkers.must_wait(from("2001:db8:0:1::1")));
}

TEST(EarlyTalkers, NeverHoldsTrustedHostsUp) {
    test::FakeClock clock;
    EarlyTalkers talkers(clock);
    talkers.set_trusted({*net::parse_network("192.0.2.0/24")});
    EXPECT_FALSE(talkers.must_wait(from("192.0.2.9")));
    EXPECT_TRUE(talkers.must_wait(from("192.0.3.9")));
    talkers.set_trusted({});
    EXPECT_TRUE(talkers.must_wait(from("192.0.2.9")));
    EXPECT_FALSE(talkers.must_wait(from("local")));
}

TEST(EarlyTalkers, ForgetsWhoStaysAway) {
    test::FakeClock clock;
    EarlyTalkers talkers(clock);
    talkers.passed(from("192.0.2.1"));
    clock.advance(EarlyTalkers::kTurn);
    EXPECT_FALSE(talkers.must_wait(from("192.0.2.1")));
    talkers.passed(from("192.0.2.2"));
    EXPECT_FALSE(talkers.must_wait(from("192.0.2.1"))) << "within the next day";
    clock.advance(EarlyTalkers::kTurn);
    talkers.passed(from("192.0.2.3"));
    EXPECT_TRUE(talkers.must_wait(from("192.0.2.1")));
    EXPECT_FALSE(talkers.must_wait(from("192.0.2.2")));
    clock.advance(2 * EarlyTalkers::kTurn);
    EXPECT_TRUE(talkers.must_wait(from("192.0.2.3"))) << "though nobody came meanwhile";
    talkers.passed(from("192.0.2.4"));
    EXPECT_EQ(talkers.known(), 1U);
}

TEST(EarlyTalkers, KnowsNoMoreThanItHasRoomFor) {
    test::FakeClock clock;
    EarlyTalkers talkers(clock, 100);
    for (unsigned i = 0; i < 10'000; ++i) {
        talkers.passed(number(i));
        ASSERT_LE(talkers.known(), 100U);
    }
    EXPECT_FALSE(talkers.must_wait(number(9'999)));
    EXPECT_FALSE(talkers.must_wait(number(9'960)));
    EXPECT_TRUE(talkers.must_wait(number(9'000)));
}

} // namespace
} // namespace maild::smtp
