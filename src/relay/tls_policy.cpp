#include "maild/relay/tls_policy.hpp"

#include <array>
#include <utility>

namespace maild::relay {
namespace {

constexpr std::array<std::string_view, 4> kDemands = {"off", "opportunistic", "encrypted",
                                                      "verified"};
constexpr std::array<std::string_view, 6> kLevels = {"none",     "opportunistic", "encrypted",
                                                     "verified", "sts",           "dane"};

void refuse(TlsDecision& out, const TlsFacts& facts, std::string_view status, std::string words) {
    out.refusal = verdict(status, cleaned(words), Stage::starttls, Scope::host);
    out.refusal->host = facts.host;
    out.why = std::move(words);
}

// What the domain says of itself. False: nothing, or nothing that is to be kept.
bool apply_dane(TlsDecision& out, const TlsFacts& facts) {
    const auto& dane = facts.dane;
    if (dane.state == DaneState::none) return false;
    out.policy_type = "tlsa";
    out.why = "DANE: " + dane.words;
    if (dane.state == DaneState::unknown) {
        refuse(out, facts, "4.7.5", out.why);
        return true;
    }
    if (dane.state == DaneState::unusable) {
        out.level = TlsLevel::encrypted; // RFC 7672 §2.2
        return true;
    }
    out.level = TlsLevel::dane;
    // RFC 7672 §3.2.2: the host, and the domain itself.
    out.expectation = {net::CertificateCheck::dane, {facts.domain}, dane.records};
    if (facts.domain == facts.host) out.expectation.further_names.clear();
    return true;
}

bool apply_sts(TlsDecision& out, const TlsFacts& facts) {
    if (!facts.sts || facts.sts->mode == StsMode::none) return false;
    out.policy_type = "sts";
    const bool is_named = facts.sts->allows(facts.host);
    const std::string what = is_named ? " names this host" : " does not name this host";
    if (facts.sts->mode == StsMode::testing) {
        out.is_testing = true;
        out.why = "MTA-STS: the policy (testing)" + what;
        return false;
    }
    out.why = "MTA-STS: the policy" + what;
    if (!is_named) {
        refuse(out, facts, "4.7.5", out.why); // RFC 8461 §5
        return true;
    }
    out.level = TlsLevel::sts;
    out.expectation = {net::CertificateCheck::names, {}, {}};
    return true;
}

void apply_demand(TlsDecision& out, const TlsFacts& facts) {
    if (facts.demand == TlsDemand::encrypted && out.level < TlsLevel::encrypted) {
        out.level = TlsLevel::encrypted;
        out.why = "the route wants TLS";
    }
    if (facts.demand == TlsDemand::verified && out.level < TlsLevel::verified) {
        out.level = TlsLevel::verified;
        out.expectation = {net::CertificateCheck::names, {}, {}};
        out.why = "the route wants a verified certificate";
    }
}

// RFC 8689 §4.2.1: that it is the right host has to be proven, and that this is it.
void apply_requiretls(TlsDecision& out, const TlsFacts& facts) {
    if (out.level >= TlsLevel::verified) return;
    const bool is_named =
        facts.sts && facts.sts->mode != StsMode::none && facts.sts->allows(facts.host);
    if (!facts.is_mx_secure && !is_named)
        return refuse(out, facts, "5.7.10",
                      "REQUIRETLS: neither DNSSEC nor MTA-STS vouches for this host");
    out.level = is_named ? TlsLevel::sts : TlsLevel::verified;
    out.expectation = {net::CertificateCheck::names, {}, {}};
    out.why = "REQUIRETLS: the sender wants a verified certificate";
}

} // namespace

std::string_view name_of(TlsDemand demand) { return kDemands[static_cast<std::size_t>(demand)]; }
std::string_view name_of(TlsLevel level) { return kLevels[static_cast<std::size_t>(level)]; }

std::optional<TlsDemand> parse_tls_demand(std::string_view text) {
    for (std::size_t i = 0; i < kDemands.size(); ++i)
        if (kDemands[i] == text) return static_cast<TlsDemand>(i);
    return std::nullopt;
}

std::string_view name_of(TlsResult result) {
    switch (result) {
    case TlsResult::success: return "success";
    case TlsResult::starttls_not_supported: return "starttls-not-supported";
    case TlsResult::certificate_host_mismatch: return "certificate-host-mismatch";
    case TlsResult::certificate_expired: return "certificate-expired";
    case TlsResult::certificate_not_trusted: return "certificate-not-trusted";
    case TlsResult::validation_failure: return "validation-failure";
    case TlsResult::tlsa_invalid: return "tlsa-invalid";
    case TlsResult::dnssec_invalid: return "dnssec-invalid";
    case TlsResult::dane_required: return "dane-required";
    case TlsResult::sts_policy_fetch_error: return "sts-policy-fetch-error";
    case TlsResult::sts_policy_invalid: return "sts-policy-invalid";
    case TlsResult::sts_webpki_invalid: return "sts-webpki-invalid";
    }
    return "?";
}

TlsDecision decide_tls(const TlsFacts& facts) {
    TlsDecision out;
    out.expectation.check = net::CertificateCheck::none;
    out.why = "TLS if it is offered";
    if (facts.demand == TlsDemand::off) {
        out.level = TlsLevel::none;
        out.why = "the route wants no TLS";
        if (facts.requires_tls) refuse(out, facts, "5.7.10", "REQUIRETLS: the route has no TLS");
        return out;
    }
    if (facts.tls_optional && !facts.requires_tls) {
        out.why = "TLS-Required: No";
        return out;
    }
    if (!apply_dane(out, facts)) apply_sts(out, facts);
    if (out.refusal) return out;
    apply_demand(out, facts);
    if (facts.requires_tls) apply_requiretls(out, facts);
    return out;
}

TlsResult result_of(const TlsDecision& decision, bool is_offered, bool is_done,
                    const net::TlsVerdict& verdict) {
    if (!is_offered) return TlsResult::starttls_not_supported;
    // Where nothing was expected a certificate that nobody vouches for is as good as any, unless a
    // policy is being tried out.
    const bool counts =
        decision.is_testing || decision.expectation.check != net::CertificateCheck::none;
    if (is_done && (!counts || verdict.is_verified)) return TlsResult::success;
    switch (verdict.fault) {
    case net::CertificateFault::none: return TlsResult::validation_failure;
    case net::CertificateFault::untrusted: return TlsResult::certificate_not_trusted;
    case net::CertificateFault::expired: return TlsResult::certificate_expired;
    case net::CertificateFault::other_name: return TlsResult::certificate_host_mismatch;
    case net::CertificateFault::other: return TlsResult::validation_failure;
    }
    return TlsResult::validation_failure;
}

// A sender who requires TLS hears of it at once (RFC 8689 §4.2.1); a domain or an admin who does is
// given time to repair it.
Outcome tls_failure(const TlsDecision& decision, const TlsFacts& facts, std::string words) {
    const auto* status = facts.requires_tls ? "5.7.10" : "4.7.5";
    auto out =
        verdict(status, cleaned(words + " (" + decision.why + ")"), Stage::starttls, Scope::host);
    out.host = facts.host;
    return out;
}

} // namespace maild::relay
