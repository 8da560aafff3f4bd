#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/policy/record_audit.hpp"

#include <gmock/gmock.h>

namespace maild::policy {
namespace {

using test::MemoryResolver;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

spf::Audit audit(MemoryResolver& dns, const std::string& domain = "d.example") {
    return test::run_task(spf::audit(dns, domain));
}

TEST(SpfAudit, CountsAllThatCouldBeAsked) {
    MemoryResolver dns;
    dns.add_txt("d.example", "v=spf1 mx a:web.example ip4:192.0.2.1 include:one.example "
                             "exists:%{i}.list.example -all");
    dns.add_mx("d.example", 10, "mail.example");
    dns.add_a("web.example", "192.0.2.2");
    dns.add_txt("one.example", "v=spf1 ptr include:two.example ?all");
    dns.add_txt("two.example", "v=spf1 a:web.example redirect=three.example");
    dns.add_txt("three.example", "v=spf1 ip6:2001:db8::/32 ~all");
    const auto out = audit(dns);
    EXPECT_EQ(out.lookups, 8);
    EXPECT_THAT(out.in_vain, IsEmpty());
    EXPECT_THAT(out.for_all, IsEmpty());
    EXPECT_THAT(out.missing, IsEmpty());
    EXPECT_EQ(out.fault, "");
    EXPECT_TRUE(out.uses_ptr);
    EXPECT_FALSE(out.is_incomplete);
    EXPECT_EQ(out.ending, spf::Ending::fail);
}

TEST(SpfAudit, NamesWhatFindsNothing) {
    MemoryResolver dns;
    dns.add_txt("d.example", "v=spf1 mx a:gone.example include:gone.example exists:no.example");
    const auto out = audit(dns);
    EXPECT_THAT(out.in_vain,
                ElementsAre("mx", "a:gone.example", "exists:no.example", "gone.example"));
    EXPECT_THAT(out.missing, ElementsAre("gone.example"));
    EXPECT_EQ(out.ending, spf::Ending::none);
}

TEST(SpfAudit, FindsWhoPassesForAll) {
    struct Case {
        const char* record;
        std::vector<std::string> want;
    };
    const Case cases[] = {
        {"v=spf1 +all", {"all"}},
        {"v=spf1 ip4:0.0.0.0/0 -all", {"ip4:0.0.0.0/0"}},
        {"v=spf1 include:open.example -all", {"all in the record of open.example"}},
        {"v=spf1 -include:open.example -all", {}},
        {"v=spf1 -all +all", {}},
        {"v=spf1 redirect=open.example", {"all in the record of open.example"}},
        {"v=spf1 ~all redirect=open.example", {}},
    };
    for (const auto& each : cases) {
        MemoryResolver dns;
        dns.add_txt("d.example", each.record);
        dns.add_txt("open.example", "v=spf1 all");
        const auto out = audit(dns);
        std::vector<std::string> got;
        for (const auto& text : out.for_all) got.push_back(text);
        EXPECT_EQ(got, each.want) << each.record;
    }
}

TEST(SpfAudit, OfBrokenRecordsSaysWhere) {
    MemoryResolver dns;
    dns.add_txt("d.example", "v=spf1 include:bad.example -all");
    dns.add_txt("bad.example", "v=spf1 ip4:300.0.0.1 -all");
    EXPECT_THAT(audit(dns).fault, HasSubstr("the record of bad.example has a fault at octet"));
    MemoryResolver twice;
    twice.add_txt("d.example", "v=spf1 -all");
    twice.add_txt("d.example", "v=spf1 mx -all");
    twice.add_txt("d.example", "something else");
    EXPECT_THAT(audit(twice).records, ElementsAre("v=spf1 -all", "v=spf1 mx -all"));
}

TEST(SpfAudit, EndsInACircle) {
    MemoryResolver dns;
    dns.add_txt("d.example", "v=spf1 include:d.example include:d.example -all");
    const auto out = audit(dns);
    EXPECT_GT(out.lookups, 10);
    EXPECT_LE(out.lookups, spf::kMaxAuditedLookups);
    EXPECT_LE(dns.asked.size(), std::size_t{spf::kMaxAuditedLookups});
}

TEST(SpfAudit, SaysWhenTheDnsDoesNotAnswer) {
    MemoryResolver dns;
    dns.add_txt("d.example", "v=spf1 include:silent.example -all");
    dns.fail("silent.example");
    const auto out = audit(dns);
    EXPECT_TRUE(out.is_incomplete);
    EXPECT_THAT(out.missing, IsEmpty());
}

TEST(DkimKeyTraits, OfARecord) {
    const auto traits = [](const char* record) { return dkim::key_traits(record).value(); };
    EXPECT_TRUE(traits("v=DKIM1; t=y:s; p=AAAA").is_testing);
    EXPECT_FALSE(traits("v=DKIM1; p=AAAA").is_testing);
    EXPECT_TRUE(traits("p=").is_revoked);
    EXPECT_FALSE(traits("p=AAAA; s=web").is_for_mail);
    EXPECT_FALSE(traits("p=AAAA; h=sha1").takes_sha256);
    EXPECT_FALSE(dkim::key_traits("v=DKIM2; p=AAAA").has_value());
    EXPECT_FALSE(dkim::key_traits("no record").has_value());
}

} // namespace
} // namespace maild::policy
