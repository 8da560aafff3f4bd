// What the owner of a host is told of the TLS that was met there (RFC 8460 §4.3).
#include "sender/tls_telling.hpp"

#include <gtest/gtest.h>

#include <functional>

namespace maild::sender {
namespace {

using relay::TlsResult;

struct Case {
    const char* what;
    std::function<void(relay::TlsFacts&)> facts;
    std::function<void(TlsMet&)> met;
    const char* want; // "type domain result"; empty: nothing
};

relay::StsPolicy policy(relay::StsMode mode, std::string host = "mx.far.example") {
    return {.mode = mode, .max_age = std::chrono::seconds(86'400), .mx = {std::move(host)}};
}

void offer(TlsMet& met) { met.is_offered = true; }
void succeed(TlsMet& met) {
    met.is_offered = met.is_done = true;
    met.verdict.is_verified = true;
}
void succeed_unverified(TlsMet& met) {
    met.is_offered = met.is_done = true;
    met.verdict.fault = net::CertificateFault::expired;
}
void nothing(TlsMet&) {}
void dane(relay::TlsFacts& facts, relay::DaneState state) {
    facts.is_mx_secure = true;
    facts.dane = {.state = state, .records = {}, .words = "the records"};
    if (state == relay::DaneState::usable) facts.dane.records = {{3, 1, 1, "\xab\x01"}};
}

const Case kCases[] = {
    {"nothing is asked for", [](auto&) {}, succeed_unverified,
     "no-policy-found far.example success"},
    {"a handshake that fails", [](auto&) {}, offer,
     "no-policy-found far.example validation-failure"},
    {"no STARTTLS", [](auto&) {}, nothing, "no-policy-found far.example starttls-not-supported"},
    {"sts", [](auto& f) { f.sts = policy(relay::StsMode::enforce); }, succeed,
     "sts far.example success"},
    {"sts, expired", [](auto& f) { f.sts = policy(relay::StsMode::enforce); }, succeed_unverified,
     "sts far.example certificate-expired"},
    {"sts on trial, expired", [](auto& f) { f.sts = policy(relay::StsMode::testing); },
     succeed_unverified, "sts far.example certificate-expired"},
    {"sts on trial, another host",
     [](auto& f) { f.sts = policy(relay::StsMode::testing, "other.far.example"); }, succeed,
     "sts far.example validation-failure"},
    {"sts, another host: no connection",
     [](auto& f) { f.sts = policy(relay::StsMode::enforce, "other.far.example"); }, nothing,
     "sts far.example validation-failure"},
    {"sts that is off", [](auto& f) { f.sts = policy(relay::StsMode::none); }, succeed,
     "no-policy-found far.example success"},
    {"dane", [](auto& f) { dane(f, relay::DaneState::usable); }, succeed,
     "tlsa mx.far.example success"},
    {"dane above sts",
     [](auto& f) {
         dane(f, relay::DaneState::usable);
         f.sts = policy(relay::StsMode::enforce);
     },
     succeed, "tlsa mx.far.example success"},
    {"dane, no record that can be used", [](auto& f) { dane(f, relay::DaneState::unusable); },
     succeed, "tlsa mx.far.example tlsa-invalid"},
    {"dane, the DNS does not tell", [](auto& f) { dane(f, relay::DaneState::unknown); }, nothing,
     "tlsa mx.far.example dnssec-invalid"},
    {"REQUIRETLS where nobody vouches", [](auto& f) { f.requires_tls = true; }, nothing, ""},
};

TEST(TlsTelling, NamesThePolicyAndTheResult) {
    for (const auto& c : kCases) {
        relay::TlsFacts facts{.domain = "far.example", .host = "mx.far.example"};
        c.facts(facts);
        const auto decision = relay::decide_tls(facts);
        TlsMet met{.facts = facts, .decision = decision, .sending_ip = "192.0.2.1"};
        c.met(met);
        const auto told = session_of(met, std::nullopt);
        std::string got;
        if (told)
            got = told->policy_type + " " + told->policy_domain + " " +
                  std::string(relay::name_of(told->result));
        EXPECT_EQ(got, c.want) << c.what;
        if (!told) continue;
        EXPECT_EQ(told->domain, "far.example");
        EXPECT_EQ(told->host, "mx.far.example");
        EXPECT_EQ(told->sending_ip, "192.0.2.1");
    }
}

TEST(TlsTelling, BringsThePolicysText) {
    relay::TlsFacts facts{.domain = "far.example", .host = "mx.far.example"};
    facts.sts = policy(relay::StsMode::testing);
    const auto decision = relay::decide_tls(facts);
    TlsMet met{.facts = facts, .decision = decision};
    succeed(met);
    const auto told = session_of(met, std::nullopt).value();
    const std::vector<std::string> lines{"version: STSv1", "mode: testing", "mx: mx.far.example",
                                         "max_age: 86400"};
    EXPECT_EQ(told.policy, lines);
    EXPECT_EQ(told.mx_hosts, std::vector<std::string>{"mx.far.example"});
    relay::TlsFacts secure{.domain = "far.example", .host = "mx.far.example"};
    dane(secure, relay::DaneState::usable);
    const auto other = relay::decide_tls(secure);
    EXPECT_EQ(session_of({.facts = secure, .decision = other}, std::nullopt).value().policy,
              std::vector<std::string>{"3 1 1 ab01"});
}

// RFC 8461 §3.3: a policy that cannot be had is reported, where no other is in force.
TEST(TlsTelling, TellsOfPoliciesThatCannotBeHad) {
    const relay::StsFault fault{TlsResult::sts_policy_fetch_error, "404"};
    relay::TlsFacts facts{.domain = "far.example", .host = "mx.far.example"};
    const auto decision = relay::decide_tls(facts);
    TlsMet met{.facts = facts, .decision = decision};
    succeed(met);
    const auto told = session_of(met, fault).value();
    EXPECT_EQ(told.policy_type, "sts");
    EXPECT_EQ(told.result, TlsResult::sts_policy_fetch_error);
    EXPECT_EQ(told.reason, "404");
    facts.sts = policy(relay::StsMode::enforce); // the one before
    const auto kept = relay::decide_tls(facts);
    TlsMet known{.facts = facts, .decision = kept};
    succeed(known);
    EXPECT_EQ(session_of(known, fault).value().result, TlsResult::success);
}

} // namespace
} // namespace maild::sender
