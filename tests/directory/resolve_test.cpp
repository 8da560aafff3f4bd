#include "directory/memory_repository.hpp"
#include "directory/rules.hpp"

#include "maild/directory/resolve.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace maild::directory {
namespace {

const WallTime kNow = from_unix_seconds(1'700'000'000);

// Two domains, a few accounts and aliases; the tests add to it.
class ResolveTest : public ::testing::Test {
protected:
    void SetUp() override {
        domain("example.org");
        domain("example.net");
        account("ada@example.org");
        account("bob@example.org");
        account("cleo@example.net");
    }

    void domain(const std::string& name) {
        ASSERT_TRUE(rules::add_domain(rows_, name, kNow).has_value()) << name;
    }
    void account(const std::string& address) {
        const auto place = rules::check_new_account(rows_, {address, "", 0});
        ASSERT_TRUE(place.has_value()) << place.error().internal;
        ASSERT_TRUE(rules::insert_account(rows_, *place, 0, kNow).has_value()) << address;
    }
    void alias(const std::string& pattern, const std::vector<std::string>& targets) {
        const auto added = rules::add_alias(rows_, {pattern, targets});
        ASSERT_TRUE(added.has_value()) << pattern << ": " << added.error().internal;
    }
    void change(const std::string& name, const DomainChange& change) {
        const auto changed = rules::change_domain(rows_, name, change);
        ASSERT_TRUE(changed.has_value()) << changed.error().internal;
    }
    void disable(const std::string& address) {
        const auto account = rules::find_account(rows_, address);
        ASSERT_TRUE(account.has_value());
        AccountChange change;
        change.disabled = true;
        ASSERT_TRUE(rules::change_account(rows_, *account, change).has_value());
    }

    // "ada@example.org+detail, far@away.example", or the verdict in words.
    std::string got(const std::string& address) {
        const auto route = find_route(rows_, address);
        if (!route) return "error: " + route.error().internal;
        static constexpr const char* kWords[] = {
            "accepted",         "not local",  "no such user",    "domain disabled",
            "account disabled", "alias loop", "too many targets"};
        std::string out;
        for (const auto& hit : route->local) {
            if (!out.empty()) out += ", ";
            out += rows_.load_account(hit.account).value()->address;
            if (!hit.detail.empty()) out += "+" + hit.detail;
        }
        for (const auto& hit : route->relay) out += (out.empty() ? "" : ", ") + hit.address;
        return route->verdict == Verdict::accepted ? out
                                                   : kWords[static_cast<int>(route->verdict)] + out;
    }

    MemoryRepository rows_{2};
};

struct Case {
    const char* address;
    const char* want;
};

TEST_F(ResolveTest, Accounts) {
    ASSERT_TRUE(rules::add_domain_alias(rows_, "example.com", "example.org").has_value());
    ASSERT_TRUE(rules::add_address(rows_, "countess@example.net", "ada@example.org").has_value());
    const Case cases[] = {
        {"ada@example.org", "ada@example.org"},
        {"ADA@Example.ORG", "ada@example.org"},
        {"\"ada\"@example.org", "ada@example.org"},
        {"\"a\\da\"@example.org", "ada@example.org"},
        {"ada@example.com", "ada@example.org"},
        {"ada+lists@example.org", "ada@example.org+lists"},
        {"Ada+Lists+x@example.com", "ada@example.org+lists+x"},
        {"ada+@example.org", "ada@example.org"},
        {"+ada@example.org", "no such user"},
        {"countess@example.net", "ada@example.org"},
        {"countess+x@example.net", "ada@example.org+x"},
        {"ada@example.net", "no such user"},
        {"nobody@example.org", "no such user"},
        {"ada@elsewhere.example", "not local"},
        {"ada@[192.0.2.1]", "not local"},
        {"ada", "no such user"},
        {"", "no such user"},
        {"@example.org", "no such user"},
        {"ada@example.org' OR '1'='1", "no such user"},
    };
    for (const auto& c : cases) EXPECT_EQ(got(c.address), c.want) << c.address;
}

TEST_F(ResolveTest, ComposedAndDecomposedAreTheSameUser) {
    account("j\xc3\xbcrgen@example.org");
    EXPECT_EQ(got("ju\xcc\x88rgen@example.org"), "j\xc3\xbcrgen@example.org");
    EXPECT_EQ(got("J\xc3\xbcrgen@example.org"), "j\xc3\xbcrgen@example.org");
}

TEST_F(ResolveTest, Separators) {
    DomainChange minus, none;
    minus.subaddress_separator = "-";
    none.subaddress_separator = "";
    change("example.org", minus);
    EXPECT_EQ(got("ada-x@example.org"), "ada@example.org+x");
    EXPECT_EQ(got("ada+x@example.org"), "no such user");
    change("example.org", none);
    EXPECT_EQ(got("ada-x@example.org"), "no such user");
}

TEST_F(ResolveTest, Aliases) {
    alias("team@example.org", {"ada@example.org", "bob+team@example.org", "far@away.example"});
    alias("all@example.org", {"team@example.org", "cleo@example.net", "ada@example.org"});
    alias("gone@example.org", {"nobody@example.org"});
    alias("half@example.org", {"nobody@example.org", "bob@example.org"});
    alias("shop-*@example.org", {"bob@example.org"});
    alias("shop-eu-*@example.org", {"cleo@example.net"});
    alias("shop-*-eu@example.org", {"ada@example.org"});
    alias("shop-cart@example.org", {"ada@example.org"});
    const Case cases[] = {
        {"team@example.org", "ada@example.org, bob@example.org+team, far@away.example"},
        {"Team+x@example.org", "ada@example.org, bob@example.org+team, far@away.example"},
        {"all@example.org",
         "cleo@example.net, ada@example.org, bob@example.org+team, far@away.example"},
        {"gone@example.org", "no such user"},
        {"half@example.org", "bob@example.org"},
        {"shop-x@example.org", "bob@example.org"},
        {"shop-@example.org", "bob@example.org"},
        {"shop@example.org", "no such user"},
        {"shop-eu-1@example.org", "cleo@example.net"},
        {"shop-cart@example.org", "ada@example.org"},
        {"shop-1-eu@example.org", "ada@example.org"},
        {"shop-eu-x-eu@example.org", "ada@example.org"},
    };
    for (const auto& c : cases) EXPECT_EQ(got(c.address), c.want) << c.address;
}

TEST_F(ResolveTest, CatchAllAndPostmaster) {
    DomainChange change_net;
    change_net.catch_all = "cleo+lost@example.net";
    change("example.net", change_net);
    EXPECT_EQ(got("whoever@example.net"), "cleo@example.net+lost");
    EXPECT_EQ(got("postmaster@example.net"), "cleo@example.net+lost");
    // Without a setting: the account that was made first (RFC 5321 §4.5.1: it must work).
    EXPECT_EQ(got("postmaster"), "ada@example.org");
    EXPECT_EQ(got("PostMaster"), "ada@example.org");
    EXPECT_EQ(got("Postmaster@example.org"), "ada@example.org");
    EXPECT_EQ(got("abuse@example.org"), "ada@example.org");
    ASSERT_TRUE(rules::set_postmaster(rows_, "bob@example.org").has_value());
    EXPECT_EQ(got("postmaster"), "bob@example.org");
    EXPECT_EQ(got("postmaster@example.org"), "bob@example.org");
    alias("postmaster@example.org", {"ada@example.org"});
    EXPECT_EQ(got("postmaster@example.org"), "ada@example.org");
}

TEST_F(ResolveTest, Disabled) {
    alias("team@example.org", {"ada@example.org", "bob@example.org"});
    disable("bob@example.org");
    EXPECT_EQ(got("bob@example.org"), "account disabled");
    EXPECT_EQ(got("bob+x@example.org"), "account disabled");
    EXPECT_EQ(got("team@example.org"), "ada@example.org");
    DomainChange off;
    off.disabled = true;
    change("example.org", off);
    EXPECT_EQ(got("ada@example.org"), "domain disabled");
    EXPECT_EQ(got("nobody@example.org"), "domain disabled");
}

TEST_F(ResolveTest, LoopsEnd) {
    alias("a@example.org", {"b@example.org"});
    alias("b@example.org", {"c@example.org"});
    alias("c@example.org", {"a@example.org"});
    EXPECT_EQ(got("a@example.org"), "alias loop");
    // Who is in each other's list still gets it once.
    alias("d@example.org", {"e@example.org", "ada@example.org"});
    alias("e@example.org", {"d@example.org", "bob@example.org"});
    EXPECT_EQ(got("d@example.org"), "ada@example.org, bob@example.org");
    DomainChange circle;
    circle.catch_all = "d@example.org";
    change("example.net", circle);
    alias("f@example.org", {"whoever@example.net"});
    EXPECT_EQ(got("f@example.org"), "ada@example.org, bob@example.org");
}

TEST_F(ResolveTest, DepthIsLimited) {
    for (int i = 1; i <= 11; ++i)
        alias("a" + std::to_string(i) + "@example.org",
              {i == 1 ? "ada@example.org" : "a" + std::to_string(i - 1) + "@example.org"});
    EXPECT_EQ(got("a10@example.org"), "ada@example.org");
    EXPECT_EQ(got("a11@example.org"), "alias loop");
}

TEST_F(ResolveTest, TargetsAreLimited) {
    std::vector<std::string> many;
    for (int i = 0; i < 1000; ++i) many.push_back("u" + std::to_string(i) + "@away.example");
    alias("many@example.org", many);
    alias("more@example.org", {"many@example.org", "ada@example.org"});
    EXPECT_EQ(find_route(rows_, "many@example.org")->relay.size(), 1000U);
    EXPECT_EQ(got("more@example.org"), "too many targets");
}

TEST_F(ResolveTest, SaysEachStep) {
    ASSERT_TRUE(rules::add_domain_alias(rows_, "example.com", "example.org").has_value());
    alias("sales@example.org", {"ada+sales@example.org", "far@away.example"});
    const auto route = find_route(rows_, "Sales@example.com");
    std::string steps;
    for (const auto& step : route->steps)
        steps += step.rule + ": " + step.from + " -> " + step.to + "\n";
    EXPECT_EQ(steps, "domain-alias: sales@example.com -> sales@example.org\n"
                     "alias: sales@example.org -> ada+sales@example.org\n"
                     "alias: sales@example.org -> far@away.example\n"
                     "subaddress: ada+sales@example.org -> ada@example.org\n"
                     "account: ada+sales@example.org -> account 1\n"
                     "relay: far@away.example -> far@away.example\n");
}

TEST(MatchesPattern, IsAGlob) {
    const struct {
        const char* pattern;
        const char* text;
        bool want;
    } cases[] = {
        {"*", "", true},          {"*", "x", true},
        {"a*", "a", true},        {"a*c", "abc", true},
        {"a*c", "abcd", false},   {"*b*", "abc", true},
        {"a*b*c", "a1b2c", true}, {"a*b*c", "acb", false},
        {"**", "x", true},        {"a", "ab", false},
        {"ab", "a", false},       {"*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaa", false},
    };
    for (const auto& c : cases)
        EXPECT_EQ(matches_pattern(c.pattern, c.text), c.want) << c.pattern << " " << c.text;
}

// Whatever the graph of aliases: the answer comes, is the same each time, keeps the limits, and
// names nobody twice.
TEST(ResolveProperty, TerminatesAndIsDeterministic) {
    std::mt19937 random(20261122);
    const auto pick = [&](unsigned n) { return static_cast<unsigned>(random() % n); };
    for (int round = 0; round < 300; ++round) {
        MemoryRepository rows(1);
        ASSERT_TRUE(rules::add_domain(rows, "a.example", kNow).has_value());
        ASSERT_TRUE(rules::add_domain(rows, "b.example", kNow).has_value());
        ASSERT_TRUE(rules::add_domain_alias(rows, "c.example", "a.example").has_value());
        const auto address = [&] {
            static constexpr const char* kDomains[] = {"a.example", "b.example", "c.example",
                                                       "far.example"};
            auto local = "x" + std::to_string(pick(8));
            if (pick(6) == 0) local += "+d";
            return local + "@" + kDomains[pick(4)];
        };
        for (unsigned i = 0; i < 2; ++i) {
            const auto place = rules::check_new_account(rows, {address(), "", 0});
            if (place) (void)rules::insert_account(rows, *place, 0, kNow);
        }
        for (unsigned i = 0; i < 3 + pick(12); ++i) {
            Alias alias{address(), {}};
            if (pick(5) == 0) alias.pattern = "x*@a.example";
            for (unsigned k = 0; k < 1 + pick(3); ++k) alias.targets.push_back(address());
            (void)rules::add_alias(rows, alias); // one that is refused is none
        }
        DomainChange change;
        change.catch_all = address();
        (void)rules::change_domain(rows, "b.example", change);

        const auto start = address();
        const auto once = find_route(rows, start), twice = find_route(rows, start);
        ASSERT_TRUE(once.has_value() && twice.has_value());
        ASSERT_EQ(once->verdict, twice->verdict) << start;
        ASSERT_EQ(once->local.size(), twice->local.size()) << start;
        ASSERT_EQ(once->steps.size(), twice->steps.size()) << start;
        EXPECT_EQ(once->verdict == Verdict::accepted, !once->local.empty() || !once->relay.empty());
        for (std::size_t i = 0; i < once->local.size(); ++i)
            for (std::size_t k = 0; k < i; ++k)
                EXPECT_NE(once->local[i].account, once->local[k].account) << start;
        for (std::size_t i = 0; i < once->relay.size(); ++i)
            for (std::size_t k = 0; k < i; ++k)
                EXPECT_NE(once->relay[i].address, once->relay[k].address) << start;
    }
}

} // namespace
} // namespace maild::directory
