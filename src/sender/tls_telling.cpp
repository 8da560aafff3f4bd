#include "sender/tls_telling.hpp"

#include "maild/net/tlsa.hpp"

#include <utility>

namespace maild::sender {
namespace {

using relay::TlsResult;

constexpr std::string_view kTlsa = "tlsa";
constexpr std::string_view kSts = "sts";

// §4.4 policy-string: the policy's lines.
std::vector<std::string> lines_of(const relay::StsPolicy& policy) {
    std::vector<std::string> out{"version: STSv1",
                                 "mode: " + std::string(relay::name_of(policy.mode))};
    for (const auto& host : policy.mx) out.push_back("mx: " + host);
    out.push_back("max_age: " + std::to_string(policy.max_age.count()));
    return out;
}

// Likewise: the records.
std::vector<std::string> lines_of(const relay::Dane& dane) {
    std::vector<std::string> out;
    for (const auto& record : dane.records) out.push_back(net::format_tlsa(record));
    return out;
}

struct Told {
    TlsResult result = TlsResult::success;
    std::string reason{};
};

Told told_of(const TlsMet& met) {
    const auto& facts = met.facts;
    if (facts.dane.state == relay::DaneState::unknown && met.decision.refusal)
        return {TlsResult::dnssec_invalid, facts.dane.words};
    if (met.decision.refusal) return {TlsResult::validation_failure, met.decision.why};
    const auto result = relay::result_of(met.decision, met.is_offered, met.is_done, met.verdict);
    if (!met.is_offered) return {result, "STARTTLS was not offered"};
    if (result != TlsResult::success)
        return {result, met.words.empty() ? met.verdict.words : met.words};
    if (facts.dane.state == relay::DaneState::unusable)
        return {TlsResult::tlsa_invalid, facts.dane.words};
    const bool is_left_out = met.decision.is_testing && facts.sts && !facts.sts->allows(facts.host);
    if (is_left_out) return {TlsResult::validation_failure, met.decision.why};
    return {};
}

} // namespace

std::optional<TlsSession> session_of(const TlsMet& met,
                                     const std::optional<relay::StsFault>& fault) {
    const auto& facts = met.facts;
    const auto& decision = met.decision;
    const bool has_policy = decision.policy_type == kTlsa || decision.policy_type == kSts;
    if (decision.refusal && !has_policy) return std::nullopt;
    TlsSession out{.domain = facts.domain,
                   .policy_type = std::string(decision.policy_type),
                   .policy_domain = facts.domain,
                   .sending_ip = met.sending_ip,
                   .host = facts.host};
    auto told = told_of(met);
    if (decision.policy_type == kTlsa) {
        out.policy_domain = facts.host;
        out.policy = lines_of(facts.dane);
    } else if (decision.policy_type == kSts) {
        out.policy = lines_of(*facts.sts);
        out.mx_hosts = facts.sts->mx;
    } else if (fault) {
        out.policy_type = kSts;
        told = {fault->result, fault->words};
    }
    out.result = told.result;
    out.reason = std::move(told.reason);
    return out;
}

} // namespace maild::sender
