#include "support/fake_clock.hpp"

#include "maild/auth/login_guard.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;
using Denial = LoginGuard::Denial;

class LoginGuardTest : public ::testing::Test {
protected:
    static LoginGuard::Attempt attempt(const std::string& from, const std::string& account) {
        return {.from = net::parse_ip(from), .account = account};
    }
    LoginGuard::Failure fail(const std::string& from, const std::string& account) {
        auto turn = guard_.admit(attempt(from, account));
        EXPECT_TRUE(turn.has_value()) << from << " " << account;
        return turn ? turn->failed() : LoginGuard::Failure{};
    }
    // Failures at accounts of their own, so that only the network counts.
    LoginGuard::Failure fail_often(const std::string& from, int times) {
        LoginGuard::Failure last;
        for (int i = 0; i < times; ++i) last = fail(from, "victim" + std::to_string(++victims_));
        return last;
    }
    std::string said(const std::string& from, const std::string& account) {
        const auto turn = guard_.admit(attempt(from, account));
        if (turn) return "turn";
        switch (turn.error()) {
        case Denial::wait: return "wait";
        case Denial::later: return "later";
        case Denial::turned_away: return "turned away";
        }
        return "?";
    }

    test::FakeClock clock_;
    test::SeededRandom random_{1};
    LoginGuard guard_{clock_,
                      random_,
                      {.failure_delay_max = 8s,
                       .ban_after = 16,
                       .ban_time = 15min,
                       .trusted = {*net::parse_network("10.0.0.0/8")}}};
    int victims_ = 0;
};

TEST_F(LoginGuardTest, ForgetsAndCountsWhatItDid) {
    EXPECT_EQ(fail_often("192.0.2.1", 11).delay, 1s);
    EXPECT_EQ(guard_.delayed(), 1U);
    EXPECT_TRUE(guard_.forget_network(*net::parse_ip("192.0.2.1")));
    EXPECT_FALSE(guard_.forget_network(*net::parse_ip("192.0.2.1")));
    EXPECT_EQ(fail_often("192.0.2.1", 10).delay, 0ms);
    for (int i = 0; i < 11; ++i) (void)fail("192.0.2." + std::to_string(10 + i), "ada");
    EXPECT_EQ(guard_.delayed(), 2U);
    EXPECT_EQ(said("192.0.2.99", "ada"), "later");
    EXPECT_TRUE(guard_.forget_account("ada"));
    EXPECT_FALSE(guard_.forget_account("ada"));
    EXPECT_EQ(said("192.0.2.99", "ada"), "turn");
    EXPECT_EQ(guard_.turned_away(), 0U);
    (void)fail_often("192.0.2.1", 6);
    EXPECT_EQ(said("192.0.2.1", "x"), "turned away");
    EXPECT_EQ(guard_.turned_away(), 1U);
}

TEST_F(LoginGuardTest, HasNoLimitsWithTheGreatestOnes) {
    auto limits = guard_.limits();
    limits.failures_allowed = limits.ban_after = UINT32_MAX;
    guard_.set_limits(limits);
    const auto last = fail_often("192.0.2.1", 300);
    EXPECT_EQ(last.delay, 0ms);
    EXPECT_FALSE(last.ban.has_value());
}

TEST_F(LoginGuardTest, TheDelayGrowsAndThenTheNetworkIsBanned) {
    EXPECT_EQ(fail_often("192.0.2.1", 10).delay, 0ms);
    for (const auto want : {1s, 2s, 4s, 8s, 8s}) {
        const auto failure = fail_often("192.0.2.1", 1);
        EXPECT_EQ(failure.delay, want);
        EXPECT_FALSE(failure.ban.has_value());
    }
    const auto last = fail_often("192.0.2.1", 1);
    ASSERT_TRUE(last.ban.has_value());
    EXPECT_EQ(last.failures, 16U);
    EXPECT_EQ(last.ban->network, *net::parse_network("192.0.2.1"));
    EXPECT_EQ(last.ban->until, clock_.now() + 15min);
    EXPECT_EQ(said("192.0.2.1", "bob"), "turned away");
    EXPECT_EQ(said("192.0.2.2", "bob"), "turn") << "another address does not notice";
    clock_.advance(15min);
    EXPECT_EQ(said("192.0.2.1", "bob"), "turn");
    EXPECT_EQ(fail_often("192.0.2.1", 1).failures, 1U) << "it begins anew";
}

TEST_F(LoginGuardTest, WhatIsOneNetwork) {
    const struct {
        const char* name;
        const char* guesses;
        const char* also;
        bool is_same;
    } cases[] = {
        {"one IPv4 address", "192.0.2.1", "192.0.2.2", false},
        {"IPv4 within IPv6", "192.0.2.3", "::ffff:192.0.2.3", true},
        {"an IPv6 /64", "2001:db8::1", "2001:db8::ffff:1", true},
        {"its neighbour", "2001:db8:0:1::1", "2001:db8:0:2::1", false},
    };
    for (const auto& c : cases) {
        EXPECT_TRUE(fail_often(c.guesses, 16).ban.has_value()) << c.name;
        EXPECT_EQ(said(c.also, "bob"), c.is_same ? "turned away" : "turn") << c.name;
    }
}

TEST_F(LoginGuardTest, SlowGuessesAreNotCountedTogether) {
    for (int i = 0; i < 40; ++i) {
        EXPECT_FALSE(fail_often("192.0.2.1", 1).ban.has_value()) << i;
        clock_.advance(2min);
    }
}

TEST_F(LoginGuardTest, TrustedNetworksAndUnixSocketsAreNeverCounted) {
    for (int i = 0; i < 50; ++i) {
        EXPECT_EQ(fail("10.1.2.3", "ada").delay, 0ms);
        EXPECT_EQ(fail("local", "ada").delay, 0ms);
    }
    guard_.bans().put({.network = *net::parse_network("10.0.0.0/8"), .reason = "by mistake"});
    EXPECT_EQ(guard_.find_ban(attempt("10.1.2.3", "ada")), nullptr);
    EXPECT_EQ(said("10.1.2.3", "ada"), "turn");
    EXPECT_EQ(said("192.0.2.1", "ada"), "turn") << "nor is the account slowed";
}

TEST_F(LoginGuardTest, ANetworkHasAFewTurnsAtOnce) {
    std::vector<LoginGuard::Turn> turns;
    for (std::uint32_t i = 0; i < LoginGuard::kTurns; ++i) {
        auto turn = guard_.admit(attempt("192.0.2.1", "user" + std::to_string(i)));
        ASSERT_TRUE(turn.has_value());
        turns.push_back(std::move(*turn));
    }
    EXPECT_EQ(said("192.0.2.1", "ada"), "wait");
    EXPECT_EQ(said("192.0.2.2", "ada"), "turn");
    turns.pop_back();
    EXPECT_EQ(said("192.0.2.1", "ada"), "turn");
    turns.clear();
    fail_often("192.0.2.1", 10);
    turns.push_back(*guard_.admit(attempt("192.0.2.1", "ada")));
    EXPECT_EQ(said("192.0.2.1", "bob"), "wait") << "one by one, behind so many failures";
}

TEST_F(LoginGuardTest, AnAccountThatManyGuessAtIsTriedNowAndThen) {
    guard_.remember(attempt("198.51.100.7", "ada"));
    const auto from = [](int i) { return "203.0.113." + std::to_string(i); };
    for (int i = 0; i < 10; ++i) EXPECT_EQ(fail(from(i), "ada").delay, 0ms) << i;
    EXPECT_EQ(fail(from(10), "ada").delay, 1s);
    EXPECT_EQ(said(from(11), "ada"), "later");
    EXPECT_EQ(said(from(11), "bob"), "turn") << "the network did nothing";
    clock_.advance(1s);
    EXPECT_EQ(fail(from(11), "ada").delay, 2s);
    clock_.advance(1s);
    EXPECT_EQ(said(from(12), "ada"), "later");
    EXPECT_EQ(said("198.51.100.7", "ada"), "turn") << "its owner is not locked out";
    EXPECT_EQ(said("198.51.100.8", "ada"), "later");
    clock_.advance(20min);
    EXPECT_EQ(said(from(12), "ada"), "turn");
}

TEST_F(LoginGuardTest, ATurnThatDecidesNothingCountsNothing) {
    for (int i = 0; i < 50; ++i) EXPECT_EQ(said("192.0.2.1", "ada"), "turn");
    EXPECT_EQ(fail("192.0.2.1", "ada").failures, 1U);
}

TEST_F(LoginGuardTest, NamesWhoFailedAndIsNotBanned) {
    fail_often("192.0.2.1", 16);
    fail_often("2001:db8::1", 2);
    clock_.advance(1min);
    fail_often("192.0.2.2", 1);
    const auto suspects = guard_.suspects(9);
    ASSERT_EQ(suspects.size(), 2U);
    EXPECT_EQ(net::format_network(suspects[0].network), "192.0.2.2");
    EXPECT_EQ(net::format_network(suspects[1].network), "2001:db8::/64");
    EXPECT_EQ(suspects[1].failures, 2U);
    EXPECT_EQ(suspects[1].last, clock_.now() - 1min);
    EXPECT_EQ(guard_.suspects(1).size(), 1U);
}

TEST_F(LoginGuardTest, NewLimitsHoldAtOnce) {
    fail_often("192.0.2.1", 5);
    auto limits = guard_.limits();
    limits.failures_allowed = 5;
    limits.ban_after = 7;
    guard_.set_limits(limits);
    EXPECT_EQ(fail_often("192.0.2.1", 1).delay, 1s);
    EXPECT_TRUE(fail_often("192.0.2.1", 1).ban.has_value());
}

} // namespace
} // namespace maild::auth
