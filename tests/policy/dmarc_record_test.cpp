#include "support/linear.hpp"

#include "maild/policy/dmarc.hpp"

#include <gtest/gtest.h>

namespace maild::policy::dmarc {
namespace {

std::string shown(std::string_view text) {
    const auto record = parse_record(text);
    if (!record) return record.error();
    std::string out(name_of(record->policy));
    if (record->subdomain_policy) out += " sp=" + std::string(name_of(*record->subdomain_policy));
    if (record->absent_policy) out += " np=" + std::string(name_of(*record->absent_policy));
    if (record->dkim_mode == AlignmentMode::strict) out += " adkim=s";
    if (record->spf_mode == AlignmentMode::strict) out += " aspf=s";
    if (record->public_suffix == PublicSuffix::yes) out += " psd=y";
    if (record->public_suffix == PublicSuffix::no) out += " psd=n";
    if (record->is_testing) out += " testing";
    for (const auto& uri : record->aggregate_reports) out += " " + uri;
    for (const auto& uri : record->failure_reports) out += " failures:" + uri;
    return record->is_usable ? out : out + ", not usable";
}

struct Case {
    const char* text;
    const char* want;
};

TEST(DmarcRecord, Reads) {
    const Case cases[] = {
        {"v=DMARC1; p=none", "none"},
        {"V = DMARC1 ;\tP = Reject ; SP=quarantine; NP=NONE; adkim=S; aspf=s; psd=Y; t=y;",
         "reject sp=quarantine np=none adkim=s aspf=s psd=y testing"},
        {"v=DMARC1;p=reject;psd=n;t=n;pct=0", "reject psd=n"},
        {"v=DMARC1; p=reject; pct=0", "reject testing"}, // RFC 9989 §A.6
        {"v=DMARC1; p=reject; pct=50", "reject"},
        {"v=DMARC1; sp=none; p=reject", "reject sp=none"}, // RFC 7489 wanted p= first
        {"v=DMARC1; p=reject; adkim=x; psd=z; unknown; =; ; x=y", "reject"},
        {"v=DMARC1; p=none; rua=mailto:a@b.example!10m , "
         "https://c.example/d;ruf=mailto:e@f.example",
         "none mailto:a@b.example https://c.example/d failures:mailto:e@f.example"},
        // RFC 9989 §4.10.1: no policy, but somebody wants reports.
        {"v=DMARC1; rua=mailto:a@b.example", "none mailto:a@b.example"},
        {"v=DMARC1; p=reject; sp=all; rua=mailto:a@b.example", "none mailto:a@b.example"},
        {"v=DMARC1; p=reject; np=; rua=mailto:a@b.example", "none mailto:a@b.example"},
        {"v=DMARC1", "none, not usable"},
        {"v=DMARC1;", "none, not usable"},
        {"v=DMARC1; p=all", "none, not usable"},
        {"v=DMARC1; p=reject; sp=all", "none, not usable"},
        {"v=DMARC1; p=all; rua=nobody, mailto:, mailto:nobody, 1x:y", "none, not usable"},
        {"v=DMARC1; p=none; p=none", "the record has a tag twice"},
        {"v=DMARC1; p=none; P=reject", "the record has a tag twice"},
    };
    for (const auto& c : cases) EXPECT_EQ(shown(c.text), c.want) << c.text;
}

TEST(DmarcRecord, KnowsItsVersion) {
    for (const auto* text : {"v=DMARC1", "v=DMARC1;", "v =\tDMARC1 ;", "V=DMARC1"})
        EXPECT_TRUE(is_record(text)) << text;
    for (const auto* text : {"", "v", "v=", "v=DMARC2", "v=DMARC1x; p=none", "v=dmarc1; p=none",
                             "v=DMARC1 p=none", " v=DMARC1", "p=none; v=DMARC1", "v=DMARC1.0"})
        EXPECT_FALSE(is_record(text)) << text;
}

TEST(DmarcRecord, EndsAtItsLimits) {
    std::string text = "v=DMARC1; p=reject";
    for (int i = 0; i < 99; ++i) text += ";t" + std::to_string(i) + "=";
    EXPECT_EQ(shown(text), "reject");
    EXPECT_EQ(shown(text + ";u="), "the record has too many tags");
    const auto record = parse_record("v=DMARC1;rua=" + maild::test::repeated("mailto:a@b,", 1'000));
    ASSERT_TRUE(record);
    EXPECT_EQ(record->aggregate_reports.size(), 100U);
}

TEST(DmarcRecord, IsLinear) {
    const auto work = [](const std::string& text) { (void)parse_record(text); };
    const maild::test::Shape shapes[] = {
        {"semicolons", 1 << 19, [](std::size_t n) { return "v=DMARC1" + std::string(n, ';'); },
         work},
        {"commas", 1 << 19, [](std::size_t n) { return "v=DMARC1;rua=" + std::string(n, ','); },
         work}};
    for (const auto& shape : shapes)
        EXPECT_LT(maild::test::growth_of(shape), maild::test::kMostGrowth) << shape.name;
}

TEST(DmarcSuffix, KnowsRegistrableDomains) {
    EXPECT_EQ(registrable_domain("a.b.Example.COM"), "example.com");
    EXPECT_EQ(registrable_domain("example.co.uk"), "example.co.uk");
    EXPECT_EQ(registrable_domain("co.uk"), std::nullopt);
    EXPECT_EQ(registrable_domain("a..b"), std::nullopt);
}

} // namespace
} // namespace maild::policy::dmarc
