#include "support/fake_clock.hpp"

#include "maild/net/memory_budget.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
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
    void step(Lease& lease, std::string name, std::size_t size, std::size_t most) {
        spawn(io, wait_for_step(lease, std::move(name), size, most), "wait");
        turn();
    }
    Task<void> wait_for_step(Lease& lease, std::string name, std::size_t size, std::size_t most) {
        const bool is_granted = co_await lease.wait_for_step(size, most, 10s);
        granted += (granted.empty() ? "" : " ") + name + (is_granted ? "" : "!");
    }
    Task<void> grow_in_steps(Lease& lease, std::size_t& done) {
        for (std::size_t size = 64 * 1024; size <= 40 * kMiB; size += 256 * 1024) {
            const bool is_granted = co_await lease.wait_for_step(size, 50 * kMiB, 1h);
            EXPECT_TRUE(is_granted);
            EXPECT_LE(budget.used(), budget.limit());
            co_await yield();
        }
        lease.shrink_to(0);
        ++done;
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

TEST_F(Budget, WhoGetsOnHasNotStalled) {
    Lease slow(budget);
    Lease next(budget);
    ask(slow, "slow", 0, 50 * kMiB);
    for (std::size_t i = 1; i < 20; ++i) {
        clock.advance(MemoryBudget::kStall - 1ms);
        ASSERT_TRUE(slow.grow_to(i * MemoryBudget::progress_of(50 * kMiB)));
        EXPECT_FALSE(next.grow_to(50 * kMiB));
    }
    EXPECT_TRUE(slow.grow_to(50 * kMiB - 1000));
    clock.advance(MemoryBudget::kStall - 1ms);
    EXPECT_TRUE(slow.grow_to(50 * kMiB)) << "the rest is progress, however small";
    clock.advance(MemoryBudget::kStall - 1ms);
    EXPECT_FALSE(next.grow_to(50 * kMiB));
}

// An octet now and then must not keep what was announced from everybody.
TEST_F(Budget, WhoHardlyGrowsHasStalled) {
    Lease slow(budget);
    Lease next(budget);
    ask(slow, "slow", 0, 50 * kMiB);
    for (std::size_t kib = 1; kib <= 5; ++kib) {
        EXPECT_FALSE(next.grow_to(50 * kMiB)) << kib;
        clock.advance(MemoryBudget::kStall / 5);
        ASSERT_TRUE(slow.grow_to(kib * 1024));
    }
    EXPECT_TRUE(next.grow_to(50 * kMiB));
    EXPECT_FALSE(slow.grow_to(6 * 1024)) << "its promise went to another";
    EXPECT_EQ(slow.size(), 5U * 1024U);
    next.shrink_to(0);
    EXPECT_TRUE(slow.grow_to(6 * 1024));
    EXPECT_FALSE(next.grow_to(50 * kMiB)) << "admitted again, it has its time again";
}

// 64 KiB in five seconds is progress of a small claim, not of one of 50 MiB: that would take an
// hour.
TEST_F(Budget, WantsMoreProgressOfLargerClaims) {
    Lease slow(budget);
    Lease next(budget);
    ask(slow, "slow", 0, 50 * kMiB);
    for (std::size_t i = 1; i <= 5; ++i) {
        clock.advance(MemoryBudget::kStall / 5);
        ASSERT_TRUE(slow.grow_to(i * MemoryBudget::kProgress));
    }
    EXPECT_TRUE(next.grow_to(50 * kMiB));
    next.shrink_to(0);
    Lease lesser(budget);
    ASSERT_TRUE(lesser.grow_to(1));
    ask(lesser, "lesser", 1, 4 * kMiB);
    for (std::size_t i = 1; i <= 5; ++i) {
        clock.advance(MemoryBudget::kStall - 1ms);
        ASSERT_TRUE(lesser.grow_to(i * MemoryBudget::kProgress));
        EXPECT_FALSE(next.grow_to(72 * kMiB)) << i;
    }
}

// Who lost his claim and comes again does not get all of it back, to lose it again.
TEST_F(Budget, GoesOnInStepsAfterALostClaim) {
    Lease slow(budget);
    Lease next(budget);
    ask(slow, "slow", 1 * kMiB, 50 * kMiB);
    clock.advance(MemoryBudget::kStall);
    ASSERT_TRUE(next.grow_to(50 * kMiB));
    next.shrink_to(0);
    ask(slow, "again", 1 * kMiB + 1, 50 * kMiB);
    EXPECT_EQ(granted, "slow again");
    EXPECT_TRUE(next.grow_to(72 * kMiB)) << "at once";
}

// Whose size nobody has said: what may come fits, but others get what has not come.
TEST_F(Budget, ClaimsInSteps) {
    std::deque<Lease> unknown;
    for (std::size_t i = 0; i < 10; ++i)
        step(unknown.emplace_back(budget), std::to_string(i), 100'000, 50 * kMiB);
    EXPECT_EQ(granted, "0 1 2 3 4 5 6 7 8 9");
    for (auto& lease : unknown) step(lease, "more", 1 * kMiB, 50 * kMiB);
    EXPECT_EQ(std::ranges::count(granted, 'm'), 10);
    EXPECT_EQ(budget.waiting(), 0U);
    Lease known(budget);
    EXPECT_FALSE(known.grow_to(56 * kMiB)) << "twice what is there is claimed";
    EXPECT_TRUE(known.grow_to(55 * kMiB));
    step(unknown.front(), "beyond", 3 * kMiB, 50 * kMiB);
    EXPECT_EQ(budget.waiting(), 1U) << "it might need more than there is";
    known.shrink_to(0);
    turn();
    EXPECT_TRUE(granted.ends_with(" beyond"));
}

// None of them could know: they share what there is, and one after the other gets all he needs.
TEST_F(Budget, NoStepsEndInWaitingForEachOther) {
    constexpr std::size_t kPeers = 12;
    std::deque<Lease> leases;
    std::size_t done = 0;
    for (std::size_t i = 0; i < kPeers; ++i)
        spawn(io, grow_in_steps(leases.emplace_back(budget), done), "grow");
    const auto end = std::chrono::steady_clock::now() + 20s;
    while (done < kPeers && std::chrono::steady_clock::now() < end) {
        io.restart();
        io.run_one_for(1s);
    }
    EXPECT_EQ(done, kPeers);
    EXPECT_EQ(budget.used(), 0U);
}

// Large mail before it, and no room for that: what is free of the small part is for small mail.
TEST_F(Budget, ServesSmallMailFromTheSmallPart) {
    Lease held(budget);
    ASSERT_TRUE(held.grow_to(budget.largest()));
    std::deque<Lease> small;
    for (std::size_t i = 0; i < 5 * kMiB / MemoryBudget::kSmall; ++i)
        ASSERT_TRUE(small.emplace_back(budget).grow_to(MemoryBudget::kSmall));
    Lease large(budget);
    ask(large, "large", 0, 50 * kMiB);
    std::deque<Lease> waiting;
    for (const auto* name : {"a", "b", "c"})
        ask(waiting.emplace_back(budget), name, MemoryBudget::kSmall / 2, 0);
    EXPECT_EQ(granted, "");
    small.pop_back();
    EXPECT_FALSE(Lease(budget).grow_to(1)) << "others were there before";
    turn();
    EXPECT_EQ(granted, "a b");
    small.pop_back();
    turn();
    EXPECT_EQ(granted, "a b c");
    EXPECT_EQ(budget.waiting(), 1U);
    EXPECT_TRUE(Lease(budget).grow_to(1));
    held.shrink_to(0);
    turn();
    EXPECT_EQ(granted, "a b c large");
}

// A peer that sends nothing any more makes room, but not before somebody needs it.
TEST_F(Budget, EndsWhoIsAbandonedWhenOthersWait) {
    Lease quiet(budget);
    ask(quiet, "quiet", 40 * kMiB, 50 * kMiB);
    quiet.on_ended([&] { quiet.shrink_to(0), granted += " ended"; });
    Lease stored(budget); // whole, but its turn at the disk has not come
    stored.on_ended([&] { granted += " wrong"; });
    ASSERT_TRUE(stored.grow_to(10 * kMiB));
    stored.keep();
    Lease announced(budget);
    announced.on_ended([&] { granted += " wrong"; });
    ask(announced, "announced", 0, 10 * kMiB);
    clock.advance(MemoryBudget::kAbandoned - 1ms);
    quiet.keep(); // for a moment
    quiet.on_ended([&] { quiet.shrink_to(0), granted += " ended"; });
    Lease next(budget);
    ask(next, "next", 0, 60 * kMiB);
    EXPECT_EQ(budget.waiting(), 1U);
    clock.advance(1ms);
    run_until("quiet announced ended next");
}

// Whoever has only a claim is passed over, once for each look, while time goes on.
TEST_F(Budget, PassesOverWhoHasNotBegun) {
    std::deque<Lease> announced;
    for (int i = 0; i < 3; ++i) {
        auto& lease = announced.emplace_back(budget);
        lease.on_ended([&] { granted += " wrong"; });
        ask(lease, "announced", 0, 10 * kMiB);
    }
    Lease held(budget);
    ASSERT_TRUE(held.grow_to(30 * kMiB));
    clock.advance(MemoryBudget::kAbandoned);
    clock.advance_with_each_look(1ms);
    Lease next(budget);
    ask(next, "next", 0, 50 * kMiB, 1200ms);
    run_until("announced announced announced next!");
}

// Who waited for nothing with nothing leaves nothing behind.
TEST_F(Budget, ForgetsAClaimThatWasGivenUp) {
    Lease other(budget);
    {
        Lease announced(budget);
        ask(announced, "announced", 0, 60 * kMiB);
        clock.advance(MemoryBudget::kStall);
        ASSERT_TRUE(other.grow_to(60 * kMiB));
        ask(announced, "more", 1 * kMiB, 60 * kMiB, 10ms);
        run_until("announced more!");
    }
    EXPECT_EQ(budget.leases(), 1U);
}

TEST_F(Budget, EndsTheQuietestOfSmallMail) {
    Lease held(budget);
    ASSERT_TRUE(held.grow_to(budget.largest()));
    std::deque<Lease> small;
    std::vector<std::size_t> ended;
    for (std::size_t i = 0; i < 5 * kMiB / 8192; ++i) {
        auto& lease = small.emplace_back(budget);
        lease.on_ended([&ended, &lease, i] { lease.shrink_to(0), ended.push_back(i); });
        ASSERT_TRUE(lease.grow_to(8192));
        clock.advance(1ms);
    }
    small[5].shrink_to(4096);
    Lease fifth(budget);
    ASSERT_TRUE(fifth.grow_to(4096));
    EXPECT_FALSE(budget.may_come(1));
    small[7].shrink_to(4096);
    ASSERT_TRUE(small[7].grow_to(8192)) << "it makes progress";
    EXPECT_FALSE(budget.may_come(1));
    clock.advance(MemoryBudget::kAbandoned - 640ms);
    EXPECT_TRUE(budget.may_come(8192)) << "who asks is reason enough";
    EXPECT_EQ(ended, std::vector<std::size_t>{0});
    Lease first(budget);
    ask(first, "first", 60'000, 0);
    EXPECT_EQ(granted, "");
    clock.advance(10ms);
    run_until("first");
    EXPECT_EQ(ended, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5, 6, 8}));
}

// A thousand who wait, and hundreds who hold something: nobody is looked at for nothing.
TEST_F(Budget, LooksAtFewHoweverManyWait) {
    std::deque<Lease> leases;
    for (std::size_t i = 0; i < 300; ++i)
        ASSERT_TRUE(leases.emplace_back(budget).grow_to(kMiB / 4));
    for (std::size_t i = 0; i < 300; ++i) ask(leases[i], "more", kMiB / 2, 50 * kMiB, 1h);
    for (std::size_t i = 0; i < 1000; ++i)
        ask(leases.emplace_back(budget), "new", 0, 50 * kMiB, 1h);
    EXPECT_EQ(budget.waiting(), 1300U);
    auto before = budget.looked();
    leases.back().shrink_to(0);
    leases[0].shrink_to(kMiB / 8);
    EXPECT_LE(budget.looked(), before + 3);
    before = budget.looked();
    const auto end = std::chrono::steady_clock::now() + 2s;
    while (std::chrono::steady_clock::now() < end) {
        io.restart();
        io.run_one_for(100ms);
    }
    EXPECT_GE(budget.looked(), before + 3);
    EXPECT_LE(budget.looked(), before + 20) << "only who is next looks, twice a second";
    for (auto& lease : leases) lease.stop_waiting();
    turn();
    EXPECT_EQ(budget.waiting(), 0U);
}

TEST_F(Budget, ClaimsNoMoreThanWhatIsKnownToCome) {
    Lease known(budget);
    Lease next(budget);
    ask(known, "known", 1 * kMiB, 75 * kMiB);
    ask(next, "next", 0, 40 * kMiB);
    EXPECT_EQ(granted, "known");
    known.claim_only(30 * kMiB);
    turn();
    EXPECT_EQ(granted, "known next");
    EXPECT_TRUE(known.grow_to(30 * kMiB));
    EXPECT_TRUE(next.grow_to(40 * kMiB));
    EXPECT_FALSE(known.grow_to(36 * kMiB));
}

// Only those who hold what others may wait for go ahead; what is small is nobody's to wait for.
TEST_F(Budget, LetsNobodyOvertakeWithAnOctetInTheSmallPart) {
    Lease first(budget);
    ASSERT_TRUE(first.grow_to(60 * kMiB));
    Lease waiting(budget);
    ask(waiting, "waiting", 0, 50 * kMiB);
    Lease sly(budget);
    ASSERT_TRUE(sly.grow_to(1));
    EXPECT_FALSE(sly.grow_to(10 * kMiB));
    ask(sly, "sly", 1000, 10 * kMiB);
    first.shrink_to(40 * kMiB);
    turn();
    EXPECT_EQ(granted, "") << "it would fit, but is not its turn";
    first.shrink_to(10 * kMiB);
    turn();
    EXPECT_EQ(granted, "waiting sly");
    EXPECT_EQ(budget.waiting(), 0U);
}

TEST_F(Budget, KeepsHalfOfTheSmallPartFromWhoWaits) {
    Lease large(budget);
    ASSERT_TRUE(large.grow_to(budget.largest()));
    std::deque<Lease> begun;
    const auto half = 5 * kMiB / 2 / MemoryBudget::kSmall;
    for (std::size_t i = 0; i < half + 3; ++i) {
        ASSERT_TRUE(begun.emplace_back(budget).grow_to(MemoryBudget::kSmall));
        ask(begun.back(), "large", 1 * kMiB, 50 * kMiB);
        if (i >= half) {
            EXPECT_TRUE(granted.ends_with("large!")) << i;
            begun.pop_back();
        }
    }
    EXPECT_EQ(budget.waiting(), half);
    std::deque<Lease> small;
    for (std::size_t i = 0; i < half; ++i)
        EXPECT_TRUE(small.emplace_back(budget).grow_to(MemoryBudget::kSmall)) << i;
    large.shrink_to(0);
    turn();
    EXPECT_EQ(budget.waiting(), half - 1) << "one was admitted";
    EXPECT_TRUE(small.emplace_back(budget).grow_to(MemoryBudget::kSmall));
    for (auto& lease : begun) {
        lease.shrink_to(0);
        turn();
    }
    EXPECT_EQ(budget.waiting(), 0U);
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
        bool is_ended = false;
        bool is_done = false;
    };

    Task<void> live(std::shared_ptr<Peer> peer, unsigned seed) {
        std::mt19937 random(seed);
        if (random() % 2 == 0) {
            auto& ended = *peer;
            ended.lease.on_ended([&ended] {
                ended.is_ended = true;
                ended.lease.shrink_to(0);
            });
        }
        bool is_in = co_await peer->lease.wait_for(0, peer->announced, 1h);
        while (is_in && !peer->is_ended && peer->lease.size() < peer->size) {
            if (random() % 8 == 0) clock.advance(1s);
            const auto next = std::min(peer->size, peer->lease.size() + 1 + random() % (4 * kMiB));
            const bool is_as_announced = peer->announced == 0 || next <= peer->announced;
            const std::chrono::milliseconds patience = is_as_announced ? 1h : 200ms;
            const bool is_known = next <= std::max(peer->announced, MemoryBudget::kSmall);
            if (is_known)
                is_in = co_await peer->lease.wait_for(next, peer->announced, patience);
            else
                is_in = co_await peer->lease.wait_for_step(next, 60 * kMiB, patience);
            EXPECT_TRUE(is_in || !is_as_announced || peer->is_ended);
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
