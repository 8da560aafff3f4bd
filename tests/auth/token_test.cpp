#include "maild/auth/token.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;

constexpr auto kNow = WallTime(1'700'000'000s);

Token sample() {
    Token token;
    token.account = AccountId(7);
    token.shard = ShardId(1);
    token.right = Right::access;
    token.quota_bytes = 1 << 20;
    token.quota_messages = 1000;
    token.issued = kNow;
    token.expires = kNow + 60s;
    return token;
}

TokenKey key_of(char filler) { return TokenKey(std::string(32, filler)); }

TEST(TokenKey, VerifiesWhatItSigned) {
    auto token = sample();
    key_of('k').sign(token);
    EXPECT_EQ(token.mac.size(), 32U);
    EXPECT_TRUE(key_of('k').verify(token, kNow).has_value());
    EXPECT_TRUE(key_of('k').verify(token, kNow + 59s).has_value());
}

TEST(TokenKey, RefusesAnExpiredToken) {
    auto token = sample();
    key_of('k').sign(token);
    const auto verified = key_of('k').verify(token, kNow + 60s);
    ASSERT_FALSE(verified.has_value());
    EXPECT_EQ(verified.error().code, Errc::not_permitted);
}

TEST(TokenKey, RefusesAnotherKeysToken) {
    auto token = sample();
    key_of('x').sign(token);
    EXPECT_FALSE(key_of('k').verify(token, kNow).has_value());
}

TEST(TokenKey, RefusesAChangeOfAnyField) {
    const struct {
        const char* field;
        std::function<void(Token&)> change;
    } cases[] = {
        {"account", [](Token& t) { t.account = AccountId(8); }},
        {"shard", [](Token& t) { t.shard = ShardId(0); }},
        {"right", [](Token& t) { t.right = Right::deliver; }},
        {"quota_bytes", [](Token& t) { t.quota_bytes = 0; }},
        {"quota_messages", [](Token& t) { t.quota_messages = 0; }},
        {"issued", [](Token& t) { t.issued += 1ms; }},
        {"expires", [](Token& t) { t.expires += 1h; }},
        {"shorter mac", [](Token& t) { t.mac.pop_back(); }},
        {"longer mac", [](Token& t) { t.mac += 'x'; }},
        {"no mac", [](Token& t) { t.mac.clear(); }},
        {"one bit of mac", [](Token& t) { t.mac[31] = static_cast<char>(t.mac[31] ^ 1); }},
    };
    for (const auto& c : cases) {
        auto token = sample();
        key_of('k').sign(token);
        c.change(token);
        EXPECT_FALSE(key_of('k').verify(token, kNow).has_value()) << c.field;
    }
}

} // namespace
} // namespace maild::auth
