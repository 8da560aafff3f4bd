#include "daemon/dmarc_fact.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

namespace dkim = policy::dkim;
namespace spf = policy::spf;

constexpr std::string_view kHelo = "helo"; // RFC 7489 appendix C

// The value that has this name; `otherwise` of what no version of ours has written.
template <class Enum> Enum named(std::string_view name, Enum last, Enum otherwise) {
    for (int i = 0; i <= static_cast<int>(last); ++i)
        if (name_of(static_cast<Enum>(i)) == name) return static_cast<Enum>(i);
    return otherwise;
}

std::string domain_of(std::string_view address) {
    const auto at = address.rfind('@');
    return at == address.npos ? std::string() : std::string(address.substr(at + 1));
}

// Of From, as it stands in the header section: "Ada <ada@example.org>".
std::string_view address_in(std::string_view field) {
    field = ascii::trim(field);
    const auto open = field.rfind('<');
    if (!field.ends_with('>') || open == field.npos) return field;
    return field.substr(open + 1, field.size() - open - 2);
}

} // namespace

std::optional<trace::DmarcFact> traced_fact(const report::DmarcFact& fact) {
    if (fact.record.size() > trace::kMaxPolicyRecord) return std::nullopt;
    if (fact.record_domain.empty() || report::destinations_of(fact.record).empty())
        return std::nullopt;
    trace::DmarcFact out;
    out.author = fact.author;
    out.record_domain = fact.record_domain;
    out.record = fact.record;
    out.disposition = name_of(fact.disposition);
    out.is_dkim_aligned = fact.is_dkim_aligned;
    out.is_spf_aligned = fact.is_spf_aligned;
    for (const auto& reason : fact.reasons) out.reasons.push_back({reason.type, reason.comment});
    for (const auto& result : fact.dkim)
        out.dkim.push_back({.domain = result.domain,
                            .name = result.selector,
                            .outcome = std::string(name_of(result.outcome)),
                            .comment = result.comment});
    if (const auto& result = fact.spf)
        out.spf.push_back(
            {.domain = result->domain,
             .name = result->scope == report::SpfScope::helo ? std::string(kHelo) : "mfrom",
             .outcome = std::string(name_of(result->outcome)),
             .comment = result->comment});
    return out;
}

std::optional<report::DmarcFact> fact_in(const trace::Record& record) {
    const auto source = net::parse_ip(record.client_address);
    if (!record.dmarc || !source || record.reply.starts_with('4')) return std::nullopt;
    const auto& found = *record.dmarc;
    report::DmarcFact fact;
    fact.time = record.time;
    fact.source = *source;
    fact.author = found.author;
    fact.envelope_from = ascii::to_lower(domain_of(record.reverse_path));
    fact.record_domain = found.record_domain;
    fact.record = found.record;
    fact.is_dkim_aligned = found.is_dkim_aligned;
    fact.is_spf_aligned = found.is_spf_aligned;
    fact.disposition =
        named(found.disposition, report::Disposition::reject, report::Disposition::none);
    for (const auto& reason : found.reasons) fact.reasons.push_back({reason.type, reason.comment});
    for (const auto& each : found.dkim)
        fact.dkim.push_back({each.domain, each.name,
                             named(each.outcome, dkim::Outcome::permerror, dkim::Outcome::none),
                             each.comment});
    if (found.spf.empty()) return fact;
    const auto& result = found.spf.front();
    const bool is_helo = result.name == kHelo;
    fact.spf = {result.domain, is_helo ? report::SpfScope::helo : report::SpfScope::mail_from,
                named(result.outcome, spf::Outcome::permerror, spf::Outcome::none), result.comment};
    return fact;
}

bool is_about_reports(const trace::Record& record, const ReportSettings& settings) {
    const auto is_ours = [&](std::string_view address) {
        return !address.empty() && (ascii::equals_icase(address, settings.from) ||
                                    ascii::equals_icase(address, settings.mailbox));
    };
    if (is_ours(record.reverse_path) || is_ours(address_in(record.from))) return true;
    std::size_t others = record.more_accepted;
    std::size_t reporters = 0;
    for (const auto& recipient : record.recipients)
        if (recipient.is_accepted) ++(is_ours(recipient.forward_path) ? reporters : others);
    return reporters > 0 && others == 0;
}

} // namespace maild::daemon
