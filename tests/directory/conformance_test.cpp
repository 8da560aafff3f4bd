// What every directory does, whatever keeps its rows and whoever is in between.
#include "directory/world.hpp"

#include <gtest/gtest.h>

namespace maild::directory {
namespace {

using namespace std::chrono_literals;
using test::Kind;

class DirectoryConformance : public ::testing::TestWithParam<Kind> {
protected:
    void SetUp() override {
        EXPECT_EQ(said(admin().add_domain("example.org")), "changed");
        EXPECT_EQ(said(admin().add_account({"ada@example.org", "secret", 0})), "changed");
    }

    DirectoryAdmin& admin() { return world_.admin(); }
    Directory& directory() { return world_.directory(); }

    // "changed", "unchanged", or the error: "conflict: one sentence".
    std::string said(net::Task<Result<Changed>> task) {
        const auto result = world_.run(std::move(task));
        if (!result)
            return std::string(name_of(result.error().code)) + ": " + result.error().internal;
        return result->changed ? "changed" : "unchanged";
    }
    auth::LoginResult login(const std::string& authcid, const std::string& password,
                            const std::string& authzid = "",
                            const std::string& from = "192.0.2.1") {
        return world_.run(directory().login({{authzid, authcid, password}, Service::imap, from}));
    }
    bool may_login(const std::string& authcid, const std::string& password,
                   const std::string& authzid = "", const std::string& from = "192.0.2.1") {
        const auto result = login(authcid, password, authzid, from);
        if (!result) {
            EXPECT_EQ(result.error().code, Errc::authentication_failed) << result.error().internal;
        }
        return result.has_value();
    }
    Resolution resolve(const std::string& address) {
        auto result = world_.run(directory().resolve(address));
        EXPECT_TRUE(result.has_value()) << address;
        return result ? std::move(*result) : Resolution{};
    }
    Account account(const std::string& address) {
        auto result = world_.run(admin().show_account(address));
        EXPECT_TRUE(result.has_value()) << address;
        return result ? std::move(*result) : Account{};
    }

    test::World world_{GetParam()};
};

TEST_P(DirectoryConformance, LogsIn) {
    const auto identity = login("ada@example.org", "secret");
    ASSERT_TRUE(identity.has_value());
    EXPECT_EQ(identity->address, "ada@example.org");
    EXPECT_EQ(identity->token.account, identity->account);
    EXPECT_EQ(identity->token.right, auth::Right::access);
    EXPECT_EQ(identity->token.expires, world_.clock().now() + 60s);
    EXPECT_TRUE(world_.key().verify(identity->token, world_.clock().now()).has_value());
    EXPECT_TRUE(may_login("Ada@Example.ORG", "secret"));
    EXPECT_TRUE(may_login("ada@example.org", "secret", "ada@example.org"));
}

TEST_P(DirectoryConformance, RefusesLoginsAlike) {
    ASSERT_EQ(said(admin().add_account({"bob@example.org", "hunter2", 0})), "changed");
    ASSERT_EQ(said(admin().add_account({"nologin@example.org", "", 0})), "changed");
    const struct {
        const char* name;
        std::string authcid, password, authzid;
    } cases[] = {
        {"wrong password", "ada@example.org", "Secret", ""},
        {"empty password", "ada@example.org", "", ""},
        {"NUL password", "ada@example.org", std::string("secret\0", 7), ""},
        {"4 KiB password", "ada@example.org", std::string(4096, 's'), ""},
        {"unknown account", "eve@example.org", "secret", ""},
        {"unknown domain", "ada@example.net", "secret", ""},
        {"no address", "ada", "secret", ""},
        {"empty", "", "secret", ""},
        {"subaddress", "ada+x@example.org", "secret", ""},
        {"no password set", "nologin@example.org", "secret", ""},
        {"authzid of another", "ada@example.org", "secret", "bob@example.org"},
        {"authzid of nobody", "ada@example.org", "secret", "eve@example.org"},
        {"SQL", "ada@example.org' --", "secret", ""},
        {"SQL or", "' OR '1'='1", "' OR '1'='1", ""},
        {"LDAP", "*)(uid=*", "secret", ""},
        {"pattern", "%@example.org", "secret", ""},
        {"another's password", "bob@example.org", "secret", ""},
    };
    for (const auto& c : cases) EXPECT_FALSE(may_login(c.authcid, c.password, c.authzid)) << c.name;
    EXPECT_TRUE(may_login("bob@example.org", "hunter2"));
}

// HARDENING 40
TEST_P(DirectoryConformance, GuessingIsSlowedAndThenTurnedAway) {
    const auto guess = [&](int number) {
        return login("user" + std::to_string(number) + "@example.org", "guess").error();
    };
    int guesses = 0;
    for (; guesses < 10; ++guesses) EXPECT_EQ(guess(guesses).delay, 0ms);
    for (const auto want : {1s, 2s, 4s, 8s}) EXPECT_EQ(guess(guesses++).delay, want);
    while (guesses < 30) EXPECT_EQ(guess(guesses++).code, Errc::authentication_failed);
    EXPECT_EQ(login("ada@example.org", "secret").error().code, Errc::limit_exceeded);
    EXPECT_TRUE(login("ada@example.org", "secret", "", "192.0.2.2").has_value());
    EXPECT_FALSE(may_login("ada@example.org", "typo", "", "192.0.2.3"));
    const auto suspects = world_.run(admin().list_suspects()).value();
    ASSERT_EQ(suspects.size(), 1U) << "the other one is banned by now";
    EXPECT_EQ(suspects[0].network, *net::parse_network("192.0.2.3"));
    EXPECT_EQ(login("ada@example.org", "secret").error().code, Errc::limit_exceeded)
        << "even a login that was verified before";
    world_.clock().advance(15min);
    EXPECT_TRUE(may_login("ada@example.org", "secret"));
}

TEST_P(DirectoryConformance, AnAccountThatManyGuessAtIsTriedNowAndThen) {
    ASSERT_TRUE(login("ada@example.org", "secret", "", "198.51.100.1").has_value());
    for (int i = 0; i < 11; ++i)
        EXPECT_FALSE(
            login("ada@example.org", "guess", "", "2001:db8:0:" + std::to_string(i) + "::1"));
    EXPECT_EQ(login("ada@example.org", "better", "", "192.0.2.1").error().code, Errc::busy);
    const auto from_home = login("ada@example.org", "typo", "", "198.51.100.1");
    EXPECT_EQ(from_home.error().code, Errc::authentication_failed) << "looked at all the same";
    EXPECT_TRUE(login("ada@example.org", "secret", "", "198.51.100.1").has_value());
    for (int i = 0; i < 11; ++i)
        EXPECT_FALSE(
            login("nobody@example.org", "guess", "", "2001:db8:1:" + std::to_string(i) + "::1"));
    EXPECT_EQ(login("nobody@example.org", "better", "", "192.0.2.1").error().code, Errc::busy)
        << "nobody can tell by it which accounts exist";
}

TEST_P(DirectoryConformance, AnAdminBansNetworks) {
    const auto ban = [&](const char* network, std::optional<std::chrono::seconds> span = {}) {
        auth::Ban wanted{.network = *net::parse_network(network), .reason = "noise"};
        if (span) wanted.until = world_.clock().now() + *span;
        return said(admin().add_ban(std::move(wanted)));
    };
    const auto may_from = [&](const char* address) {
        return login("ada@example.org", "secret", "", address).has_value();
    };
    EXPECT_EQ(ban("192.0.2.0/24"), "changed");
    EXPECT_EQ(ban("192.0.2.0/24"), "unchanged");
    EXPECT_EQ(ban("2001:db8::/48", 1h), "changed");
    EXPECT_EQ(ban("2001:db8::/48", 2h), "changed");
    EXPECT_FALSE(may_from("192.0.2.200"));
    EXPECT_FALSE(may_from("::ffff:192.0.2.200"));
    EXPECT_FALSE(may_from("2001:db8:0:ffff::1"));
    EXPECT_TRUE(may_from("192.0.3.1"));
    const auto bans = world_.run(admin().list_bans()).value();
    ASSERT_EQ(bans.size(), 2U);
    for (const auto& b : bans) {
        EXPECT_EQ(b.since, world_.clock().now());
        EXPECT_TRUE(b.is_by_admin);
        EXPECT_EQ(b.until.has_value(), b.network == *net::parse_network("2001:db8::/48"));
    }
    world_.clock().advance(2h);
    EXPECT_TRUE(may_from("2001:db8:0:ffff::1"));
    EXPECT_EQ(said(admin().remove_ban(*net::parse_network("192.0.2.0/24"))), "changed");
    EXPECT_EQ(said(admin().remove_ban(*net::parse_network("192.0.2.0/24"))), "unchanged");
    EXPECT_TRUE(may_from("192.0.2.200"));
    EXPECT_TRUE(ban("0.0.0.0/7").starts_with("invalid_argument: 0.0.0.0/7 is too wide"));
    EXPECT_TRUE(ban("::/0").starts_with("invalid_argument: ::/0 is too wide"));
}

TEST_P(DirectoryConformance, SaysWhereAnAccountLoggedIn) {
    const auto logins = [&] {
        return world_.run(admin().account_logins("ada@example.org")).value();
    };
    EXPECT_TRUE(logins().logins.empty());
    ASSERT_TRUE(login("ada@example.org", "secret", "", "192.0.2.1"));
    const auto first = world_.clock().now();
    world_.clock().advance(1min);
    ASSERT_FALSE(login("ada@example.org", "typo", "", "192.0.2.1"));
    ASSERT_FALSE(login("ada@example.org", "guess", "", "2001:db8::7"));
    world_.clock().advance(1min);
    ASSERT_FALSE(login("ada@example.org", "guess", "", "2001:db8::8"));
    auto known = logins();
    ASSERT_EQ(known.logins.size(), 1U);
    EXPECT_EQ(known.logins[0].service, "imap");
    EXPECT_EQ(known.logins[0].address, "192.0.2.1");
    EXPECT_EQ(known.logins[0].at, first);
    ASSERT_EQ(known.failures.size(), 2U);
    EXPECT_EQ(known.failures[0].network, "2001:db8::/64");
    EXPECT_EQ(known.failures[0].count, 2U);
    EXPECT_EQ(known.failures[0].first, first + 1min);
    EXPECT_EQ(known.failures[0].last, first + 2min);
    EXPECT_EQ(known.failures[1].network, "192.0.2.1");
    ASSERT_FALSE(login("ada@example.org", "guess", "", "2001:db8::9"));
    ASSERT_TRUE(login("ada@example.org", "secret", "", "192.0.2.1"));
    known = logins();
    ASSERT_EQ(known.failures.size(), 1U) << "the owner mistyped it, and then did not";
    EXPECT_EQ(known.failures[0].count, 3U) << "added up with those of before";
    EXPECT_EQ(world_.run(admin().account_logins("eve@example.org")).error().code,
              Errc::no_such_account);
}

TEST_P(DirectoryConformance, KeepsTheNetworksThatFailedLast) {
    for (int i = 0; i < 10; ++i) {
        world_.clock().advance(1min);
        EXPECT_FALSE(login("ada@example.org", "guess", "", "192.0.2." + std::to_string(i)));
        EXPECT_TRUE(world_.run(admin().account_logins("ada@example.org")).has_value());
    }
    const auto failures = world_.run(admin().account_logins("ada@example.org"))->failures;
    ASSERT_EQ(failures.size(), kFailingNetworks);
    EXPECT_EQ(failures.front().network, "192.0.2.9");
    EXPECT_EQ(failures.back().network, "192.0.2.2");
    EXPECT_EQ(said(admin().remove_account("ada@example.org")), "changed");
    EXPECT_EQ(said(admin().add_account({"ada@example.org", "secret", 0})), "changed");
    EXPECT_TRUE(world_.run(admin().account_logins("ada@example.org"))->failures.empty())
        << "another account, another life";
}

TEST_P(DirectoryConformance, APasswordChangeHoldsAtOnce) {
    EXPECT_TRUE(may_login("ada@example.org", "secret"));
    AccountChange change;
    change.password = "better";
    EXPECT_EQ(said(admin().change_account("ada@example.org", change)), "changed");
    EXPECT_FALSE(may_login("ada@example.org", "secret"));
    EXPECT_TRUE(may_login("ada@example.org", "better"));
}

TEST_P(DirectoryConformance, DisablingHoldsAtOnce) {
    EXPECT_TRUE(may_login("ada@example.org", "secret"));
    AccountChange off, on;
    off.disabled = true;
    off.disabled_reason = "left";
    on.disabled = false;
    EXPECT_EQ(said(admin().change_account("ada@example.org", off)), "changed");
    EXPECT_EQ(said(admin().change_account("ada@example.org", off)), "unchanged");
    EXPECT_EQ(account("ada@example.org").disabled_reason, "left");
    EXPECT_FALSE(may_login("ada@example.org", "secret"));
    EXPECT_EQ(resolve("ada@example.org").verdict, Verdict::account_disabled);
    EXPECT_EQ(said(admin().change_account("ada@example.org", on)), "changed");
    EXPECT_TRUE(may_login("ada@example.org", "secret"));

    DomainChange closed;
    closed.disabled = true;
    EXPECT_EQ(said(admin().change_domain("example.org", closed)), "changed");
    EXPECT_FALSE(may_login("ada@example.org", "secret"));
    EXPECT_EQ(resolve("ada@example.org").verdict, Verdict::domain_disabled);
}

TEST_P(DirectoryConformance, GrantsCarryQuotaAndShard) {
    DomainChange change;
    change.limits = DomainLimits{.max_accounts = 0, .default_quota_bytes = 1000};
    ASSERT_EQ(said(admin().change_domain("example.org", change)), "changed");
    const auto grant_of = [&](const std::string& address) {
        return std::get<LocalTarget>(resolve(address).targets.at(0)).grant;
    };
    const auto grant = grant_of("ada@example.org");
    EXPECT_EQ(grant.quota_bytes, 1000U) << "the domain's default";
    EXPECT_EQ(grant.right, auth::Right::deliver);
    EXPECT_EQ(grant.expires, world_.clock().now() + 10min);
    EXPECT_EQ(grant.shard, account("ada@example.org").shard);
    EXPECT_TRUE(world_.key().verify(grant, world_.clock().now()).has_value());
    AccountChange own;
    own.quota_bytes = 5;
    own.quota_messages = 7;
    ASSERT_EQ(said(admin().change_account("ada@example.org", own)), "changed");
    EXPECT_EQ(grant_of("ada+x@example.org").quota_bytes, 5U);
    EXPECT_EQ(grant_of("ada@example.org").quota_messages, 7U);
}

TEST_P(DirectoryConformance, Resolves) {
    ASSERT_EQ(
        said(admin().add_alias({"team@example.org", {"ada+team@example.org", "far@away.example"}})),
        "changed");
    const auto team = resolve("team@example.org");
    EXPECT_EQ(team.verdict, Verdict::accepted);
    ASSERT_EQ(team.targets.size(), 2U);
    EXPECT_EQ(std::get<LocalTarget>(team.targets[0]).address, "ada@example.org");
    EXPECT_EQ(std::get<LocalTarget>(team.targets[0]).detail, "team");
    EXPECT_EQ(std::get<RelayTarget>(team.targets[1]).address, "far@away.example");
    EXPECT_EQ(team.steps.size(), 5U);
    EXPECT_EQ(resolve("nobody@example.org").verdict, Verdict::no_such_user);
    EXPECT_EQ(resolve("ada@elsewhere.example").verdict, Verdict::not_local);
    EXPECT_EQ(resolve("postmaster").verdict, Verdict::accepted);
}

TEST_P(DirectoryConformance, MaySendAs) {
    ASSERT_EQ(said(admin().add_account({"bob@example.org", "", 0})), "changed");
    ASSERT_EQ(said(admin().add_alias({"team@example.org", {"list@example.org"}})), "changed");
    ASSERT_EQ(said(admin().add_alias({"list@example.org", {"ada@example.org"}})), "changed");
    ASSERT_EQ(said(admin().add_alias({"shop-*@example.org", {"ada@example.org"}})), "changed");
    ASSERT_EQ(said(admin().add_domain_alias("example.com", "example.org")), "changed");
    ASSERT_EQ(said(admin().add_domain("example.net")), "changed");
    ASSERT_EQ(said(admin().add_address("countess@example.net", "ada@example.org")), "changed");
    const auto may = [&](const std::string& who, const std::string& address) {
        return world_.run(directory().may_send_as(account(who).id, address)).value();
    };
    for (const auto* address :
         {"ada@example.org", "ada+x@example.org", "ada@example.com", "ADA@example.org",
          "team@example.org", "shop-1@example.org", "countess@example.net"})
        EXPECT_TRUE(may("ada@example.org", address)) << address;
    for (const auto* address :
         {"bob@example.org", "nobody@example.org", "ada@away.example", "", "ada"})
        EXPECT_FALSE(may("ada@example.org", address)) << address;
    EXPECT_FALSE(may("bob@example.org", "ada@example.org"));
    DomainChange change;
    change.catch_all = "bob@example.org";
    ASSERT_EQ(said(admin().change_domain("example.net", change)), "changed");
    EXPECT_TRUE(may("bob@example.org", "anything@example.net"));
}

TEST_P(DirectoryConformance, RefersToAccounts) {
    ASSERT_EQ(said(admin().add_domain_alias("example.com", "example.org")), "changed");
    const auto refer = [&](const char* text) { return world_.run(directory().refer(text)); };
    const auto ada = refer("ADA@example.com").value();
    EXPECT_EQ(ada.address, "ada@example.org");
    ASSERT_TRUE(ada.visit);
    EXPECT_EQ(ada.visit->right, auth::Right::visit);
    EXPECT_EQ(ada.visit->domain, world_.run(admin().show_domain("example.org")).value().id);
    EXPECT_EQ(refer("ada@elsewhere.example").error().code, Errc::no_such_domain);
    const auto all = world_.run(directory().refer_all({AccountId(999), ada.account})).value();
    EXPECT_EQ(all.size(), 1U);
    AccountChange change;
    change.disabled = true;
    ASSERT_EQ(said(admin().change_account("ada@example.org", change)), "changed");
    EXPECT_FALSE(refer("ada@example.org").value().visit) << "nobody visits who is disabled";
}

TEST_P(DirectoryConformance, Domains) {
    EXPECT_EQ(said(admin().add_domain("Example.ORG")), "unchanged");
    EXPECT_EQ(said(admin().add_domain("b\xc3\xbc"
                                      "cher.example")),
              "changed");
    EXPECT_EQ(said(admin().add_domain("[192.0.2.1]")),
              "invalid_argument: '[192.0.2.1]' is no domain name");
    EXPECT_EQ(said(admin().add_domain("")), "invalid_argument: '' is no domain name");
    EXPECT_EQ(said(admin().add_domain_alias("example.com", "example.org")), "changed");
    EXPECT_EQ(said(admin().add_domain_alias("example.com", "example.org")), "unchanged");
    EXPECT_EQ(said(admin().add_domain("example.com")),
              "already_exists: example.com is an alias of the domain example.org");
    EXPECT_EQ(said(admin().add_domain_alias("example.org", "xn--bcher-kva.example")),
              "already_exists: example.org is a domain of its own");
    EXPECT_EQ(said(admin().add_domain_alias("x.example", "y.example")),
              "no_such_domain: there is no domain y.example");
    const auto domains = world_.run(admin().list_domains()).value();
    ASSERT_EQ(domains.size(), 2U);
    EXPECT_EQ(domains[0].name, "example.org");
    EXPECT_EQ(domains[0].accounts, 1U);
    EXPECT_EQ(domains[0].aliases, std::vector<std::string>{"example.com"});
    EXPECT_EQ(domains[1].name, "xn--bcher-kva.example");
    EXPECT_EQ(world_.run(admin().show_domain("example.com")).value().name, "example.org");

    EXPECT_EQ(said(admin().remove_domain("example.org")),
              "conflict: example.org still has 1 addresses of accounts; remove those first");
    EXPECT_EQ(said(admin().remove_account("ada@example.org")), "changed");
    EXPECT_EQ(said(admin().remove_domain("example.org")), "changed");
    EXPECT_EQ(said(admin().remove_domain("example.org")),
              "no_such_domain: there is no domain example.org");
    EXPECT_EQ(said(admin().remove_domain_alias("example.com")),
              "no_such_domain: there is no domain alias example.com");
}

TEST_P(DirectoryConformance, DomainChanges) {
    DomainChange separator, catch_all, reason;
    separator.subaddress_separator = "/";
    EXPECT_EQ(said(admin().change_domain("example.org", separator)),
              "invalid_argument: a subaddress separator is one of +-=_.# or empty");
    separator.subaddress_separator = "-";
    EXPECT_EQ(said(admin().change_domain("example.org", separator)), "changed");
    EXPECT_EQ(said(admin().change_domain("example.org", separator)), "unchanged");
    catch_all.catch_all = "eve@example.org";
    EXPECT_EQ(said(admin().change_domain("example.org", catch_all)),
              "no_such_account: nobody here has the address eve@example.org");
    catch_all.catch_all = "Ada@example.org";
    EXPECT_EQ(said(admin().change_domain("example.org", catch_all)), "changed");
    EXPECT_EQ(resolve("whoever@example.org").verdict, Verdict::accepted);
    catch_all.catch_all = "";
    EXPECT_EQ(said(admin().change_domain("example.org", catch_all)), "changed");
    EXPECT_EQ(resolve("whoever@example.org").verdict, Verdict::no_such_user);
    reason.disabled = true;
    reason.disabled_reason = "two\nlines";
    EXPECT_EQ(said(admin().change_domain("example.org", reason)),
              "invalid_argument: a reason is one line of at most 500 octets");
}

TEST_P(DirectoryConformance, AddsAccountsOnce) {
    EXPECT_EQ(said(admin().add_account({"ADA@example.org", "secret", 0})), "unchanged");
    EXPECT_EQ(said(admin().add_account({"ada@example.org", "other", 0})),
              "already_exists: ada@example.org exists already with another password");
    EXPECT_EQ(said(admin().add_account({"ada@example.org", "secret", 5})),
              "already_exists: ada@example.org exists already with another quota");
    EXPECT_EQ(said(admin().add_account({"bob@example.net", "x", 0})),
              "no_such_domain: there is no domain example.net");
    EXPECT_EQ(said(admin().add_account({"bob", "x", 0})), "invalid_argument: 'bob' is no address");
    EXPECT_EQ(said(admin().add_account({"b*b@example.org", "x", 0})),
              "invalid_argument: an account's address cannot contain '*'");
    EXPECT_EQ(said(admin().add_account({"bob@example.org", std::string(1025, 'x'), 0})),
              "invalid_argument: the password is longer than 1024 octets");
    EXPECT_EQ(said(admin().add_account({"bob@example.org", "$1$salt$hash", 0})).substr(0, 16),
              "invalid_argument");
    EXPECT_EQ(said(admin().add_account({"bob@example.org", "x", UINT64_MAX})),
              "invalid_argument: the limit 18446744073709551615 is too large");
    ASSERT_EQ(said(admin().add_alias({"team@example.org", {"ada@example.org"}})), "changed");
    EXPECT_EQ(said(admin().add_account({"team@example.org", "x", 0})),
              "already_exists: team@example.org is an alias");
    DomainChange full;
    full.limits = DomainLimits{.max_accounts = 1, .default_quota_bytes = 0};
    ASSERT_EQ(said(admin().change_domain("example.org", full)), "changed");
    EXPECT_EQ(said(admin().add_account({"bob@example.org", "x", 0})),
              "limit_exceeded: example.org has as many accounts as it may: 1");
}

TEST_P(DirectoryConformance, TakesHashesFromElsewhere) {
    ASSERT_EQ(
        said(admin().add_account({"bob@example.org", "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0", 0})),
        "changed");
    EXPECT_TRUE(may_login("bob@example.org", "pencil"));
    EXPECT_FALSE(may_login("bob@example.org", "{SSHA}dFWAdLXeDBTj01WbdotiS4s3zKlzYWx0"));
}

TEST_P(DirectoryConformance, NeverGivesAnIdAgain) {
    const auto before = account("ada@example.org").id;
    EXPECT_EQ(said(admin().remove_account("ada@example.org")), "changed");
    EXPECT_FALSE(may_login("ada@example.org", "secret"));
    EXPECT_EQ(resolve("ada@example.org").verdict, Verdict::no_such_user);
    EXPECT_EQ(said(admin().remove_account("ada@example.org")),
              "no_such_account: there is no account ada@example.org");
    EXPECT_EQ(said(admin().add_account({"ada@example.org", "secret", 0})), "changed");
    EXPECT_GT(account("ada@example.org").id, before);
}

TEST_P(DirectoryConformance, SpreadsAccountsOverShards) {
    for (const auto* name : {"b", "c", "d"})
        ASSERT_EQ(said(admin().add_account({std::string(name) + "@example.org", "", 0})),
                  "changed");
    std::vector<std::uint32_t> shards;
    for (const auto accounts = world_.run(admin().list_accounts("example.org", "", 10)).value();
         const auto& one : accounts)
        shards.push_back(one.shard.value);
    EXPECT_EQ(shards, (std::vector<std::uint32_t>{0, 1, 0, 1}));
}

TEST_P(DirectoryConformance, ListsInPages) {
    for (const auto* name : {"eve", "bob", "cleo"})
        ASSERT_EQ(said(admin().add_account({std::string(name) + "@example.org", "", 0})),
                  "changed");
    const auto page = [&](const std::string& domain, const std::string& after,
                          std::uint32_t limit) {
        std::string out;
        for (const auto accounts = world_.run(admin().list_accounts(domain, after, limit)).value();
             const auto& one : accounts)
            out += one.address.substr(0, one.address.find('@')) + " ";
        return out;
    };
    EXPECT_EQ(page("", "", 0), "ada bob cleo eve ");
    EXPECT_EQ(page("example.org", "", 2), "ada bob ");
    EXPECT_EQ(page("example.org", "bob@example.org", 2), "cleo eve ");
    EXPECT_EQ(page("", "eve@example.org", 2), "");
    EXPECT_EQ(world_.run(admin().list_accounts("x.example", "", 2)).error().code,
              Errc::no_such_domain);
}

TEST_P(DirectoryConformance, Renames) {
    ASSERT_EQ(said(admin().add_domain("example.net")), "changed");
    ASSERT_EQ(said(admin().add_account({"bob@example.org", "", 0})), "changed");
    const auto before = account("ada@example.org");
    AccountChange rename;
    rename.new_address = "bob@example.org";
    EXPECT_EQ(said(admin().change_account("ada@example.org", rename)),
              "already_exists: bob@example.org is an account's address");
    rename.new_address = "Lovelace@example.net";
    EXPECT_EQ(said(admin().change_account("ada@example.org", rename)), "changed");
    EXPECT_EQ(said(admin().change_account("lovelace@example.net", rename)), "unchanged");
    const auto after = account("lovelace@example.net");
    EXPECT_EQ(after.id, before.id);
    EXPECT_EQ(after.shard, before.shard);
    EXPECT_EQ(after.address, "lovelace@example.net");
    EXPECT_TRUE(after.other_addresses.empty());
    EXPECT_EQ(resolve("ada@example.org").verdict, Verdict::no_such_user);
    EXPECT_TRUE(may_login("lovelace@example.net", "secret"));
    EXPECT_EQ(resolve("postmaster").verdict, Verdict::accepted) << "the postmaster moved along";
}

TEST_P(DirectoryConformance, Addresses) {
    EXPECT_EQ(said(admin().add_address("countess@example.org", "ada@example.org")), "changed");
    EXPECT_EQ(said(admin().add_address("countess@example.org", "ada@example.org")), "unchanged");
    EXPECT_EQ(account("countess@example.org").other_addresses,
              std::vector<std::string>{"countess@example.org"});
    EXPECT_TRUE(may_login("countess@example.org", "secret"));
    EXPECT_EQ(
        said(admin().add_account({"countess@example.org", "x", 0})),
        "already_exists: countess@example.org exists already as another address of an account");
    EXPECT_EQ(said(admin().remove_address("ada@example.org")),
              "conflict: ada@example.org is the account's own address; rename or remove the "
              "account instead");
    EXPECT_EQ(said(admin().remove_address("countess@example.org")), "changed");
    EXPECT_EQ(resolve("countess@example.org").verdict, Verdict::no_such_user);
}

TEST_P(DirectoryConformance, Aliases) {
    EXPECT_EQ(said(admin().add_alias({"Team@example.org",
                                      {"ada@example.org", "Far@Away.example", "ada@example.org"}})),
              "changed");
    EXPECT_EQ(said(admin().add_alias({"team@example.org", {"ada@example.org"}})), "unchanged");
    EXPECT_EQ(said(admin().add_alias({"team@example.org", {"x@away.example"}})), "changed");
    EXPECT_EQ(
        said(admin().add_alias({"ada@example.org", {"x@away.example"}})),
        "already_exists: ada@example.org is an account's address, which comes before any alias");
    EXPECT_EQ(said(admin().add_alias({"me@example.org", {"me@example.org"}})),
              "invalid_argument: me@example.org cannot lead to itself");
    EXPECT_EQ(said(admin().add_alias({"me@example.org", {}})),
              "invalid_argument: an alias needs at least one target");
    EXPECT_EQ(said(admin().add_alias({"me@example.org", {"a*@example.org"}})),
              "invalid_argument: the target a*@example.org cannot contain '*'; only the alias can");
    EXPECT_EQ(said(admin().add_alias({"*-*-*-*-*@example.org", {"ada@example.org"}})),
              "invalid_argument: an alias can contain '*' at most four times");
    EXPECT_EQ(said(admin().add_alias({"me@example.net", {"ada@example.org"}})),
              "no_such_domain: there is no domain example.net");
    EXPECT_EQ(said(admin().add_alias({"shop-*@example.org", {"ada@example.org"}})), "changed");
    const auto aliases = world_.run(admin().list_aliases("")).value();
    ASSERT_EQ(aliases.size(), 2U);
    EXPECT_EQ(aliases[0].pattern, "shop-*@example.org");
    EXPECT_EQ(aliases[1].pattern, "team@example.org");
    EXPECT_EQ(aliases[1].targets,
              (std::vector<std::string>{"ada@example.org", "far@away.example", "x@away.example"}));
    EXPECT_EQ(said(admin().remove_alias({"team@example.org", {"nobody@away.example"}})),
              "not_found: team@example.org does not lead to nobody@away.example");
    EXPECT_EQ(said(admin().remove_alias({"team@example.org", {"far@away.example"}})), "changed");
    EXPECT_EQ(said(admin().remove_alias({"team@example.org", {}})), "changed");
    EXPECT_EQ(said(admin().remove_alias({"team@example.org", {}})),
              "not_found: there is no alias team@example.org");
    EXPECT_EQ(world_.run(admin().list_aliases("example.org")).value().size(), 1U);
}

TEST_P(DirectoryConformance, Postmaster) {
    ASSERT_EQ(said(admin().add_account({"bob@example.org", "", 0})), "changed");
    const auto postmaster = [&] {
        return std::get<LocalTarget>(resolve("Postmaster").targets.at(0)).address;
    };
    EXPECT_EQ(postmaster(), "ada@example.org");
    EXPECT_EQ(said(admin().set_postmaster("eve@example.org")),
              "no_such_account: nobody here has the address eve@example.org");
    EXPECT_EQ(said(admin().set_postmaster("bob@example.org")), "changed");
    EXPECT_EQ(said(admin().set_postmaster("bob@example.org")), "unchanged");
    EXPECT_EQ(postmaster(), "bob@example.org");
    EXPECT_EQ(said(admin().remove_account("bob@example.org")), "changed");
    EXPECT_EQ(postmaster(), "ada@example.org");
}

TEST_P(DirectoryConformance, ImportsAllOrNothing) {
    const auto import = [&](std::vector<ImportRow> rows) {
        const auto result = world_.run(admin().import_accounts(std::move(rows))).value();
        std::string out = std::to_string(result.added) + "+" + std::to_string(result.unchanged);
        for (const auto& error : result.errors)
            out += "\n" + std::to_string(error.line) + ": " + error.what;
        return out;
    };
    EXPECT_EQ(
        import({{1, {"bob@example.org", "b", 0}},
                {2, {"cleo@example.net", "c", 0}},
                {3, {"BOB@example.org", "b", 0}},
                {4, {"dora@example.org", "$9$x", 0}},
                {5, {"not an address", "x", 0}},
                {6, {"ada@example.org", "secret", 9}}}),
        "0+0\n2: there is no domain example.net\n3: bob@example.org stands in line 1 already\n"
        "4: the password hash is of a scheme that is not supported; use argon2id, bcrypt, "
        "SHA-512-crypt or a "
        "plain password\n5: 'not an address' is no address\n6: ada@example.org exists already with "
        "another quota");
    EXPECT_EQ(resolve("bob@example.org").verdict, Verdict::no_such_user) << "nothing was written";
    EXPECT_EQ(import({{1, {"ada@example.org", "wrong", 0}}, {2, {"bob@example.org", "b", 0}}}),
              "0+0\n1: ada@example.org exists already with another password");
    EXPECT_EQ(import({{1, {"ada@example.org", "secret", 0}}, {2, {"bob@example.org", "b", 7}}}),
              "1+1");
    EXPECT_TRUE(may_login("bob@example.org", "b"));
    EXPECT_EQ(account("bob@example.org").quota_bytes, 7U);
    EXPECT_EQ(import({{1, {"ada@example.org", "secret", 0}}, {2, {"bob@example.org", "b", 7}}}),
              "0+2");
    EXPECT_EQ(import({}), "0+0");
}

TEST_P(DirectoryConformance, NamesAreOnlyNames) {
    for (const auto* name : {"o'hara@example.org", "\"; drop table account; --\"@example.org",
                             "%@example.org", "\"a b\"@example.org", "_@example.org"}) {
        EXPECT_EQ(said(admin().add_account({name, "x", 0})), "changed") << name;
        EXPECT_EQ(account(name).address, name);
        EXPECT_TRUE(may_login(name, "x")) << name;
        EXPECT_EQ(resolve(name).verdict, Verdict::accepted) << name;
    }
    EXPECT_TRUE(may_login("ada@example.org", "secret"));
}

INSTANTIATE_TEST_SUITE_P(All, DirectoryConformance,
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
