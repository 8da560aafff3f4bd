#include "support/fake_clock.hpp"

#include "maild/auth/ban_list.hpp"

#include <gtest/gtest.h>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;

net::Network network(const char* text) { return net::parse_network(text).value(); }
net::IpAddress ip(const char* text) { return net::parse_ip(text).value(); }

class BanListTest : public ::testing::Test {
protected:
    bool is_banned(const char* address) { return bans_.find(ip(address), now()) != nullptr; }
    WallTime now() const { return clock_.now(); }
    std::chrono::seconds ban(const char* text) {
        const auto& ban = bans_.add(network(text), "why", now(), limits_);
        return std::chrono::duration_cast<std::chrono::seconds>(*ban.until - now());
    }
    test::FakeClock clock_;
    LoginLimits limits_{.ban_time = 10min, .ban_time_max = 1h};
    BanList bans_;
};

TEST_F(BanListTest, HoldsForTheNetworkAndNobodyElse) {
    const struct {
        const char* banned;
        const char* inside;
        const char* outside;
    } cases[] = {
        {"192.0.2.1", "192.0.2.1", "192.0.2.2"},
        {"192.0.2.0/24", "192.0.2.255", "192.0.3.0"},
        {"192.0.2.1", "::ffff:192.0.2.1", "::192.0.2.1"},
        {"2001:db8:0:1::/64", "2001:db8:0:1:ffff::1", "2001:db8:0:2::1"},
        {"2001:db8::/32", "2001:db8:ffff::1", "2001:db9::1"},
    };
    for (const auto& c : cases) {
        bans_ = BanList();
        bans_.put({.network = network(c.banned)});
        EXPECT_TRUE(is_banned(c.inside)) << c.banned;
        EXPECT_FALSE(is_banned(c.outside)) << c.banned;
        EXPECT_TRUE(bans_.remove(network(c.banned)));
        EXPECT_FALSE(bans_.remove(network(c.banned)));
        EXPECT_FALSE(is_banned(c.inside)) << c.banned;
    }
}

TEST_F(BanListTest, EndsByItself) {
    ban("192.0.2.1");
    clock_.advance(10min - 1ms);
    EXPECT_TRUE(is_banned("192.0.2.1"));
    EXPECT_EQ(bans_.in_force(now()).size(), 1U);
    clock_.advance(1ms);
    EXPECT_FALSE(is_banned("192.0.2.1"));
    EXPECT_TRUE(bans_.in_force(now()).empty());
    EXPECT_EQ(bans_.size(), 1U) << "remembered";
}

TEST_F(BanListTest, EachOneInARowIsLonger) {
    for (const auto want : {10min, 20min, 40min, 60min, 60min}) {
        EXPECT_EQ(ban("192.0.2.1"), want);
        clock_.advance(want + 59min);
    }
    clock_.advance(2min);
    EXPECT_EQ(ban("192.0.2.1"), 10min) << "the last one was over for an hour";
    EXPECT_EQ(ban("192.0.2.2"), 10min);
}

TEST_F(BanListTest, ManyInARowDoNotOverflow) {
    bans_.put({.network = network("192.0.2.1"), .until = now(), .count = UINT32_MAX - 1});
    EXPECT_EQ(ban("192.0.2.1"), 1h);
}

TEST_F(BanListTest, AnAdminsStaysUntilItIsTakenBack) {
    bans_.put({.network = network("192.0.2.0/24"), .since = now(), .is_by_admin = true});
    clock_.advance(24h * 3650);
    EXPECT_TRUE(is_banned("192.0.2.7"));
    EXPECT_FALSE(bans_.forget_before(now()));
}

TEST_F(BanListTest, ForgetsOldOnes) {
    ban("192.0.2.1");
    clock_.advance(1h);
    ban("192.0.2.2");
    EXPECT_FALSE(bans_.forget_before(now() - 1h));
    EXPECT_TRUE(bans_.forget_before(now()));
    EXPECT_EQ(bans_.size(), 1U);
    EXPECT_TRUE(is_banned("192.0.2.2"));
}

TEST_F(BanListTest, FullOfBansTheFirstToEndGoes) {
    bans_ = BanList(2);
    bans_.put({.network = network("198.51.100.0/24"), .is_by_admin = true});
    ban("192.0.2.1");
    clock_.advance(1min);
    ban("192.0.2.2");
    EXPECT_EQ(bans_.size(), 2U);
    EXPECT_FALSE(is_banned("192.0.2.1"));
    EXPECT_TRUE(is_banned("192.0.2.2"));
    EXPECT_TRUE(is_banned("198.51.100.1"));
}

TEST_F(BanListTest, ListsTheYoungestFirst) {
    ban("192.0.2.1");
    clock_.advance(1min);
    ban("2001:db8::/64");
    const auto list = bans_.in_force(now());
    ASSERT_EQ(list.size(), 2U);
    EXPECT_EQ(list[0].network, network("2001:db8::/64"));
    EXPECT_EQ(list[1].network, network("192.0.2.1"));
}

} // namespace
} // namespace maild::auth
