// DKIM keys and signatures, in every kind of directory.
#include "directory/world.hpp"

#include "maild/policy/dkim.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using policy::dkim::Algorithm;
using test::Kind;

constexpr Algorithm kEd25519 = Algorithm::ed25519_sha256;
constexpr std::string_view kBody = "Hello.\r\n";

std::string header_from(const std::string& from) {
    return "From: " + from + "\r\nSubject: hello\r\n\r\n";
}

class DirectoryDkim : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        (void)world_.run(admin().add_domain("example.org"));
        (void)world_.run(admin().add_domain("news.example.org"));
        (void)world_.run(admin().add_domain_alias("alias.example", "example.org"));
        (void)world_.run(admin().add_account({"ada@example.org", "secret", 0}));
        (void)world_.run(admin().add_account({"bob@example.org", "secret", 0}));
        (void)world_.run(admin().add_account({"ada@news.example.org", "secret", 0}));
    }

    DirectoryAdmin& admin() { return world_.admin(); }

    std::string said(const Result<Changed>& result) {
        if (!result)
            return std::string(name_of(result.error().code)) + ": " + result.error().internal;
        return result->changed ? "changed" : "unchanged";
    }
    // "selector algorithm state" of each, or the error.
    std::string said(const Result<std::vector<DkimKey>>& keys) {
        if (!keys) return std::string(name_of(keys.error().code)) + ": " + keys.error().internal;
        std::string out;
        for (const auto& key : *keys)
            out += (out.empty() ? "" : ", ") + key.selector + " " +
                   std::string(policy::dkim::name_of(key.algorithm)) + " " +
                   std::string(name_of(key.state));
        return out;
    }
    std::string add(const std::string& domain, std::vector<NewDkimKey> wanted) {
        return said(world_.run(admin().add_dkim_keys(domain, std::move(wanted))));
    }
    std::string add_one(const std::string& domain, const std::string& selector = "") {
        return add(domain, {{kEd25519, selector, ""}});
    }
    std::string list(const std::string& domain = "") {
        return said(world_.run(admin().list_dkim_keys(domain)));
    }
    std::string move(const std::string& domain, std::vector<DkimMove> moves) {
        return said(world_.run(admin().move_dkim_keys(domain, std::move(moves))));
    }
    void activate(const std::string& domain, const std::string& selector) {
        EXPECT_EQ(add_one(domain, selector), selector + " ed25519-sha256 published");
        EXPECT_EQ(move(domain, {{selector, DkimState::active}}), "changed");
    }

    auth::Token login(const std::string& address) {
        const auto identity = world_.run(
            world_.directory().login({{"", address, "secret"}, Service::submission, "192.0.2.1"}));
        EXPECT_TRUE(identity.has_value()) << address;
        return identity ? identity->token : auth::Token{};
    }
    Result<DkimFields> sign(std::optional<auth::Token> login, const std::string& from) {
        const auto prepared = policy::dkim::prepare(header_from(from), kBody, {});
        EXPECT_TRUE(prepared.has_value());
        return world_.run(world_.directory().sign({std::move(login), *prepared}));
    }
    // "domain and how many fields", why there are none, or the error.
    std::string signing(std::optional<auth::Token> login, const std::string& from) {
        const auto made = sign(std::move(login), from);
        if (!made) return std::string(name_of(made.error().code)) + ": " + made.error().internal;
        if (made->fields.empty()) return made->reason;
        return made->domain + " " + std::to_string(made->fields.size());
    }

    test::World world_{GetParam()};
};

TEST_P(DirectoryDkim, KeepsKeysForDomainsAndTheirAliases) {
    world_.clock().set_wall(from_unix_seconds(1'795'000'000)); // 2026-11-18
    EXPECT_EQ(add("example.org", {{Algorithm::rsa_sha256, "", ""}, {kEd25519, "", ""}}),
              "s202611r rsa-sha256 published, s202611e ed25519-sha256 published");
    EXPECT_EQ(add_one("EXAMPLE.org"), "s202611e-2 ed25519-sha256 published");
    EXPECT_EQ(add_one("alias.example", "Own.1"), "own.1 ed25519-sha256 published");
    EXPECT_EQ(add_one("example.net"), "no_such_domain: there is no domain example.net");
    EXPECT_EQ(add_one("example.org", "s202611e"),
              "already_exists: example.org has had a key with the selector s202611e");
    for (const auto* bad : {"-a", "a-", "a..b", ".a", "a b", "ü", "a;b"})
        EXPECT_TRUE(add_one("example.org", bad).starts_with("invalid_argument")) << bad;
    EXPECT_EQ(list("example.org"),
              "s202611e ed25519-sha256 published, s202611e-2 ed25519-sha256 published, "
              "s202611r rsa-sha256 published");
    EXPECT_TRUE(list("").starts_with("own.1 ed25519-sha256 published, s202611e "));
    EXPECT_EQ(list("news.example.org"), "");
    const auto keys = world_.run(admin().list_dkim_keys("example.org")).value();
    EXPECT_EQ(keys[0].record_name(), "s202611e._domainkey.example.org");
    EXPECT_EQ(keys[0].record(), "v=DKIM1; k=ed25519; p=" + keys[0].public_key);
    EXPECT_EQ(keys[2].bits, 2048U);
    EXPECT_EQ(said(world_.run(admin().remove_domain_alias("alias.example"))), "changed");
    EXPECT_EQ(list(), list("example.org"));
}

TEST_P(DirectoryDkim, HasNoMoreThanItsLimit) {
    EXPECT_EQ(add("example.org", {}), "limit_exceeded: keys at once");
    std::vector<NewDkimKey> many;
    for (std::size_t i = 0; i < kMaxDkimKeys; ++i)
        many.push_back({kEd25519, "k" + std::to_string(i), ""});
    EXPECT_TRUE(add("example.org", many).starts_with("k0 "));
    EXPECT_EQ(add_one("example.org", "more"),
              "limit_exceeded: example.org has 20 keys; remove old ones first");
    EXPECT_EQ(move("example.org", {{"k3", DkimState::removed}}), "changed");
    EXPECT_EQ(add_one("example.org", "more"), "more ed25519-sha256 published");
}

TEST_P(DirectoryDkim, TakesKeysThatWereMadeElsewhere) {
    const auto key = policy::dkim::PrivateKey::generate(kEd25519).value();
    EXPECT_EQ(add("example.org", {{Algorithm::rsa_sha256, "old", key.pem()}}),
              "old ed25519-sha256 published");
    EXPECT_EQ(world_.run(admin().list_dkim_keys("example.org"))->front().public_key,
              key.public_key());
    EXPECT_EQ(add("example.org", {{kEd25519, "x", "no key"}}),
              "invalid_argument: no unencrypted PEM key can be read");
    EXPECT_EQ(add("example.org", {{kEd25519, "x", std::string(kMaxDkimPem + 1, 'x')}}),
              "too_large: that is no DKIM key");
    // What was removed may come back as itself, and as nothing else.
    EXPECT_EQ(move("example.org", {{"old", DkimState::removed}}), "changed");
    EXPECT_EQ(add_one("example.org", "old"),
              "already_exists: example.org has had a key with the selector old");
    EXPECT_EQ(add("example.org", {{kEd25519, "old", key.pem()}}), "old ed25519-sha256 published");
}

TEST_P(DirectoryDkim, MovesKeysTogetherOrNotAtAll) {
    using enum DkimState;
    EXPECT_EQ(add_one("example.org", "a"), "a ed25519-sha256 published");
    EXPECT_EQ(add_one("example.org", "b"), "b ed25519-sha256 published");
    EXPECT_EQ(move("example.org", {{"a", retired}}),
              "conflict: the key a is published, so it cannot be made retired");
    EXPECT_EQ(move("example.org", {{"a", active}, {"c", active}}),
              "not_found: example.org has no key c");
    EXPECT_EQ(list("example.org"), "a ed25519-sha256 published, b ed25519-sha256 published");
    EXPECT_EQ(move("example.org", {{"A", active}}), "changed");
    EXPECT_EQ(move("example.org", {{"a", active}}), "unchanged");
    const auto until = world_.clock().now() + 48h;
    EXPECT_EQ(move("example.org", {{"b", active}, {"a", retired, until}}), "changed");
    auto keys = world_.run(admin().list_dkim_keys("example.org")).value();
    EXPECT_EQ(keys[0].keep_until, until);
    EXPECT_EQ(keys[0].retired, world_.clock().now());
    EXPECT_EQ(keys[1].activated, world_.clock().now());
    EXPECT_EQ(move("example.org", {{"b", removed}}),
              "conflict: the key b is active, so it cannot be made removed");
    EXPECT_EQ(move("example.org", {{"a", removed}}), "changed");
    EXPECT_EQ(move("example.org", {{"a", active}}),
              "conflict: the key a is removed, so it cannot be made active");
    EXPECT_EQ(list("example.org"), "a ed25519-sha256 removed, b ed25519-sha256 active");
}

TEST_P(DirectoryDkim, SignsForWhoeverIsLoggedIn) {
    activate("example.org", "key");
    activate("alias.example", "alias");
    const auto ada = login("ada@example.org");
    const struct {
        const char* from;
        const char* want;
    } cases[] = {
        {"ada@example.org", "example.org 1"},
        {"Ada <ADA+x@Example.ORG>", "example.org 1"},
        {"ada@alias.example", "alias.example 1"},
        {"ada@example.org, ada+x@example.org", "example.org 1"},
        {"bob@example.org", "From has an address that is not the sender's"},
        {"ada@example.org, bob@example.org", "From has an address that is not the sender's"},
        {"eve@example.net", "From has an address that is not the sender's"},
        {"ada@example.org (", "From is no plain list of addresses"},
        {"undisclosed:;", "From is no plain list of addresses"},
    };
    for (const auto& c : cases) EXPECT_EQ(signing(ada, c.from), c.want) << c.from;
    // The nearest domain above that has a key.
    EXPECT_EQ(signing(login("ada@news.example.org"), "ada@news.example.org"), "example.org 1");
    activate("news.example.org", "news");
    EXPECT_EQ(signing(login("ada@news.example.org"), "ada@news.example.org"), "news.example.org 1");
}

TEST_P(DirectoryDkim, SignsWithTheNewestActiveKeyOfEachAlgorithm) {
    const auto ada = login("ada@example.org");
    EXPECT_EQ(add_one("example.org", "one"), "one ed25519-sha256 published");
    EXPECT_EQ(signing(ada, "ada@example.org"), "no active key");
    EXPECT_EQ(move("example.org", {{"one", DkimState::active}}), "changed");
    world_.clock().advance(1h);
    EXPECT_EQ(add("example.org", {{Algorithm::rsa_sha256, "rsa", ""}, {kEd25519, "two", ""}}),
              "rsa rsa-sha256 published, two ed25519-sha256 published");
    EXPECT_EQ(move("example.org", {{"rsa", DkimState::active}, {"two", DkimState::active}}),
              "changed");
    const auto made = sign(ada, "ada@example.org");
    ASSERT_TRUE(made.has_value());
    ASSERT_EQ(made->fields.size(), 2U);
    EXPECT_NE(made->fields[0].find("a=rsa-sha256"), std::string::npos);
    EXPECT_NE(made->fields[1].find("s=two"), std::string::npos);

    const auto header = made->fields[0] + made->fields[1] + header_from("ada@example.org");
    policy::dkim::BodyHashes hashes;
    const policy::dkim::Verification verification(header, hashes, {});
    hashes.take(kBody);
    hashes.finish();
    policy::dkim::KeyAnswers answers;
    const auto keys = world_.run(admin().list_dkim_keys("example.org")).value();
    for (const auto& key : keys)
        answers[key.record_name()] = {policy::dkim::KeyAnswer::State::found, {key.record()}};
    for (const auto& verdict : verification.verdicts(answers))
        EXPECT_EQ(verdict.reason, "signature and body hash are right") << verdict.selector;

    EXPECT_EQ(move("example.org", {{"rsa", DkimState::retired}, {"two", DkimState::retired}}),
              "changed");
    EXPECT_NE(sign(ada, "ada@example.org")->fields.front().find("s=one"), std::string::npos);
}

TEST_P(DirectoryDkim, BelievesOnlyLogins) {
    activate("example.org", "key");
    const auto ada = login("ada@example.org");
    auto forged = ada;
    forged.account = login("bob@example.org").account;
    EXPECT_EQ(signing(forged, "bob@example.org"), "not_permitted: forged token");
    const auto grant = world_.run(world_.directory().resolve("ada@example.org")).value();
    EXPECT_EQ(signing(std::get<LocalTarget>(grant.targets.front()).grant, "ada@example.org"),
              "not_permitted: not a login of today");
    world_.clock().advance(23h);
    EXPECT_EQ(signing(ada, "ada@example.org"), "example.org 1");
    world_.clock().advance(1h);
    EXPECT_EQ(signing(ada, "ada@example.org"), "not_permitted: not a login of today");

    const auto another = login("ada@example.org");
    world_.clock().advance(1s);
    AccountChange change;
    change.password = "changed";
    (void)world_.run(admin().change_account("ada@example.org", std::move(change)));
    EXPECT_EQ(signing(another, "ada@example.org"),
              "not_permitted: the account is disabled, or has another password");
    const auto bob = login("bob@example.org");
    AccountChange disable;
    disable.disabled = true;
    (void)world_.run(admin().change_account("bob@example.org", std::move(disable)));
    EXPECT_EQ(signing(bob, "bob@example.org"),
              "not_permitted: the account is disabled, or has another password");
}

TEST_P(DirectoryDkim, SignsTheHostsOwnMail) {
    activate("example.org", "key");
    const auto none = std::nullopt;
    EXPECT_EQ(signing(none, "Postmaster <postmaster@example.org>"), "example.org 1");
    EXPECT_EQ(signing(none, "MAILER-DAEMON@mail.example.org"), "example.org 1");
    EXPECT_EQ(signing(none, "ada@example.org"), "From has an address that is not the sender's");
    EXPECT_EQ(signing(none, "postmaster@example.org, ada@example.org"),
              "From has an address that is not the sender's");
    EXPECT_EQ(signing(none, "postmaster@example.net"), "no active key");
}

TEST_P(DirectoryDkim, RefusesWhatIsNoPreparedMessage) {
    activate("example.org", "key");
    const auto try_it = [&](policy::dkim::Prepared message) {
        const auto made =
            world_.run(world_.directory().sign({login("ada@example.org"), std::move(message)}));
        return made ? "signed" : made.error().internal;
    };
    const std::string hash(32, 'h');
    EXPECT_EQ(try_it({{"from", "from"}, "from:ada@example.org\r\n", hash}), "signed");
    EXPECT_EQ(try_it({{"from"}, "from:ada@example.org\r\n", hash}),
              "no From that can be answered for");
    EXPECT_EQ(try_it({{"from", "from"}, "from:ada@example.org\r\n", "short"}), "no hash of a body");
    EXPECT_EQ(try_it({{"from", "from", "x;d=evil"}, "from:ada@example.org\r\n", hash}),
              "no list of field names");
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryDkim,
                         ::testing::Values(Kind::memory, Kind::local, Kind::remote),
                         [](const auto& tested) {
                             switch (tested.param) {
                             case Kind::memory: return "Memory";
                             case Kind::local: return "Local";
                             case Kind::remote: return "Remote";
                             }
                             return "";
                         });

} // namespace
} // namespace maild::directory
