#include "support/fake_clock.hpp"

#include "maild/auth/login_cache.hpp"

#include <gtest/gtest.h>

namespace maild::auth {
namespace {

const AccountId kAda(1), kBob(2), kCleo(3);

class LoginCacheTest : public ::testing::Test {
protected:
    test::SeededRandom random_{1};
    LoginCache cache_{random_, 2};
};

TEST_F(LoginCacheTest, HitsTheSameLoginOnly) {
    cache_.remember(kAda, 1, "secret");
    EXPECT_TRUE(cache_.has(kAda, 1, "secret"));
    EXPECT_FALSE(cache_.has(kAda, 1, "Secret"));
    EXPECT_FALSE(cache_.has(kAda, 2, "secret")) << "the password was changed since";
    EXPECT_FALSE(cache_.has(kBob, 1, "secret")) << "A never gets B";
}

TEST_F(LoginCacheTest, NumbersAndPasswordDoNotRunTogether) {
    cache_.remember(AccountId(1), 11, "/1/x");
    EXPECT_FALSE(cache_.has(AccountId(1), 1, "1//1/x"));
    EXPECT_FALSE(cache_.has(AccountId(11), 1, "/1/x"));
}

TEST_F(LoginCacheTest, ForgetsTheLeastRecentlyUsed) {
    cache_.remember(kAda, 1, "a");
    cache_.remember(kBob, 1, "b");
    EXPECT_TRUE(cache_.has(kAda, 1, "a"));
    cache_.remember(kCleo, 1, "c");
    EXPECT_EQ(cache_.size(), 2U);
    EXPECT_TRUE(cache_.has(kAda, 1, "a"));
    EXPECT_FALSE(cache_.has(kBob, 1, "b"));
    EXPECT_TRUE(cache_.has(kCleo, 1, "c"));
}

TEST_F(LoginCacheTest, ForgetsOnRequest) {
    cache_.remember(kAda, 1, "a");
    cache_.forget(kAda);
    cache_.forget(kBob);
    EXPECT_FALSE(cache_.has(kAda, 1, "a"));
    EXPECT_EQ(cache_.size(), 0U);
}

TEST_F(LoginCacheTest, ANewPasswordReplacesTheOld) {
    cache_.remember(kAda, 1, "old");
    cache_.remember(kAda, 2, "new");
    EXPECT_FALSE(cache_.has(kAda, 1, "old"));
    EXPECT_TRUE(cache_.has(kAda, 2, "new"));
    EXPECT_EQ(cache_.size(), 1U);
}

TEST_F(LoginCacheTest, AnotherProcessHasAnotherKey) {
    test::SeededRandom other(2);
    LoginCache elsewhere(other, 0);
    elsewhere.remember(kAda, 1, "a");
    EXPECT_EQ(elsewhere.size(), 0U) << "no capacity: nothing is kept";
}

} // namespace
} // namespace maild::auth
