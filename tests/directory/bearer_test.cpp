// Logins by access token: whom the issuer's answer lets in, what is asked anew and what is not, and
// what a bad token costs.
#include "directory/world.hpp"

#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

#include <map>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;

const std::string kAda = "ada@example.org";
const std::string kBob = "bob@example.org";
const std::string kFrom = "192.0.2.1";

class FakeIssuer final : public auth::Introspector {
public:
    net::Task<Result<auth::TokenClaims>> introspect(std::string token) override {
        ++asked;
        ++running;
        while (hangs) co_await let_go.wait(1s);
        --running;
        if (failure) co_return fail(*failure);
        const auto found = tokens.find(token);
        if (found == tokens.end()) co_return auth::TokenClaims{};
        co_return found->second;
    }
    auth::TokenClaims& issue(const std::string& token, const std::string& name) {
        auth::TokenClaims claims;
        claims.active = true;
        claims.name = name;
        return tokens[token] = claims;
    }

    std::map<std::string, auth::TokenClaims> tokens;
    std::optional<Errc> failure;
    bool hangs = false;
    net::Event let_go;
    int asked = 0;
    std::size_t running = 0;
};

class DirectoryBearer : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        ASSERT_TRUE(world_.run(admin().add_domain("example.org")).has_value());
        ASSERT_TRUE(world_.run(admin().add_account({kAda, "secret", 0})).has_value());
        ASSERT_TRUE(world_.run(admin().add_account({kBob, "", 0})).has_value());
        ASSERT_TRUE(world_.run(admin().add_address("countess@example.org", kAda)).has_value());
        issuer_.issue("good", kAda);
        world_.set_issuer(&issuer_, {.issuer = {}, .audience = {}, .scopes = {}, .domain = {}});
    }
    DirectoryAdmin& admin() { return world_.admin(); }
    // Whose login it is, or the error's name.
    std::string login(const std::string& token, const std::string& authzid = {},
                      const std::string& from = kFrom) {
        return told(world_.run(world_.directory().bearer({{authzid, token}, Service::imap, from})));
    }
    std::string plain(const std::string& password, const std::string& from = kFrom) {
        return told(
            world_.run(world_.directory().login({{{}, kAda, password}, Service::imap, from})));
    }
    static std::string told(const auth::LoginResult& result) {
        return result ? result->address : std::string(name_of(result.error().code));
    }
    std::uint32_t failures(const std::string& from = kFrom) {
        const auto address = net::parse_ip(from).value();
        const auto suspects = world_.run(admin().list_suspects()).value();
        for (const auto& suspect : suspects)
            if (net::in_network(address, suspect.network)) return suspect.failures;
        return 0;
    }
    void disable(bool disabled) {
        AccountChange change;
        change.disabled = disabled;
        ASSERT_TRUE(world_.run(admin().change_account(kAda, change)).has_value());
    }

    FakeIssuer issuer_;
    test::World world_{GetParam()};
};

TEST_P(DirectoryBearer, IsOfTheAccountThatTheIssuerNames) {
    const struct {
        const char* name;
        std::string claim;
        std::string authzid;
        std::string want;
    } cases[] = {
        {"its address", kAda, "", kAda},
        {"in another case", "Ada@Example.ORG", "", kAda},
        {"another address of it", "countess@example.org", "", kAda},
        {"as itself", kAda, kAda, kAda},
        {"as itself in another case", kAda, "ADA@example.org", kAda},
        {"as itself by the other address", kAda, "countess@example.org", kAda},
        {"as another", kAda, kBob, "authentication_failed"},
        {"as nobody", kAda, "eve@example.org", "authentication_failed"},
        {"as no address", kAda, "ada", "authentication_failed"},
        {"nobody's", "eve@example.org", "", "authentication_failed"},
        {"of elsewhere", "ada@elsewhere.example", "", "authentication_failed"},
        {"no address", "ada", "", "authentication_failed"},
        {"no address, but asks", "ada", kAda, "authentication_failed"},
    };
    int number = 0;
    for (const auto& c : cases) {
        const auto token = "case" + std::to_string(++number);
        issuer_.issue(token, c.claim);
        const auto from = "198.51.100." + std::to_string(number);
        EXPECT_EQ(login(token, c.authzid, from), c.want) << c.name;
        EXPECT_EQ(login(token, c.authzid, from), c.want) << c.name << ", from the cache";
    }
    EXPECT_EQ(issuer_.asked, number) << "each token once";
}

TEST_P(DirectoryBearer, FollowsTheRules) {
    world_.set_issuer(&issuer_, {.issuer = "https://id.example",
                                 .audience = "mail",
                                 .scopes = {"imap"},
                                 .domain = "example.org"});
    EXPECT_EQ(login("good"), "authentication_failed") << "neither audience nor scope";
    auto& claims = issuer_.issue("better", "ada");
    claims.issuer = "https://id.example";
    claims.audiences = {"mail"};
    claims.scopes = {"imap"};
    EXPECT_EQ(login("better"), kAda);
    EXPECT_EQ(login("unknown"), "authentication_failed");
    world_.set_issuer(nullptr, {});
    EXPECT_EQ(login("better"), "authentication_failed") << "none is configured";
}

TEST_P(DirectoryBearer, IsAskedAboutAgainWhenTheTimeIsOver) {
    auto& brief = issuer_.issue("brief", kAda);
    brief.expires = to_unix_seconds(world_.clock().now()) + 10;
    EXPECT_EQ(login("good"), kAda);
    EXPECT_EQ(login("brief"), kAda);
    world_.clock().advance(9s);
    EXPECT_EQ(login("brief"), kAda);
    EXPECT_EQ(issuer_.asked, 2);
    world_.clock().advance(2s);
    EXPECT_EQ(login("brief"), "authentication_failed") << "it says itself that it has expired";
    EXPECT_EQ(issuer_.asked, 3);
    world_.clock().advance(280s);
    EXPECT_EQ(login("good"), kAda);
    EXPECT_EQ(issuer_.asked, 3);
    issuer_.tokens.erase("good"); // revoked
    EXPECT_EQ(login("good"), kAda) << "for as long as oauth.cache says";
    world_.clock().advance(10s);
    EXPECT_EQ(login("good"), "authentication_failed");
}

TEST_P(DirectoryBearer, EndsWithItsAccountItsPasswordAndItsDomain) {
    EXPECT_EQ(login("good"), kAda);
    disable(true);
    EXPECT_EQ(login("good"), "authentication_failed");
    disable(false);
    EXPECT_EQ(login("good"), kAda);
    DomainChange domain;
    domain.disabled = true;
    ASSERT_TRUE(world_.run(admin().change_domain("example.org", domain)).has_value());
    EXPECT_EQ(login("good"), "authentication_failed");
    domain.disabled = false;
    ASSERT_TRUE(world_.run(admin().change_domain("example.org", domain)).has_value());
    EXPECT_EQ(login("good"), kAda);
    EXPECT_EQ(issuer_.asked, 1);
    // With a new password, the issuer has to say again whether it is still good.
    AccountChange change;
    change.password = "another";
    ASSERT_TRUE(world_.run(admin().change_account(kAda, change)).has_value());
    issuer_.tokens.erase("good");
    EXPECT_EQ(login("good"), "authentication_failed");
    EXPECT_EQ(issuer_.asked, 2);
    // And so it has for another account by the same address.
    issuer_.issue("second", kBob);
    EXPECT_EQ(login("second"), kBob);
    ASSERT_TRUE(world_.run(admin().remove_account(kBob)).has_value());
    EXPECT_EQ(login("second"), "authentication_failed");
    ASSERT_TRUE(world_.run(admin().add_account({kBob, "", 0})).has_value());
    issuer_.tokens.erase("second");
    EXPECT_EQ(login("second"), "authentication_failed");
}

TEST_P(DirectoryBearer, CountsBadTokensAndEachOnlyOnce) {
    for (int i = 0; i < 20; ++i) EXPECT_EQ(login("expired"), "authentication_failed");
    EXPECT_EQ(failures(), 1U) << "one program that has not noticed";
    EXPECT_EQ(issuer_.asked, 1);
    world_.clock().advance(61s);
    EXPECT_EQ(login("expired"), "authentication_failed");
    EXPECT_EQ(issuer_.asked, 2);
    EXPECT_EQ(failures(), 2U);
    for (int i = 0; i < 28; ++i) login("guess" + std::to_string(i), kAda);
    EXPECT_EQ(login("good"), "limit_exceeded") << "the network is banned";
    EXPECT_EQ(plain("secret"), "limit_exceeded");
    EXPECT_EQ(login("good", {}, "198.51.100.7"), kAda) << "the account is not";
    EXPECT_EQ(plain("secret", "203.0.113.9"), kAda);
}

TEST_P(DirectoryBearer, IsRecordedLikeOtherLogins) {
    EXPECT_EQ(login("good", {}, "198.51.100.7"), kAda);
    EXPECT_EQ(login("good", kBob, "203.0.113.9"), "authentication_failed");
    const auto logins = world_.run(admin().account_logins(kAda)).value();
    ASSERT_EQ(logins.logins.size(), 1U);
    EXPECT_EQ(logins.logins[0].address, "198.51.100.7");
    EXPECT_EQ(failures("203.0.113.9"), 1U);
}

TEST_P(DirectoryBearer, FailsForATimeWithTheIssuer) {
    for (const auto code : {Errc::unavailable, Errc::timed_out, Errc::protocol_error, Errc::io}) {
        issuer_.failure = code;
        EXPECT_EQ(login("good"), "unavailable");
    }
    issuer_.failure = Errc::busy;
    EXPECT_EQ(login("good"), "busy");
    EXPECT_EQ(failures(), 0U) << "nobody guessed";
    issuer_.failure.reset();
    EXPECT_EQ(login("good"), kAda) << "and nothing of that was kept";
}

// A reload may bring another issuer, while the one before is answering yet.
TEST_P(DirectoryBearer, IsNotBelievedOfAnIssuerThatWasReplaced) {
    const auth::BearerRules rules{.issuer = {}, .audience = {}, .scopes = {}, .domain = {}};
    for (const bool is_another : {true, false}) {
        FakeIssuer next;
        std::optional<std::string> heard;
        // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
        const auto wait = [](test::World& world,
                             std::optional<std::string>& out) -> net::Task<void> {
            BearerAttempt attempt{{{}, "good"}, Service::imap, kFrom};
            const auto result = co_await world.directory().bearer(std::move(attempt));
            out = told(result);
        };
        issuer_.hangs = true;
        net::spawn(world_.io(), wait(world_, heard), "waits");
        while (issuer_.running == 0) world_.io().run_one();
        world_.set_issuer(is_another ? &next : &issuer_, rules);
        issuer_.hangs = false;
        while (!heard) {
            issuer_.let_go.notify();
            world_.io().run_one();
        }
        EXPECT_EQ(*heard, "busy");
        const auto asked = issuer_.asked + next.asked;
        EXPECT_EQ(login("good"), is_another ? "authentication_failed" : kAda);
        EXPECT_EQ(issuer_.asked + next.asked, asked + 1) << "nothing was kept";
        world_.set_issuer(&issuer_, rules);
    }
    EXPECT_EQ(login("good"), kAda);
    world_.set_issuer(nullptr, rules);
    EXPECT_EQ(login("good"), "authentication_failed");
    EXPECT_EQ(failures(), 2U);
}

TEST_P(DirectoryBearer, ThatWaitsHoldsUpNobodyElse) {
    issuer_.hangs = true;
    std::size_t done = 0;
    const auto begin = [&](int number, const std::string& from) {
        // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines)
        const auto wait = [](test::World& world, std::string token, std::string address,
                             std::size_t& count) -> net::Task<void> {
            BearerAttempt attempt{{{}, std::move(token)}, Service::imap, std::move(address)};
            const auto result = co_await world.directory().bearer(std::move(attempt));
            count += told(result) == kAda ? 1 : 0;
        };
        net::spawn(world_.io(), wait(world_, "t" + std::to_string(number), from, done), "waits");
    };
    for (int i = 0; i < 40; ++i) {
        issuer_.issue("t" + std::to_string(i), kAda);
        begin(i, kFrom);
    }
    while (issuer_.running < 32) world_.io().run_one();
    EXPECT_EQ(login("good"), "busy") << "at once";
    EXPECT_EQ(plain("secret"), kAda) << "a password, from the same network";
    EXPECT_EQ(plain("wrong"), "authentication_failed");
    for (int i = 40; i < 200; ++i) {
        issuer_.issue("t" + std::to_string(i), kAda);
        begin(i, "198.51.100." + std::to_string(i % 8));
    }
    const std::size_t most = GetParam() == Kind::remote ? 64 : 128; // of one worker, of all
    while (issuer_.running < most) world_.io().run_one();
    EXPECT_EQ(login("good", {}, "203.0.113.9"), "busy");
    EXPECT_EQ(plain("secret", "203.0.113.9"), kAda);
    EXPECT_EQ(issuer_.running, most);
    issuer_.hangs = false;
    while (done < most) {
        issuer_.let_go.notify();
        world_.io().run_one();
    }
    EXPECT_EQ(login("good"), kAda);
}

std::string name_of_kind(const ::testing::TestParamInfo<Kind>& kind) {
    constexpr const char* kNames[] = {"Memory", "Local", "Remote"};
    return kNames[static_cast<int>(kind.param)];
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryBearer,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote), name_of_kind);

} // namespace
} // namespace maild::directory
