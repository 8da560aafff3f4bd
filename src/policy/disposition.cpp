#include "maild/policy/disposition.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::policy {
namespace {

std::string sealer_that_counts(const LocalPolicy& policy, const arc::Verdict& chain) {
    if (chain.status != arc::ChainStatus::pass || chain.seals.empty()) return {};
    auto domain = ascii::to_lower(chain.seals.back().domain);
    const bool is_trusted =
        std::ranges::find(policy.trusted_sealers, domain) != policy.trusted_sealers.end();
    return is_trusted ? domain : std::string();
}

Disposition wanted(dmarc::Policy policy) {
    switch (policy) {
    case dmarc::Policy::none: break;
    case dmarc::Policy::quarantine: return Disposition::quarantine;
    case dmarc::Policy::reject: return Disposition::reject;
    }
    return Disposition::accept;
}

// A header section whose From says nothing clear is judged by the strictest policy that it could be
// meant to escape (RFC 9989 §11.5): permerror is never milder than a failure.
Decision by_dmarc(const LocalPolicy& policy, const MessageReport& message) {
    using Outcome = dmarc::Outcome;
    const auto& verdict = message.dmarc;
    const auto wish = wanted(verdict.policy);
    if (wish == Disposition::accept || !policy.enforces_dmarc) return {};
    if (verdict.outcome == Outcome::pass || verdict.outcome == Outcome::none) return {};
    if (auto sealer = sealer_that_counts(policy, message.arc); !sealer.empty())
        return {.overruled_by = std::move(sealer)};
    Decision decision{wish, Decision::By::dmarc, {}, {}};
    const auto whose = verdict.record_domain.empty() ? "here" : "of " + verdict.record_domain;
    decision.reason = "the policy " + whose + " is " + std::string(dmarc::name_of(verdict.policy)) +
                      ": " + verdict.reason;
    // The DNS would not say whether somebody aligned is authenticated: later it may (§5.3).
    if (verdict.outcome == Outcome::temperror && wish == Disposition::reject)
        decision.disposition = Disposition::defer;
    else if (verdict.outcome == Outcome::temperror)
        return {};
    return decision;
}

// Both identities: whose domain says that this client may not use its name.
const spf::Report* spf_failure(const spf::SessionReport& session) {
    if (session.helo.outcome == spf::Outcome::fail) return &session.helo;
    if (session.mail_from && session.mail_from->outcome == spf::Outcome::fail)
        return &*session.mail_from;
    return nullptr;
}

} // namespace

std::string_view name_of(Disposition disposition) {
    switch (disposition) {
    case Disposition::accept: return "accept";
    case Disposition::quarantine: return "quarantine";
    case Disposition::reject: return "reject";
    case Disposition::defer: return "defer";
    }
    return "";
}

Decision decide(const LocalPolicy& policy, const std::optional<spf::SessionReport>& spf,
                const MessageReport& message) {
    const auto* failure = policy.rejects_spf_fail && spf ? spf_failure(*spf) : nullptr;
    if (failure != nullptr) {
        auto reason = "SPF of " + failure->domain + " is fail by " + failure->mechanism;
        return {Disposition::reject, Decision::By::spf, std::move(reason), {}};
    }
    return by_dmarc(policy, message);
}

} // namespace maild::policy
