// Policies found in a DNS in memory, and alignment with them.
#include "policy/dmarc_walk.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dmarc {
namespace {

using maild::test::MemoryResolver;

Verdict evaluated(MemoryResolver& dns, Identifiers identifiers,
                  Discovery discovery = Discovery::tree_walk) {
    return maild::test::run_task(evaluate(dns, std::move(identifiers), discovery));
}

struct Zone {
    const char* name;
    const char* record;
};

struct Case {
    const char* name;
    std::vector<Zone> zone;
    Identifiers identifiers;
    Outcome outcome;
    Policy policy;
    const char* organization;
};

TEST(Dmarc, FindsPolicyAndAlignment) {
    const Case cases[] = {
        {"RFC 9989 §B.1.1: DKIM of a subdomain",
         {{"example.com", "v=DMARC1; p=reject"}},
         {"example.com", {"mail.example.com"}},
         Outcome::pass,
         Policy::reject,
         "example.com"},
        {"SPF of a subdomain",
         {{"example.com", "v=DMARC1; p=reject"}},
         {"example.com", {}, "mail.example.com"},
         Outcome::pass,
         Policy::reject,
         "example.com"},
        {"nothing authenticated",
         {{"example.com", "v=DMARC1; p=quarantine"}},
         {"example.com"},
         Outcome::fail,
         Policy::quarantine,
         "example.com"},
        {"another domain",
         {{"example.com", "v=DMARC1; p=reject"}, {"example.net", "v=DMARC1"}},
         {"example.com", {"example.net", "badexample.com", "com"}, "example.net"},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"strict DKIM",
         {{"example.com", "v=DMARC1; p=reject; adkim=s"}},
         {"example.com", {"mail.example.com"}},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"strict DKIM, the same",
         {{"example.com", "v=DMARC1; p=reject; adkim=s"}},
         {"example.com", {"mail.example.com", "EXAMPLE.com"}},
         Outcome::pass,
         Policy::reject,
         "example.com"},
        {"strict SPF",
         {{"example.com", "v=DMARC1; p=reject; aspf=s"}},
         {"example.com", {}, "mail.example.com"},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"inherited",
         {{"example.com", "v=DMARC1; p=reject"}},
         {"a.b.example.com"},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"inherited, sp=",
         {{"example.com", "v=DMARC1; p=reject; sp=none"}},
         {"a.example.com"},
         Outcome::fail,
         Policy::none,
         "example.com"},
        {"the highest record is inherited",
         {{"b.example.com", "v=DMARC1; p=none"}, {"example.com", "v=DMARC1; p=reject"}},
         {"a.b.example.com"},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"psd=n ends the walk",
         {{"b.example.com", "v=DMARC1; p=none; psd=n"}, {"example.com", "v=DMARC1; p=reject"}},
         {"a.b.example.com", {"example.com"}},
         Outcome::fail,
         Policy::none,
         "b.example.com"},
        {"psd=y: the label below",
         {{"bank.example", "v=DMARC1; p=reject; psd=y"}},
         {"a.giant.bank.example", {"giant.bank.example"}},
         Outcome::pass,
         Policy::reject,
         "giant.bank.example"},
        {"psd=y: another bank",
         {{"bank.example", "v=DMARC1; p=reject; psd=y"}},
         {"a.giant.bank.example", {"mega.bank.example"}},
         Outcome::fail,
         Policy::reject,
         "giant.bank.example"},
        {"psd=y of the author itself",
         {{"bank.example", "v=DMARC1; p=reject; psd=y"}},
         {"bank.example", {"bank.example"}},
         Outcome::pass,
         Policy::reject,
         "bank.example"},
        {"its own record, another organization",
         {{"a.example.com", "v=DMARC1; p=none"}, {"example.com", "v=DMARC1; p=reject"}},
         {"a.example.com", {"b.example.com"}},
         Outcome::pass,
         Policy::none,
         "example.com"},
        {"its own record and none above: RFC 7489's organization",
         {{"my.example.com", "v=DMARC1; p=reject"}},
         {"my.example.com", {"example.com"}},
         Outcome::pass,
         Policy::reject,
         "my.example.com"},
        {"its own record and none above, but psd=n",
         {{"my.example.com", "v=DMARC1; p=reject; psd=n"}},
         {"my.example.com", {"example.com"}, "other.example.com"},
         Outcome::fail,
         Policy::reject,
         "my.example.com"},
        {"test mode",
         {{"example.com", "v=DMARC1; p=reject; t=y"}},
         {"example.com"},
         Outcome::fail,
         Policy::quarantine,
         "example.com"},
        {"test mode of quarantine",
         {{"example.com", "v=DMARC1; p=quarantine; t=y"}},
         {"example.com"},
         Outcome::fail,
         Policy::none,
         "example.com"},
        {"no record",
         {{"example.net", "v=DMARC1; p=reject"}},
         {"example.com", {"example.com"}},
         Outcome::none,
         Policy::none,
         "example.com"},
        {"no usable record",
         {{"example.com", "v=DMARC1; adkim=s"}},
         {"example.com", {"example.com"}},
         Outcome::none,
         Policy::none,
         "example.com"},
        {"a wrong record",
         {{"example.com", "v=DMARC1; p=none; p=none"}},
         {"example.com"},
         Outcome::permerror,
         Policy::none,
         ""},
        {"two records of the author",
         {{"a.example.com", "v=DMARC1; p=none"},
          {"a.example.com", "v=DMARC1; p=reject"},
          {"example.com", "v=DMARC1; p=reject"}},
         {"a.example.com"},
         Outcome::none,
         Policy::none,
         ""},
        {"two records above",
         {{"b.example.com", "v=DMARC1; p=none"},
          {"b.example.com", "v=DMARC1; p=reject"},
          {"example.com", "v=DMARC1; p=reject"}},
         {"a.b.example.com"},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"a record among other texts",
         {{"example.com", "other"}, {"example.com", "v=DMARC1; p=reject"}},
         {"example.com"},
         Outcome::fail,
         Policy::reject,
         "example.com"},
        {"no author", {}, {"exa mple"}, Outcome::permerror, Policy::none, ""},
    };
    for (const auto& c : cases) {
        MemoryResolver dns;
        for (const auto& [name, record] : c.zone)
            dns.add_txt("_dmarc." + std::string(name), record);
        dns.add_name("a.example.com");
        const auto verdict = evaluated(dns, c.identifiers);
        EXPECT_EQ(name_of(verdict.outcome), name_of(c.outcome)) << c.name << ": " << verdict.reason;
        EXPECT_EQ(name_of(verdict.policy), name_of(c.policy)) << c.name;
        EXPECT_EQ(verdict.organizational_domain, c.organization) << c.name;
    }
}

TEST(Dmarc, WalksUpInEightQuestions) { // RFC 9989 §4.10
    const std::vector<std::string> want = {"a.b.c.d.e.f.g.h.i.j.mail.example.com",
                                           "g.h.i.j.mail.example.com",
                                           "h.i.j.mail.example.com",
                                           "i.j.mail.example.com",
                                           "j.mail.example.com",
                                           "mail.example.com",
                                           "example.com",
                                           "com"};
    EXPECT_EQ(walk_targets(want.front()), want);
    EXPECT_EQ(walk_targets("b.c.d.e.f.g.com"),
              (std::vector<std::string>{"b.c.d.e.f.g.com", "c.d.e.f.g.com", "d.e.f.g.com",
                                        "e.f.g.com", "f.g.com", "g.com", "com"}));
    EXPECT_EQ(walk_targets("a.b.c.d.e.f.g.com").size(), 8U);
    EXPECT_EQ(walk_targets("com"), std::vector<std::string>{"com"});
    MemoryResolver dns;
    dns.add_txt("_dmarc.example.com", "v=DMARC1; p=none");
    (void)evaluated(dns, {want.front(), {"example.com", "mail.example.com", "example.net"}});
    ASSERT_EQ(dns.asked.size(), 8U); // each name once for all walks
    for (std::size_t i = 0; i < want.size(); ++i) EXPECT_EQ(dns.asked[i].name, "_dmarc." + want[i]);
}

TEST(Dmarc, AsksWhetherTheAuthorExists) { // np=
    for (const bool exists : {true, false}) {
        MemoryResolver dns;
        dns.add_txt("_dmarc.example.com", "v=DMARC1; p=reject; sp=none; np=quarantine");
        if (exists) dns.add_mx("a.example.com", 1, "mail.example.com");
        const auto verdict = evaluated(dns, {"a.example.com"});
        EXPECT_EQ(verdict.policy, exists ? Policy::none : Policy::quarantine);
    }
    MemoryResolver dns;
    dns.add_txt("_dmarc.example.com", "v=DMARC1; p=reject; sp=none; np=quarantine");
    dns.fail("a.example.com");
    EXPECT_EQ(evaluated(dns, {"a.example.com"}).policy, Policy::none);
}

TEST(Dmarc, CannotTellWithoutTheDns) {
    MemoryResolver dns;
    dns.add_txt("_dmarc.example.com", "v=DMARC1; p=reject");
    dns.add_txt("_dmarc.a.example.com", "v=DMARC1; p=quarantine");
    dns.fail("_dmarc.b.example.com");
    dns.fail("_dmarc.com");
    EXPECT_EQ(evaluated(dns, {"b.example.com"}).outcome, Outcome::temperror);
    // Its own record counts, and so does what is the same domain; what else is aligned is unknown.
    EXPECT_EQ(evaluated(dns, {"a.example.com", {"a.example.com"}}).outcome, Outcome::pass);
    EXPECT_EQ(evaluated(dns, {"a.example.com", {"b.example.com"}}).outcome, Outcome::temperror);
    EXPECT_EQ(evaluated(dns, {"c.example.com"}).outcome, Outcome::temperror);
}

TEST(Dmarc, CanUseThePublicSuffixList) { // RFC 7489 §6.6.3
    MemoryResolver dns;
    dns.add_txt("_dmarc.example.co.uk", "v=DMARC1; p=reject; sp=quarantine");
    dns.add_txt("_dmarc.b.example.co.uk", "v=DMARC1; p=none");
    constexpr auto list = Discovery::public_suffix_list;
    auto verdict = evaluated(dns, {"a.b.example.co.uk", {"c.example.co.uk"}}, list);
    EXPECT_EQ(verdict.outcome, Outcome::pass);
    EXPECT_EQ(verdict.policy, Policy::quarantine);
    EXPECT_EQ(verdict.organizational_domain, "example.co.uk");
    EXPECT_EQ(dns.asked.size(), 2U);
    EXPECT_EQ(evaluated(dns, {"a.co.uk", {"a.co.uk"}}, list).outcome, Outcome::none);
    dns.add_txt("_dmarc.co.uk", "v=DMARC1; p=reject");
    EXPECT_EQ(evaluated(dns, {"a.co.uk", {"a.co.uk"}}, list).outcome, Outcome::none);
    EXPECT_EQ(evaluated(dns, {"a.co.uk", {"a.co.uk"}}).outcome, Outcome::pass);
}

} // namespace
} // namespace maild::policy::dmarc
