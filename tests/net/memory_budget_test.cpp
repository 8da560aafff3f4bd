#include "support/fake_clock.hpp"

#include "maild/net/memory_budget.hpp"
#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace maild::net {
namespace {

using namespace std::chrono_literals;
using Lease = MemoryBudget::Lease;

constexpr std::size_t kMiB = 1024 * 1024;

// Coroutines that wait for a budget of 80 MiB, of which 75 are for large mail.
class Budget : public ::testing::Test {
protected:
    // What is granted is written down by name.
    void ask(Lease& lease, std::string name, std::size_t size, std::size_t most,
             std::chrono::milliseconds patience = 10s) {
        spawn(io, wait(lease, std::move(name), size, most, patience), "wait");
        turn();
    }
    Task<void> wait(Lease& lease, std::string name, std::size_t size, std::size_t most,
                    std::chrono::milliseconds patience) {
        const bool is_granted = co_await lease.wait_for(size, most, patience);
        granted += (granted.empty() ? "" : " ") + name + (is_granted ? "" : "!");
    }
    void turn() {
        io.restart();
        io.poll();
    }
    // Until so many words are there: the look at stalled claims is one of real time.
    void run_until(std::string_view wanted) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (granted != wanted && std::chrono::steady_clock::now() < end) {
            io.restart();
            io.run_one_for(1s);
        }
        EXPECT_EQ(granted, wanted);
    }

    test::FakeClock clock;
    boost::asio::io_context io;
    MemoryBudget budget{80 * kMiB, clock};
    std::string granted;
};

TEST_F(Budget, HasAPartForSmallMail) {
    Lease large(budget);
    EXPECT_FALSE(large.grow_to(75 * kMiB + 1));
    EXPECT_TRUE(large.grow_to(75 * kMiB));
    std::deque<Lease> small;
    for (std::size_t held = 0; held < 5 * kMiB; held += MemoryBudget::kSmall)
        EXPECT_TRUE(small.emplace_back(budget).grow_to(MemoryBudget::kSmall));
    EXPECT_EQ(budget.used(), budget.limit());
    EXPECT_FALSE(small.emplace_back(budget).grow_to(1));
    large.shrink_to(0);
    EXPECT_TRUE(small.back().grow_to(1)) << "what large mail leaves is for everybody";
    small.clear();
    EXPECT_EQ(budget.used(), 0U);
}

TEST_F(Budget, ChangesNothingWhenItRefuses) {
    Lease first(budget);
    Lease second(budget);
    ASSERT_TRUE(first.grow_to(60 * kMiB));
    ASSERT_TRUE(second.grow_to(1000));
    EXPECT_FALSE(second.grow_to(16 * kMiB));
    EXPECT_EQ(second.size(), 1000U);
    EXPECT_EQ(budget.used(), 60 * kMiB + 1000);
    EXPECT_TRUE(second.grow_to(15 * kMiB));
}

TEST_F(Budget, MovesWithItsLease) {
    Lease first(budget);
    ASSERT_TRUE(first.grow_to(60 * kMiB));
    {
        Lease second(std::move(first));
        EXPECT_EQ(second.size(), 60 * kMiB);
        EXPECT_TRUE(second.grow_to(61 * kMiB));
        EXPECT_EQ(budget.used(), 61 * kMiB);
    }
    EXPECT_EQ(budget.used(), 0U);
}

TEST_F(Budget, CountsClaims) {
    Lease first(budget);
    Lease second(budget);
    ask(first, "first", 0, 50 * kMiB);
    EXPECT_EQ(granted, "first");
    EXPECT_EQ(budget.used(), 0U) << "nothing is held yet";
    EXPECT_FALSE(second.grow_to(26 * kMiB));
    EXPECT_TRUE(first.grow_to(50 * kMiB)) << "what was promised is there";
}

TEST_F(Budget, ServesInTheOrderOfArrival) {
    std::deque<Lease> leases;
    for (int i = 0; i < 5; ++i) leases.emplace_back(budget);
    for (std::size_t i = 0; i < 4; ++i) ask(leases[i], std::to_string(i), 0, 40 * kMiB);
    ask(leases[4], "small", 0, 20 * kMiB);
    EXPECT_EQ(granted, "0") << "the last would fit, but others were there before";
    EXPECT_FALSE(Lease(budget).grow_to(20 * kMiB)) << "nor does anybody else overtake them";
    EXPECT_TRUE(Lease(budget).grow_to(1000)) << "small mail waits for nobody";
    for (std::size_t i = 0; i < 4; ++i) {
        leases[i].shrink_to(0);
        turn();
    }
    EXPECT_EQ(granted, "0 1 2 3 small");
    EXPECT_EQ(budget.waiting(), 0U);
}

TEST_F(Budget, SaysNoWhenTheTimeIsOver) {
    Lease first(budget);
    Lease second(budget);
    ASSERT_TRUE(first.grow_to(60 * kMiB));
    ask(second, "second", 0, 50 * kMiB, 50ms);
    run_until("second!");
    EXPECT_EQ(budget.waiting(), 0U);
    first.shrink_to(0);
    EXPECT_TRUE(second.grow_to(50 * kMiB)) << "later it is welcome";
}

TEST_F(Budget, SaysNoAtOnceToWhatNeverFits) {
    Lease lease(budget);
    ask(lease, "lease", 0, budget.largest() + 1, 1h);
    EXPECT_EQ(granted, "lease!");
}

// A peer who announces much and sends nothing.
TEST_F(Budget, CountsOnlyWhatIsHeldByWhoHasStalled) {
    Lease stalled(budget);
    Lease next(budget);
    ask(stalled, "stalled", 1 * kMiB, 50 * kMiB);
    clock.advance(MemoryBudget::kStall - 1ms);
    EXPECT_FALSE(next.grow_to(50 * kMiB));
    ask(next, "next", 0, 50 * kMiB);
    EXPECT_EQ(granted, "stalled");
    clock.advance(1ms);
    run_until("stalled next");
    EXPECT_FALSE(stalled.grow_to(50 * kMiB)) << "its promise went to another";
    EXPECT_TRUE(next.grow_to(50 * kMiB));
    ask(stalled, "again", 2 * kMiB, 50 * kMiB);
    EXPECT_EQ(granted, "stalled next");
    next.shrink_to(0);
    turn();
    EXPECT_EQ(granted, "stalled next again");
    EXPECT_TRUE(stalled.grow_to(50 * kMiB));
}

TEST_F(Budget, WhoGrowsHasNotStalled) {
    Lease slow(budget);
    Lease next(budget);
    ask(slow, "slow", 0, 50 * kMiB);
    for (std::size_t kib = 1; kib < 20; ++kib) {
        clock.advance(MemoryBudget::kStall - 1ms);
        ASSERT_TRUE(slow.grow_to(kib * 1024));
        EXPECT_FALSE(next.grow_to(50 * kMiB));
    }
}

// Who holds something goes before those who hold nothing: they may be waiting for just that.
TEST_F(Budget, LetsFinishWhoHasBegun) {
    Lease begun(budget);
    Lease other(budget);
    Lease newcomer(budget);
    ask(begun, "begun", 20 * kMiB, 20 * kMiB);
    ask(other, "other", 30 * kMiB, 30 * kMiB);
    ask(newcomer, "newcomer", 0, 40 * kMiB);
    ask(begun, "more", 30 * kMiB, 40 * kMiB);
    EXPECT_EQ(granted, "begun other more");
    begun.shrink_to(0);
    turn();
    EXPECT_EQ(granted, "begun other more newcomer");
}

TEST_F(Budget, ForgetsWhoLeavesWhileHeWaits) {
    Lease first(budget);
    ASSERT_TRUE(first.grow_to(60 * kMiB));
    {
        Lease lease(budget);
        boost::asio::io_context other;
        spawn(other, wait(lease, "gone", 0, 50 * kMiB, 10s), "wait");
        other.poll();
        EXPECT_EQ(budget.waiting(), 1U);
    }
    EXPECT_EQ(budget.waiting(), 0U);
    first.shrink_to(0);
    EXPECT_EQ(granted, "");
}

// Peers as they come: large and small, who announce truly, too little or nothing, and who stall and
// come back. Never more than the limit is held, and everybody is served but for those who announce
// too little: two of them may wait for each other, until one has no more patience.
class Crowd : public Budget {
protected:
    struct Peer {
        explicit Peer(MemoryBudget& budget) : lease(budget) {}
        Lease lease;
        std::size_t size = 0;
        std::size_t announced = 0;
        bool is_done = false;
    };

    Task<void> live(std::shared_ptr<Peer> peer, unsigned seed) {
        std::mt19937 random(seed);
        bool is_in = co_await peer->lease.wait_for(0, peer->announced, 1h);
        while (is_in && peer->lease.size() < peer->size) {
            if (random() % 8 == 0) clock.advance(1s);
            const auto next = std::min(peer->size, peer->lease.size() + 1 + random() % (4 * kMiB));
            const bool is_as_announced =
                next <= peer->announced || peer->lease.size() <= MemoryBudget::kSmall;
            const auto most = next <= std::max(peer->announced, MemoryBudget::kSmall)
                                  ? peer->announced
                                  : 60 * kMiB;
            const std::chrono::milliseconds patience = is_as_announced ? 1h : 200ms;
            is_in = co_await peer->lease.wait_for(next, most, patience);
            EXPECT_TRUE(is_in || !is_as_announced);
            EXPECT_LE(budget.used(), budget.limit());
            co_await sleep_for(std::chrono::milliseconds(random() % 2));
        }
        peer->lease.shrink_to(0);
        peer->is_done = true;
    }
};

TEST_F(Crowd, NeverHoldsMoreThanTheLimitAndServesAll) {
    for (unsigned seed = 0; seed < 6; ++seed) {
        std::mt19937 random(seed);
        std::vector<std::shared_ptr<Peer>> peers;
        for (unsigned i = 0; i < 60; ++i) {
            auto& peer = peers.emplace_back(std::make_shared<Peer>(budget));
            peer->size = random() % 2 == 0 ? random() % 5000 : random() % (60 * kMiB);
            const auto kind = random() % 4;
            peer->announced = kind == 0 ? 0 : kind == 1 ? peer->size / 2 : peer->size;
            spawn(io, live(peer, static_cast<unsigned>(random())), "peer");
        }
        io.restart();
        io.run_for(60s);
        for (const auto& peer : peers) EXPECT_TRUE(peer->is_done) << "seed " << seed;
        EXPECT_EQ(budget.used(), 0U);
        EXPECT_EQ(budget.waiting(), 0U);
        if (HasFailure()) break;
    }
}

} // namespace
} // namespace maild::net
