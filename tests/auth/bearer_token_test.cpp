#include "maild/auth/bearer_token.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace maild::auth {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kNow = 1'800'000'000;

TokenClaims good() {
    TokenClaims claims;
    claims.active = true;
    claims.expires = kNow + 600;
    claims.not_before = kNow - 600;
    claims.issuer = "https://id.example";
    claims.audiences = {"web", "mail.example"};
    claims.scopes = {"openid", "mail", "offline"};
    claims.name = "ada@example.org";
    return claims;
}

BearerRules strict() {
    return {.issuer = "https://id.example",
            .audience = "mail.example",
            .scopes = {"mail", "openid"},
            .domain = {},
            .cache = 300s};
}

TEST(FindFault, LooksAtEachClaim) {
    const struct {
        const char* name;
        std::function<void(TokenClaims&)> change;
        const char* fault; // nullptr: good
    } cases[] = {
        {"as it is", [](auto&) {}, nullptr},
        {"not active", [](auto& c) { c.active = false; }, "the token is not active"},
        {"expires now", [](auto& c) { c.expires = kNow; }, "the token has expired"},
        {"expires in a second", [](auto& c) { c.expires = kNow + 1; }, nullptr},
        {"expired for ever", [](auto& c) { c.expires = INT64_MIN; }, "the token has expired"},
        {"never expires", [](auto& c) { c.expires.reset(); }, nullptr},
        {"begins within the leeway", [](auto& c) { c.not_before = kNow + 60; }, nullptr},
        {"begins later", [](auto& c) { c.not_before = kNow + 61; }, "the token is not valid yet"},
        {"begins never", [](auto& c) { c.not_before = INT64_MAX; }, "the token is not valid yet"},
        {"no beginning", [](auto& c) { c.not_before.reset(); }, nullptr},
        {"issuer not told", [](auto& c) { c.issuer.clear(); }, nullptr},
        {"another issuer", [](auto& c) { c.issuer = "https://id.example/"; },
         "the token is of another issuer"},
        {"audience alone", [](auto& c) { c.audiences = {"mail.example"}; }, nullptr},
        {"another audience", [](auto& c) { c.audiences = {"web"}; },
         "the token is for another audience"},
        {"no audience", [](auto& c) { c.audiences.clear(); }, "the token is for another audience"},
        {"a part of the audience", [](auto& c) { c.audiences = {"mail.example.org"}; },
         "the token is for another audience"},
        {"one scope of two", [](auto& c) { c.scopes = {"mail"}; }, "the token lacks a scope"},
        {"a longer scope", [](auto& c) { c.scopes = {"mail2", "openid"}; },
         "the token lacks a scope"},
        {"no scope", [](auto& c) { c.scopes.clear(); }, "the token lacks a scope"},
        {"no name", [](auto& c) { c.name.clear(); }, "the token names nobody"},
        {"not verified", [](auto& c) { c.is_unverified = true; },
         "the token's email is not verified"},
    };
    for (const auto& c : cases) {
        auto claims = good();
        c.change(claims);
        const auto* fault = find_fault(claims, strict(), from_unix_seconds(kNow));
        EXPECT_STREQ(fault, c.fault) << c.name;
    }
}

TEST(FindFault, AsksForNothingThatIsNotConfigured) {
    auto claims = good();
    claims.issuer = "https://elsewhere.example";
    claims.audiences.clear();
    claims.scopes.clear();
    EXPECT_EQ(find_fault(claims, {}, from_unix_seconds(kNow)), nullptr);
}

// What people may choose freely may be another's address, or the local part of one (is_free).
TEST(FindFault, BelievesNoFreeName) {
    const auto fault = [](const char* name, const char* domain) {
        auto claims = good();
        claims.is_free = true;
        claims.name = name;
        auto rules = strict();
        rules.domain = domain;
        return find_fault(claims, rules, from_unix_seconds(kNow));
    };
    constexpr auto* kFault = "the token names somebody in a claim that people may choose freely";
    EXPECT_STREQ(fault("ada@example.org", ""), kFault);
    EXPECT_STREQ(fault("ada@example.org", "example.org"), kFault);
    EXPECT_STREQ(fault("ada", ""), kFault);
    EXPECT_STREQ(fault("ada", "example.org"), kFault);
    EXPECT_STREQ(fault("", "example.org"), "the token names nobody");
}

TEST(BelievedFor, IsTheShorterOfBoth) {
    auto claims = good();
    const auto now = from_unix_seconds(kNow);
    EXPECT_EQ(believed_for(claims, strict(), now), 300s);
    claims.expires = kNow + 7;
    EXPECT_EQ(believed_for(claims, strict(), now), 7s);
    claims.expires = kNow - 7;
    EXPECT_EQ(believed_for(claims, strict(), now), 0s);
    claims.expires.reset();
    EXPECT_EQ(believed_for(claims, strict(), now), 300s);
}

TEST(AddressOf, HasTheRulesDomainWithoutOneOfItsOwn) {
    auto claims = good();
    auto rules = strict();
    EXPECT_EQ(address_of(claims, rules), "ada@example.org");
    claims.name = "ada";
    EXPECT_EQ(address_of(claims, rules), "ada");
    rules.domain = "example.net";
    EXPECT_EQ(address_of(claims, rules), "ada@example.net");
    claims.name = "ada@example.org";
    EXPECT_EQ(address_of(claims, rules), "ada@example.org");
}

} // namespace
} // namespace maild::auth
