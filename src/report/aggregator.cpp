#include "maild/report/outgoing.hpp"

#include <algorithm>
#include <utility>

namespace maild::report {
namespace {

namespace dkim = policy::dkim;
namespace dmarc = policy::dmarc;

// §3.1.3: which signatures are told of first.
int rank_of(const DkimResult& result, std::string_view author) {
    if (result.outcome != dkim::Outcome::pass) return 3;
    if (result.domain == author) return 0;
    const auto organization = dmarc::registrable_domain(author);
    return organization && organization == dmarc::registrable_domain(result.domain) ? 1 : 2;
}

std::vector<DkimResult> results_of(const std::vector<dkim::Verdict>& verdicts,
                                   std::string_view author) {
    std::vector<DkimResult> out;
    for (const auto& verdict : verdicts) {
        if (verdict.outcome == dkim::Outcome::none || verdict.domain.empty()) continue;
        const bool is_good = verdict.outcome == dkim::Outcome::pass;
        out.push_back({verdict.domain, verdict.selector, verdict.outcome,
                       is_good ? std::string() : verdict.reason});
    }
    std::ranges::stable_sort(out, {},
                             [&](const DkimResult& result) { return rank_of(result, author); });
    if (out.size() > kMaxSignatures) out.resize(kMaxSignatures);
    return out;
}

// RFC 9990 appendix A: "pass" is for a policy that would have done something.
Disposition disposition_of_pass(const dmarc::Verdict& verdict) {
    return verdict.policy == dmarc::Policy::none ? Disposition::none : Disposition::pass;
}

Disposition done_with(const policy::Decision& decision) {
    if (decision.disposition == policy::Disposition::reject) return Disposition::reject;
    if (decision.disposition == policy::Disposition::quarantine) return Disposition::quarantine;
    return Disposition::none;
}

Disposition asked_by(dmarc::Policy policy) {
    if (policy == dmarc::Policy::reject) return Disposition::reject;
    return policy == dmarc::Policy::quarantine ? Disposition::quarantine : Disposition::none;
}

bool is_eased(const dmarc::Record& record) {
    const auto asks = [](std::optional<dmarc::Policy> policy) {
        return policy.value_or(dmarc::Policy::none) != dmarc::Policy::none;
    };
    return record.is_testing &&
           (asks(record.policy) || asks(record.subdomain_policy) || asks(record.absent_policy));
}

// §3.1.6: why something else was done than the published policy asks for.
std::vector<OverrideReason> reasons_of(const dmarc::Verdict& verdict,
                                       const policy::Decision& decision) {
    std::vector<OverrideReason> out;
    const auto record = dmarc::parse_record(verdict.record);
    if (record && is_eased(*record)) out.push_back({"policy_test_mode", ""});
    if (done_with(decision) == asked_by(verdict.policy)) return out;
    const auto& sealer = decision.overruled_by;
    out.push_back({"local_policy", sealer.empty() ? "" : "arc=pass, sealed by " + sealer});
    return out;
}

PublishedPolicy policy_of(const std::string& domain, std::string_view text) {
    PublishedPolicy out;
    out.domain = domain;
    out.discovery = dmarc::Discovery::tree_walk;
    const auto record = dmarc::parse_record(text);
    if (!record) return out;
    out.policy = record->policy;
    out.subdomain_policy = record->subdomain_policy.value_or(record->policy);
    out.absent_policy = record->absent_policy.value_or(*out.subdomain_policy);
    out.dkim_mode = record->dkim_mode;
    out.spf_mode = record->spf_mode;
    out.is_testing = record->is_testing;
    return out;
}

// Everything but the number of messages.
AggregateRecord key_of(const DmarcFact& fact) {
    AggregateRecord record;
    record.source_ip = net::format_ip(fact.source);
    record.count = 0;
    record.disposition = fact.disposition;
    record.is_dkim_aligned = fact.is_dkim_aligned;
    record.is_spf_aligned = fact.is_spf_aligned;
    record.reasons = fact.reasons;
    record.header_from = fact.author;
    record.envelope_from = fact.envelope_from;
    record.dkim = fact.dkim;
    if (fact.spf) record.spf.push_back(*fact.spf);
    return record;
}

// About what it takes in a map.
std::size_t octets_of(const AggregateRecord& record) {
    constexpr std::size_t kNode = 64;
    auto octets = kNode + sizeof record + record.source_ip.size() + record.header_from.size() +
                  record.envelope_from.size() + record.envelope_to.size();
    for (const auto& reason : record.reasons)
        octets += sizeof reason + reason.type.size() + reason.comment.size();
    for (const auto& dkim : record.dkim)
        octets += sizeof dkim + dkim.domain.size() + dkim.selector.size() + dkim.comment.size();
    for (const auto& spf : record.spf)
        octets += sizeof spf + spf.domain.size() + spf.comment.size();
    return octets;
}

// Unique for one domain and period, so that what is sent twice is known for one (§3.5.1).
std::string report_id_of(WallTime begin, const std::string& domain, const std::string& submitter) {
    return std::to_string(to_unix_seconds(begin)) + "." + domain + "@" + submitter;
}

} // namespace

std::optional<DmarcFact> fact_of(SeenMessage seen) {
    const auto& verdict = seen.report.dmarc;
    const bool is_pass = verdict.outcome == dmarc::Outcome::pass;
    if (!is_pass && verdict.outcome != dmarc::Outcome::fail) return std::nullopt;
    if (seen.decision.disposition == policy::Disposition::defer) return std::nullopt;
    DmarcFact fact;
    fact.time = seen.time;
    fact.source = seen.source;
    fact.author = verdict.author;
    fact.envelope_from = std::move(seen.envelope_from);
    fact.record_domain = verdict.record_domain;
    fact.record = verdict.record;
    fact.is_dkim_aligned = !verdict.dkim.domain.empty();
    fact.is_spf_aligned = !verdict.spf.domain.empty();
    fact.disposition = is_pass ? disposition_of_pass(verdict) : done_with(seen.decision);
    if (!is_pass) fact.reasons = reasons_of(verdict, seen.decision);
    fact.dkim = results_of(seen.report.dkim, verdict.author);
    // What went wrong with SPF is not told: it can hold a localpart, by a macro.
    if (seen.spf != nullptr)
        fact.spf = {seen.spf->domain,
                    seen.spf->identity == policy::spf::Identity::helo ? SpfScope::helo
                                                                      : SpfScope::mail_from,
                    seen.spf->outcome,
                    {}};
    return fact;
}

void Aggregator::add(const DmarcFact& fact) {
    if (fact.time < period_.begin || fact.time >= period_.end) return;
    if (fact.record_domain.empty()) return;
    auto* domain = domain_of(fact);
    if (domain == nullptr) return;
    see_policy(*domain, fact);
    auto record = key_of(fact);
    const auto known = domain->counts.find(record);
    if (known != domain->counts.end()) {
        ++known->second;
    } else if (records_ == kMaxReportedRecords || domain->counts.size() == kMaxRecords ||
               !take_room(octets_of(record))) {
        ++domain->left_out;
    } else {
        ++records_;
        domain->counts.emplace(std::move(record), 1);
    }
}

bool Aggregator::take_room(std::size_t octets) {
    if (octets > kMaxReportedOctets - octets_) return false;
    octets_ += octets;
    return true;
}

// Null for one that wants no report, or for which there is no room.
Aggregator::Domain* Aggregator::domain_of(const DmarcFact& fact) {
    const auto found = domains_.find(fact.record_domain);
    if (found != domains_.end()) return &found->second;
    if (destinations_of(fact.record).empty() || domains_.size() == kMaxReportedDomains)
        return nullptr;
    if (!take_room(sizeof(Domain) + fact.record_domain.size())) return nullptr;
    return &domains_[fact.record_domain];
}

// The last one stands in the report, if there is room for it.
void Aggregator::see_policy(Domain& domain, const DmarcFact& fact) {
    if (fact.time < domain.seen) return;
    const auto more = fact.record.size() - std::min(fact.record.size(), domain.record.capacity());
    if (!take_room(more)) return;
    domain.seen = fact.time;
    domain.record = fact.record;
}

AggregateReport Aggregator::report_of(const std::string& name, const Domain& domain) const {
    AggregateReport report;
    report.organization = reporter_.organization;
    report.email = reporter_.email;
    report.extra_contact = reporter_.extra_contact;
    report.report_id = report_id_of(period_.begin, name, reporter_.submitter);
    report.begin = period_.begin;
    report.end = period_.end - std::chrono::seconds(1);
    report.generator = "Maild " MAILD_VERSION;
    if (domain.left_out > 0)
        report.error = std::to_string(domain.left_out) + " messages are left out, for their number";
    report.policy = policy_of(name, domain.record);
    for (const auto& [record, count] : domain.counts) {
        report.records.push_back(record);
        report.records.back().count = count;
    }
    return report;
}

std::vector<Aggregator::Size> Aggregator::sizes() const {
    std::vector<Size> out;
    for (const auto& [name, domain] : domains_) {
        Size size{name, domain.left_out, domain.counts.size()};
        for (const auto& [record, count] : domain.counts) size.messages += count;
        out.push_back(std::move(size));
    }
    std::ranges::stable_sort(out, std::ranges::greater(), &Size::messages);
    return out;
}

std::optional<DomainReport> Aggregator::report(const std::string& domain) const {
    const auto found = domains_.find(domain);
    if (found == domains_.end()) return std::nullopt;
    return DomainReport{report_of(domain, found->second), found->second.record};
}

std::vector<DomainReport> Aggregator::reports() const {
    std::vector<DomainReport> out;
    for (const auto& [name, domain] : domains_)
        out.push_back({report_of(name, domain), domain.record});
    return out;
}

} // namespace maild::report
