#include "daemon/backoff.hpp"
#include "support/fake_clock.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

class BackoffTest : public testing::Test {
protected:
    // A process that lives for `life` and then dies; the pause that follows passes.
    std::chrono::milliseconds dies_after(std::chrono::milliseconds life) {
        const auto started = clock_.steady_now();
        clock_.advance(life);
        const auto pause = backoff_.after_death(started, clock_.steady_now());
        clock_.advance(pause);
        return pause;
    }
    test::FakeClock clock_;
    Backoff backoff_;
};

TEST_F(BackoffTest, ARareDeathIsRepairedAtOnce) {
    for (int i = 0; i < 100; ++i) EXPECT_EQ(dies_after(3s), 0s);
    EXPECT_FALSE(backoff_.is_waiting());
}

TEST_F(BackoffTest, FiveDeathsInTenSecondsBeginTheWaiting) {
    for (int i = 0; i < 4; ++i) EXPECT_EQ(dies_after(10ms), 0s);
    EXPECT_EQ(dies_after(10ms), 1s);
    EXPECT_TRUE(backoff_.is_waiting());
    for (const auto want : {2s, 4s, 8s, 16s, 30s, 30s, 30s}) EXPECT_EQ(dies_after(10ms), want);
}

TEST_F(BackoffTest, DyingAfterHalfAMinuteIsStillDying) {
    for (int i = 0; i < 5; ++i) dies_after(10ms);
    EXPECT_EQ(dies_after(30s), 2s);
}

TEST_F(BackoffTest, AMinuteOfLifeIsANewBeginning) {
    for (int i = 0; i < 9; ++i) dies_after(10ms);
    EXPECT_EQ(dies_after(60s), 0s);
    EXPECT_FALSE(backoff_.is_waiting());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(dies_after(10ms), 0s);
    EXPECT_EQ(dies_after(10ms), 1s);
}

} // namespace
} // namespace maild::daemon
