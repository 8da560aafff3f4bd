#include "support/fake_clock.hpp"
#include "support/streams.hpp"

#include "maild/net/gate.hpp"
#include "maild/net/places.hpp"
#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {
namespace {

using namespace std::chrono_literals;

constexpr GateLimits kOfAGate{.sessions = 10'000, .sessions_per_peer = 10'000, .newcomers = 10'000};

Task<void> settle(Gate& gate, bool& is_done) {
    co_await gate.settle(20s);
    is_done = true;
}

// Services of one process. Who is told to make room is counted, and leaves when leave() is called.
class PlacesTest : public testing::Test {
protected:
    Gate& gate(const std::string& service) {
        auto& made = gates_[service];
        if (!made) {
            made = std::make_unique<Gate>(service, kOfAGate, clock_);
            made->share(places);
        }
        return *made;
    }
    bool come(const std::string& service) {
        return keep(service, gate(service).admit("192.0.2." + std::to_string(++peer_ % 250)));
    }
    bool come_from(const std::string& service, std::string_view peer,
                   std::optional<unsigned> uid = std::nullopt) {
        return keep(service, gate(service).admit(peer, uid));
    }
    bool keep(const std::string& service, Result<Gate::Pass> pass) {
        if (!pass) return false;
        auto& kept = passes_.emplace_back(std::make_unique<Gate::Pass>(std::move(*pass)));
        kept->on_stop([this, service, it = kept.get()](StopReason reason) {
            EXPECT_EQ(reason, StopReason::crowded_out);
            if (finishes) it->set_finishing();
            told += (told.empty() ? "" : " ") + service;
            leaving_.push_back(it);
        });
        return true;
    }
    bool log_in(const std::string& service) {
        if (!come(service)) return false;
        passes_.back()->set_account(AccountId(1), "ada@example.org", {});
        return true;
    }
    void leave() {
        for (const auto* gone : std::exchange(leaving_, {}))
            std::erase_if(passes_, [gone](const auto& pass) { return pass.get() == gone; });
    }
    std::string told_now() { return std::exchange(told, {}); }
    // The sessions that came last end by themselves.
    void hang_up(std::size_t count) { passes_.resize(passes_.size() - count); }
    Gate::Pass& last() { return *passes_.back(); }
    void hang_up_all() { passes_.clear(); }

    boost::asio::io_context io;
    Places places{{.sessions = 40, .newcomers = 10, .kept = 2}};
    std::string told;
    bool finishes = false; // who is told, something first

private:
    test::FakeClock clock_;
    std::map<std::string, std::unique_ptr<Gate>> gates_;
    std::vector<std::unique_ptr<Gate::Pass>> passes_;
    std::vector<Gate::Pass*> leaving_;
    int peer_ = 0;
};

TEST_F(PlacesTest, CrowdOutOfTheServiceThatHasMostNewcomers) {
    for (int i = 0; i < 6; ++i) EXPECT_TRUE(come("imap"));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(come("pop3"));
    EXPECT_EQ(told, "");
    EXPECT_TRUE(come("smtp"));
    EXPECT_EQ(told_now(), "imap");
    EXPECT_TRUE(come("imap"));
    EXPECT_EQ(told_now(), "imap");
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(come("smtp"));
    EXPECT_EQ(told_now(), "imap imap pop3") << "those with most, as they become less";
}

// 62 of 64 have logged in: two places are free, and whoever comes has the time to log in, too.
TEST_F(PlacesTest, LeaveNewcomersTheirTimeWhileAPlaceIsFree) {
    int short_of = 0;
    places.on_short([&] { ++short_of; });
    places.set_limits({.sessions = 64, .newcomers = 32, .kept = 0});
    for (int i = 0; i < 62; ++i) ASSERT_TRUE(log_in("imap"));
    for (int i = 0; i < 50; ++i) {
        EXPECT_TRUE(come("imap"));
        auto& first = last();
        EXPECT_TRUE(come("smtp"));
        EXPECT_FALSE(first.is_stopping()) << i;
        first.set_proven();
        hang_up(2);
    }
    EXPECT_EQ(told, "");
    EXPECT_EQ(short_of, 0) << "nobody was sent away";
    EXPECT_TRUE(come("imap"));
    EXPECT_TRUE(come("smtp"));
    EXPECT_FALSE(come("smtp")) << "all is full until the first of them has left";
    EXPECT_EQ(told_now(), "imap");
    EXPECT_EQ(short_of, 2) << "one told to go and one refused";
    leave();
    EXPECT_TRUE(come("smtp"));
}

// What is left is less than what is left free for those who come while others leave.
TEST_F(PlacesTest, GiveNewcomersAllThatIsLeft) {
    places.set_limits({.sessions = 5'000, .newcomers = 2'500, .kept = 208});
    for (int i = 0; i < 4'850; ++i) ASSERT_TRUE(log_in("imap"));
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(come("imap"));
    EXPECT_EQ(told, "");
    EXPECT_FALSE(places.has_room(gate("imap")));
    EXPECT_FALSE(come("imap"));
    EXPECT_EQ(told_now(), "imap");
}

// Who sends mail to this host, and then does nothing more, may have any place that nobody wants.
TEST_F(PlacesTest, StrangersMakeRoomWhenNothingIsLeft) {
    places.set_limits({.sessions = 100, .newcomers = 50, .strangers = 25, .kept = 2});
    ASSERT_TRUE(log_in("smtp"));
    for (int i = 0; i < 98; ++i) {
        ASSERT_TRUE(come_from("smtp", "203.0.113." + std::to_string(i % 5))) << i;
        last().set_proven();
        last().set_proven();
    }
    EXPECT_EQ(gate("smtp").strangers(), 98U) << "who has an account is none";
    ASSERT_TRUE(log_in("smtp"));
    const auto told_for = [this](int newcomers) {
        for (int i = 0; i < newcomers; ++i) EXPECT_FALSE(come("smtp"));
        return told_now();
    };
    EXPECT_EQ(told_for(1), "smtp");
    leave();
    EXPECT_TRUE(log_in("smtp"));
    finishes = true;
    const auto told_of_those = told_for(40);
    EXPECT_EQ(std::ranges::count(told_of_those, ' ') + 1, 18) << "a quarter of what is too much";
    EXPECT_FALSE(places.has_room(gate("smtp")));
    leave();
    for (int i = 0; i < 200; ++i) {
        come("imap");
        leave();
        while (log_in("imap")) continue;
    }
    EXPECT_EQ(gate("smtp").strangers(), 25U) << "so many stay";
    hang_up_all();
    EXPECT_EQ(gate("smtp").strangers(), 0U);
}

// Or none of those who come to log in ever would.
TEST_F(PlacesTest, FewNewcomersStayWhereStrangersCanGo) {
    places.set_limits({.sessions = 100, .newcomers = 50, .strangers = 25, .kept = 0});
    for (int i = 0; i < 99; ++i) {
        ASSERT_TRUE(come("smtp")) << i;
        last().set_proven();
    }
    ASSERT_TRUE(come("imap"));
    auto& first = last();
    for (int i = 0; i < 60; ++i) {
        bool is_settled = false;
        spawn(io, settle(gate("imap"), is_settled), "settle");
        io.restart();
        io.poll();
        EXPECT_FALSE(is_settled) << "who was told goes at once";
        leave();
        io.poll();
        EXPECT_TRUE(is_settled);
        ASSERT_TRUE(log_in("imap")) << i;
        EXPECT_EQ(told_now(), "smtp");
    }
    EXPECT_FALSE(first.is_stopping());
}

TEST_F(PlacesTest, WhatIsKeptForAServiceIsItsStrangers) {
    places.set_limits({.sessions = 20, .newcomers = 20, .strangers = 0, .kept = 6});
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(come("local"));
        last().set_proven();
    }
    while (log_in("imap")) continue;
    EXPECT_FALSE(come("imap"));
    EXPECT_EQ(told, "");
    EXPECT_EQ(gate("local").strangers(), 5U);
}

// Done with its mail it is a newcomer, until it has another one; and RFC 8437, who logs out is one.
TEST_F(PlacesTest, StrangersAreNewcomersAgain) {
    ASSERT_TRUE(come("smtp"));
    auto& pass = last();
    const auto counts = [this] {
        return std::pair(gate("smtp").newcomers(), gate("smtp").strangers());
    };
    using Counts = decltype(counts());
    pass.set_newcomer();
    EXPECT_EQ(counts(), Counts(1, 0));
    pass.set_proven();
    EXPECT_EQ(counts(), Counts(0, 1));
    pass.set_newcomer();
    EXPECT_EQ(counts(), Counts(1, 0));
    pass.set_account(AccountId(1), "ada@example.org", {});
    pass.set_proven();
    EXPECT_EQ(counts(), Counts(0, 0));
    pass.set_nobody();
    EXPECT_EQ(counts(), Counts(1, 0));
    pass.set_trusted();
    pass.set_newcomer();
    EXPECT_EQ(counts(), Counts(0, 0));
}

// One user who opens as many as he can to the socket of this host's programs, or over loopback.
TEST_F(PlacesTest, UsersOfThisHostMakeRoomAsOthersDo) {
    places.set_limits({.sessions = 64, .newcomers = 32, .kept = 4});
    for (const bool is_local : {true, false}) {
        EXPECT_TRUE(come_from("local", "local", 1001));
        const auto& other = last();
        for (int i = 0; i < 40; ++i) {
            if (is_local)
                EXPECT_TRUE(come_from("local", "local", 1000));
            else
                EXPECT_TRUE(come_from("local", "127.0.0." + std::to_string(i + 1)));
        }
        EXPECT_FALSE(other.is_stopping()) << "he came first, but is none of the many";
        leave();
        EXPECT_EQ(gate("local").count(), 32U);
        told.clear();
        for (int i = 0; i < 10; ++i) {
            EXPECT_TRUE(come("imap"));
            EXPECT_EQ(told_now(), "local");
            leave();
        }
        hang_up_all();
    }
}

// Idle clients of two services, none of which has too many by itself.
TEST_F(PlacesTest, LeaveRoomForAServiceWhenOthersAreCrowded) {
    places.set_limits({.sessions = 5'000, .newcomers = 2'500, .kept = 78});
    gate("smtp"); // it is there, though nobody has come
    for (int i = 0; i < 2'500; ++i) {
        EXPECT_TRUE(come("imap"));
        EXPECT_TRUE(come("pop3"));
        leave();
    }
    EXPECT_EQ(gate("imap").count() + gate("pop3").count(), 2'500U);
    EXPECT_TRUE(come("smtp"));
}

TEST_F(PlacesTest, AreKeptForEachServiceWhateverOthersTake) {
    gate("smtp");
    while (log_in("imap")) {
    }
    EXPECT_EQ(gate("imap").count(), 38U);
    EXPECT_FALSE(come("imap"));
    EXPECT_TRUE(log_in("smtp"));
    EXPECT_TRUE(come("smtp"));
    EXPECT_FALSE(come("smtp")) << "the second has not left yet";
    EXPECT_EQ(told_now(), "smtp");
    leave();
    EXPECT_TRUE(come("smtp"));
    EXPECT_FALSE(log_in("imap"));
    EXPECT_EQ(told_now(), "") << "nobody of another service's own";
}

TEST_F(PlacesTest, KeepAtMostHalfOfThemselves) {
    places.set_limits({.sessions = 40, .newcomers = 40, .kept = 30});
    for (const auto* service : {"smtp", "pop3", "submission"}) gate(service);
    while (log_in("imap")) {
    }
    EXPECT_EQ(gate("imap").count(), 25U) << "five are kept for each of the others";
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(log_in("smtp"));
    EXPECT_FALSE(log_in("smtp"));
}

// Connections of a proxy that has not said yet whose they are.
TEST_F(PlacesTest, CountWhoIsComing) {
    auto& imap = gate("imap");
    std::vector<Gate::Coming> coming;
    for (int i = 0; i < 9; ++i) coming.emplace_back(imap);
    EXPECT_TRUE(places.has_room(imap));
    coming.emplace_back(gate("pop3"));
    EXPECT_FALSE(places.has_room(imap)) << "there are ten, as many as newcomers may be";
    EXPECT_TRUE(places.has_place(imap));
    EXPECT_TRUE(come("imap")) << "who comes all the same is admitted";
    EXPECT_EQ(told, "");
    while (coming.size() < 38) coming.emplace_back(imap);
    EXPECT_FALSE(places.has_place(imap));
    coming.clear();
    EXPECT_TRUE(places.has_room(imap));
    EXPECT_EQ(imap.coming(), 0U);
}

TEST_F(PlacesTest, HaveRoomWhileNobodyHasToGo) {
    int short_of = 0;
    places.on_short([&] { ++short_of; });
    auto& imap = gate("imap");
    EXPECT_TRUE(places.has_room(imap));
    for (int i = 0; i < 10; ++i) EXPECT_TRUE(come("imap"));
    EXPECT_FALSE(places.has_room(imap)) << "of newcomers there are enough";
    EXPECT_EQ(short_of, 0);
    EXPECT_TRUE(come("imap"));
    EXPECT_EQ(short_of, 1);
    leave();
    while (log_in("pop3")) {
    }
    EXPECT_FALSE(places.has_room(imap));
    EXPECT_GT(short_of, 1);
}

// One who leaves a place that is kept for another service is not worth waiting for.
TEST_F(PlacesTest, WaitForNobodyWhosePlaceIsKeptForAnother) {
    places.set_limits({.sessions = 12, .newcomers = 3, .strangers = 100, .kept = 3});
    gate("smtp").set_limits({.sessions = 10'000, .sessions_per_peer = 10'000, .newcomers = 1});
    ASSERT_TRUE(come("smtp"));
    ASSERT_TRUE(come("smtp")); // the first one is told to go
    EXPECT_EQ(told_now(), "smtp");
    while (log_in("imap")) continue;
    told.clear();
    bool is_settled = false;
    spawn(io, settle(gate("imap"), is_settled), "settle");
    io.poll();
    EXPECT_TRUE(is_settled);
}

// All have logged in but for one, who is told to make room for who waits.
TEST_F(PlacesTest, SettleWhileANewcomerOfAnotherServiceLeaves) {
    places.set_limits({.sessions = 40, .newcomers = 40, .kept = 0});
    for (int i = 0; i < 20; ++i) EXPECT_TRUE(log_in("imap"));
    EXPECT_TRUE(come("smtp"));
    while (log_in("imap")) leave();
    EXPECT_EQ(gate("smtp").count(), 0U) << "newcomers make room even before all is taken";
    places.set_limits({.sessions = 41, .newcomers = 41, .kept = 0});
    EXPECT_TRUE(come("smtp"));
    bool is_settled = false;
    told.clear();
    spawn(io, settle(gate("imap"), is_settled), "settle");
    io.poll();
    EXPECT_EQ(told, "smtp");
    EXPECT_FALSE(is_settled);
    leave();
    test::run_until(io, [&] { return is_settled; });
    EXPECT_TRUE(log_in("imap"));
}

} // namespace
} // namespace maild::net
