// DANE lookups, and what becomes of all that asks for TLS.
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/relay/tls_policy.hpp"

#include <gtest/gtest.h>

namespace maild::relay {
namespace {

using namespace std::chrono_literals;

std::string rdata(int usage, int selector, int matching, std::size_t size) {
    return std::string{static_cast<char>(usage), static_cast<char>(selector),
                       static_cast<char>(matching)} +
           std::string(size, 'x');
}

class DaneTest : public ::testing::Test {
protected:
    DaneState find(bool is_mx_secure = true, bool is_host_secure = true) {
        const Host host{"mx.example.net", 10, {}, is_host_secure};
        dane_ = test::run_task(find_dane(dns_, host, 25, is_mx_secure, 5s));
        return dane_.state;
    }
    static constexpr const char* kName = "_25._tcp.mx.example.net";
    test::MemoryResolver dns_;
    Dane dane_;
};

TEST_F(DaneTest, CountsWhereEverythingIsSecure) {
    dns_.set_secure(true);
    EXPECT_EQ(find(), DaneState::none);
    dns_.add_tlsa(kName, rdata(3, 1, 1, 32));
    dns_.add_tlsa(kName, rdata(1, 1, 1, 32));
    EXPECT_EQ(find(), DaneState::usable);
    EXPECT_EQ(dane_.records.size(), 1U);
    const auto asked = dns_.asked.size();
    EXPECT_EQ(find(false, true), DaneState::none);
    EXPECT_EQ(find(true, false), DaneState::none);
    EXPECT_EQ(dns_.asked.size(), asked); // RFC 7672 §2.2
    dns_.set_insecure(kName);
    EXPECT_EQ(find(), DaneState::none);
}

TEST_F(DaneTest, MayBeUnusableOrUnknown) {
    dns_.set_secure(true);
    dns_.add_tlsa(kName, rdata(1, 1, 1, 32));
    EXPECT_EQ(find(), DaneState::unusable);
    dns_.fail(kName);
    EXPECT_EQ(find(), DaneState::unknown);
    dns_.set_bogus(true);
    EXPECT_EQ(find(), DaneState::unknown);
}

// "level", "level check" where a certificate is expected, or "refused status".
std::string decided(const TlsFacts& facts) {
    const auto d = decide_tls(facts);
    EXPECT_FALSE(d.why.empty());
    if (d.refusal) {
        EXPECT_EQ(d.refusal->host, facts.host);
        return "refused " + d.refusal->status;
    }
    constexpr const char* kChecks[] = {"", " names", " dane"};
    const auto out =
        std::string(name_of(d.level)) + kChecks[static_cast<std::size_t>(d.expectation.check)];
    return d.is_testing ? out + " testing" : out;
}

TEST(TlsPolicy, IsDecided) {
    const Dane usable{DaneState::usable, {{3, 1, 1, std::string(32, 'x')}}, "1 TLSA records"};
    const Dane unusable{DaneState::unusable, {}, "none"};
    const Dane unknown{DaneState::unknown, {}, "SERVFAIL"};
    const StsPolicy enforce{StsMode::enforce, 1s, {"mx.example.net"}};
    const StsPolicy other{StsMode::enforce, 1s, {"mx2.example.net"}};
    const StsPolicy testing{StsMode::testing, 1s, {"mx.example.net"}};
    const StsPolicy testing_other{StsMode::testing, 1s, {"mx2.example.net"}};
    const StsPolicy none{StsMode::none, 1s, {}};
    using enum TlsDemand;
    struct Case {
        TlsDemand demand;
        Dane dane;
        std::optional<StsPolicy> sts;
        bool requires_tls;
        bool tls_optional;
        bool is_mx_secure;
        const char* want;
    };
    const Case cases[] = {
        // Nothing but the route
        {off, {}, {}, false, false, false, "none"},
        {opportunistic, {}, {}, false, false, false, "opportunistic"},
        {encrypted, {}, {}, false, false, false, "encrypted"},
        {verified, {}, {}, false, false, false, "verified names"},
        // DANE
        {opportunistic, usable, {}, false, false, true, "dane dane"},
        {verified, usable, {}, false, false, true, "dane dane"},
        {opportunistic, unusable, {}, false, false, true, "encrypted"},
        {verified, unusable, {}, false, false, true, "verified names"},
        {opportunistic, unknown, {}, false, false, true, "refused 4.7.5"},
        {off, usable, {}, false, false, true, "none"},
        // MTA-STS
        {opportunistic, {}, enforce, false, false, false, "sts names"},
        {opportunistic, {}, other, false, false, false, "refused 4.7.5"},
        {opportunistic, {}, testing, false, false, false, "opportunistic testing"},
        {opportunistic, {}, testing_other, false, false, false, "opportunistic testing"},
        {opportunistic, {}, none, false, false, false, "opportunistic"},
        {encrypted, {}, testing, false, false, false, "encrypted testing"},
        // Both: DANE stands above
        {opportunistic, usable, other, false, false, true, "dane dane"},
        {opportunistic, unusable, enforce, false, false, true, "encrypted"},
        // TLS-Required: No
        {opportunistic, usable, {}, false, true, true, "opportunistic"},
        {opportunistic, unknown, {}, false, true, true, "opportunistic"},
        {opportunistic, {}, other, false, true, false, "opportunistic"},
        {verified, {}, {}, false, true, false, "opportunistic"},
        // REQUIRETLS
        {opportunistic, {}, {}, true, false, false, "refused 5.7.10"},
        {opportunistic, {}, {}, true, false, true, "verified names"},
        {opportunistic, usable, {}, true, false, true, "dane dane"},
        {opportunistic, unusable, {}, true, false, true, "verified names"},
        {opportunistic, {}, enforce, true, false, false, "sts names"},
        {opportunistic, {}, testing, true, false, false, "sts names testing"},
        {opportunistic, {}, testing_other, true, false, false, "refused 5.7.10"},
        {off, {}, {}, true, false, true, "refused 5.7.10"},
        {opportunistic, {}, other, true, false, false, "refused 4.7.5"},
    };
    int row = 0;
    for (const auto& c : cases) {
        TlsFacts facts{.domain = "example.net", .host = "mx.example.net"};
        facts.demand = c.demand;
        facts.dane = c.dane;
        facts.sts = c.sts;
        facts.requires_tls = c.requires_tls;
        facts.tls_optional = c.tls_optional;
        facts.is_mx_secure = c.is_mx_secure;
        EXPECT_EQ(decided(facts), c.want) << "row " << row;
        ++row;
    }
}

TEST(TlsPolicy, ExpectsTheDomainsNameToo) {
    TlsFacts facts{.domain = "example.net", .host = "mx.example.net"};
    facts.dane = {DaneState::usable, {{2, 0, 1, std::string(32, 'x')}}, ""};
    EXPECT_EQ(decide_tls(facts).expectation.further_names, std::vector<std::string>{"example.net"});
    EXPECT_TRUE(decide_tls(facts).is_mandatory());
    EXPECT_EQ(decide_tls(facts).policy_type, "tlsa");
    facts.domain = "mx.example.net";
    EXPECT_TRUE(decide_tls(facts).expectation.further_names.empty());
}

TEST(TlsPolicy, SpeaksTheWordsOfReports) {
    TlsDecision strict;
    strict.expectation.check = net::CertificateCheck::names;
    TlsDecision lax;
    lax.expectation.check = net::CertificateCheck::none;
    auto testing = lax;
    testing.is_testing = true;
    using enum net::CertificateFault;
    const auto word = [](const TlsDecision& d, bool is_offered, bool is_done,
                         net::CertificateFault fault) {
        const net::TlsVerdict verdict{is_done && fault == none, fault, ""};
        return name_of(result_of(d, is_offered, is_done, verdict));
    };
    EXPECT_EQ(word(lax, false, false, none), "starttls-not-supported");
    EXPECT_EQ(word(lax, true, true, untrusted), "success");
    EXPECT_EQ(word(lax, true, false, none), "validation-failure");
    EXPECT_EQ(word(testing, true, true, untrusted), "certificate-not-trusted");
    EXPECT_EQ(word(testing, true, true, none), "success");
    EXPECT_EQ(word(strict, true, true, none), "success");
    EXPECT_EQ(word(strict, true, false, untrusted), "certificate-not-trusted");
    EXPECT_EQ(word(strict, true, false, expired), "certificate-expired");
    EXPECT_EQ(word(strict, true, false, other_name), "certificate-host-mismatch");
    EXPECT_EQ(word(strict, true, false, other), "validation-failure");
}

TEST(TlsPolicy, FailsForGoodOnlyWhereTheSenderAsks) {
    TlsFacts facts{.domain = "example.net", .host = "mx.example.net"};
    const auto decision = decide_tls(facts);
    EXPECT_EQ(tls_failure(decision, facts, "no STARTTLS").status, "4.7.5");
    facts.requires_tls = true;
    EXPECT_EQ(tls_failure(decision, facts, "no STARTTLS").fate, Fate::failed);
    EXPECT_EQ(parse_tls_demand("verified"), TlsDemand::verified);
    EXPECT_EQ(parse_tls_demand("on"), std::nullopt);
    EXPECT_EQ(name_of(TlsDemand::encrypted), "encrypted");
}

} // namespace
} // namespace maild::relay
