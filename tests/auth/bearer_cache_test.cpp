#include "maild/auth/bearer_cache.hpp"

#include <gtest/gtest.h>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;

const SteadyTime kStart = SteadyTime(1h);

BearerVerdict good_for(std::string name) { return {.refusal = {}, .name = std::move(name)}; }

TEST(BearerCache, ForgetsWhenTheTimeIsOver) {
    BearerCache cache(10);
    cache.remember("token", good_for("ada"), kStart + 10s);
    ASSERT_TRUE(cache.find("token", kStart + 9s).has_value());
    EXPECT_EQ(cache.find("token", kStart + 9s)->name, "ada");
    EXPECT_FALSE(cache.find("Token", kStart).has_value());
    EXPECT_FALSE(cache.find("token", kStart + 10s).has_value());
    EXPECT_EQ(cache.size(), 0U);
    cache.remember("at once", good_for("ada"), kStart);
    EXPECT_FALSE(cache.find("at once", kStart).has_value());
}

TEST(BearerCache, KeepsTheNewestWord) {
    BearerCache cache(10);
    cache.remember("token", good_for("ada"), kStart + 10s);
    cache.remember("token", {.refusal = "expired", .name = {}}, kStart + 20s);
    EXPECT_EQ(cache.size(), 1U);
    EXPECT_EQ(cache.find("token", kStart + 15s)->refusal, "expired");
}

TEST(BearerCache, IsBoundedAndDropsWhatWasUsedLeastRecently) {
    BearerCache cache(3);
    for (const auto* token : {"a", "b", "c"}) cache.remember(token, good_for(token), kStart + 1h);
    EXPECT_TRUE(cache.find("a", kStart).has_value());
    cache.remember("d", good_for("d"), kStart + 1h);
    EXPECT_EQ(cache.size(), 3U);
    EXPECT_FALSE(cache.find("b", kStart).has_value());
    for (const auto* token : {"a", "c", "d"})
        EXPECT_TRUE(cache.find(token, kStart).has_value()) << token;
    cache.clear();
    EXPECT_EQ(cache.size(), 0U);
    EXPECT_FALSE(cache.find("a", kStart).has_value());
    BearerCache none(0);
    none.remember("a", good_for("a"), kStart + 1h);
    EXPECT_FALSE(none.find("a", kStart).has_value());
}

} // namespace
} // namespace maild::auth
