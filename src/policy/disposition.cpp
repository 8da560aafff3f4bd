#include "maild/policy/disposition.hpp"

#include "maild/base/ascii.hpp"
#include "maild/policy/authres.hpp"

#include <algorithm>

namespace maild::policy {
namespace {

// The newest sealer, if he is trusted.
std::string trusted_sealer(const LocalPolicy& policy, const arc::Verdict& chain) {
    if (chain.seals.empty()) return {};
    auto domain = ascii::to_lower(chain.seals.back().domain);
    const bool is_trusted =
        std::ranges::find(policy.trusted_sealers, domain) != policy.trusted_sealers.end();
    return is_trusted ? domain : std::string();
}

// Whether he says that DMARC has passed for this author.
bool vouches_for(const arc::Verdict& chain, const std::string& author) {
    const auto results = parse_authentication_results(chain.results);
    if (!results) return false;
    return std::ranges::any_of(results->results, [&](const MethodResult& result) {
        if (result.method != "dmarc" || result.result != "pass") return false;
        return std::ranges::all_of(result.properties, [&](const AuthenticationProperty& property) {
            return property.type != "header" || property.name != "from" ||
                   ascii::equals_icase(property.value, author);
        });
    });
}

Disposition wanted(dmarc::Policy policy) {
    switch (policy) {
    case dmarc::Policy::none: break;
    case dmarc::Policy::quarantine: return Disposition::quarantine;
    case dmarc::Policy::reject: return Disposition::reject;
    }
    return Disposition::accept;
}

std::string reason_of(const dmarc::Verdict& verdict) {
    if (verdict.policy == dmarc::Policy::none) return verdict.reason;
    const auto whose = verdict.record_domain.empty() ? "here" : "of " + verdict.record_domain;
    return "the policy " + whose + " is " + std::string(dmarc::name_of(verdict.policy)) + ": " +
           verdict.reason;
}

// The DNS would not say what the policy is, or whether somebody aligned is authenticated: later it
// may (RFC 9989 §5.3).
Disposition without_dns(const LocalPolicy& policy, const dmarc::Verdict& verdict) {
    const bool is_harmless =
        !verdict.record_domain.empty() && verdict.policy == dmarc::Policy::none;
    if (is_harmless) return Disposition::accept;
    if (policy.defers_without_dns || verdict.policy == dmarc::Policy::reject)
        return Disposition::defer;
    return wanted(verdict.policy);
}

// A header section whose From says nothing clear is judged by the strictest policy that it could be
// meant to escape (RFC 9989 §11.5): permerror is never milder than a failure, and no seal helps.
Decision by_dmarc(const LocalPolicy& policy, const MessageReport& message) {
    using Outcome = dmarc::Outcome;
    const auto& verdict = message.dmarc;
    if (!policy.enforces_dmarc) return {};
    if (verdict.outcome == Outcome::pass || verdict.outcome == Outcome::none) return {};
    const bool is_open = verdict.outcome == Outcome::temperror;
    Decision decision{is_open ? without_dns(policy, verdict) : wanted(verdict.policy),
                      Decision::By::dmarc,
                      reason_of(verdict),
                      {}};
    if (decision.disposition == Disposition::accept) return {};
    auto sealer = trusted_sealer(policy, message.arc);
    if (sealer.empty() || verdict.outcome == Outcome::permerror) return decision;
    if (message.arc.is_undecided) {
        decision.disposition = Disposition::defer;
        decision.reason += "; the DNS does not tell the key of the sealer " + sealer;
        return decision;
    }
    const bool helps = message.arc.status == arc::ChainStatus::pass &&
                       message.arc.added_field.empty() && vouches_for(message.arc, verdict.author);
    if (helps) return {.overruled_by = std::move(sealer)};
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
