#include "report/unpack.hpp"

#include "maild/report/tls_outgoing.hpp"

#include <algorithm>
#include <utility>

namespace maild::report {
namespace {

constexpr std::size_t kNode = 64; // of a map, about

std::size_t octets_of(const std::vector<std::string>& texts) {
    std::size_t octets = 0;
    for (const auto& text : texts) octets += sizeof text + text.size();
    return octets;
}

TlsPolicyReport summary_of(const std::string& type, const std::string& domain,
                           const std::vector<std::string>& text,
                           const std::vector<std::string>& mx_hosts) {
    TlsPolicyReport out;
    out.type = type;
    out.domain = domain;
    out.text = text;
    out.mx_hosts = mx_hosts;
    return out;
}

} // namespace

void TlsAggregator::add(const TlsSessionFact& fact) {
    if (fact.time < period_.begin || fact.time >= period_.end || fact.domain.empty()) return;
    auto* domain = domain_of(fact.domain);
    auto* policy = domain == nullptr ? nullptr : policy_of(*domain, fact);
    if (policy == nullptr) return;
    if (fact.result == kTlsSuccess) {
        policy->succeeded += fact.sessions;
        return;
    }
    policy->failed += fact.sessions;
    FailureKey key{fact.result, fact.sending_ip, fact.receiving_host, fact.receiving_ip,
                   fact.reason};
    const auto known = policy->failures.find(key);
    if (known != policy->failures.end()) {
        known->second += fact.sessions;
        return;
    }
    const auto octets = kNode + sizeof key + fact.result.size() + fact.sending_ip.size() +
                        fact.receiving_host.size() + fact.receiving_ip.size() + fact.reason.size();
    if (failures_ == kMaxReportedTlsFailures || !take_room(octets)) return;
    ++failures_;
    policy->failures.emplace(std::move(key), fact.sessions);
}

bool TlsAggregator::take_room(std::size_t octets) {
    if (octets > kMaxReportedOctets - octets_) return false;
    octets_ += octets;
    return true;
}

TlsAggregator::Domain* TlsAggregator::domain_of(const std::string& name) {
    const auto found = domains_.find(name);
    if (found != domains_.end()) return &found->second;
    const bool has_room =
        domains_.size() < kMaxReportedDomains && take_room(kNode + sizeof(Domain) + name.size());
    return has_room ? &domains_[name] : nullptr;
}

TlsAggregator::Policy* TlsAggregator::policy_of(Domain& domain, const TlsSessionFact& fact) {
    PolicyKey key{fact.policy_type, fact.policy_domain, fact.policy, fact.mx_hosts};
    const auto found = domain.find(key);
    if (found != domain.end()) return &found->second;
    const auto octets = kNode + sizeof key + sizeof(Policy) + fact.policy_type.size() +
                        fact.policy_domain.size() + octets_of(fact.policy) +
                        octets_of(fact.mx_hosts);
    if (domain.size() == kMaxReportedPolicies || !take_room(octets)) return nullptr;
    return &domain[std::move(key)];
}

std::vector<Aggregator::Size> TlsAggregator::sizes() const {
    std::vector<Aggregator::Size> out;
    for (const auto& [name, policies] : domains_) {
        Aggregator::Size size{name, 0, 0};
        for (const auto& [key, policy] : policies) {
            size.messages += policy.succeeded + policy.failed;
            size.records += policy.failures.size();
        }
        if (size.messages > 0) out.push_back(std::move(size));
    }
    std::ranges::stable_sort(out, std::ranges::greater(), &Aggregator::Size::messages);
    return out;
}

std::optional<TlsReport> TlsAggregator::report(const std::string& domain) const {
    const auto found = domains_.find(domain);
    if (found == domains_.end()) return std::nullopt;
    TlsReport report;
    report.organization = reporter_.organization;
    report.contact = reporter_.email;
    // The same for the same domain and period: what is sent twice is known for one.
    report.report_id = "tls-" + std::to_string(to_unix_seconds(period_.begin)) + "." + domain +
                       "@" + reporter_.submitter;
    report.begin = period_.begin;
    report.end = period_.end - std::chrono::seconds(1);
    for (const auto& [key, policy] : found->second) {
        const auto& [type, policy_domain, text, mx_hosts] = key;
        auto& out = report.policies.emplace_back(summary_of(type, policy_domain, text, mx_hosts));
        out.successful_sessions = policy.succeeded;
        out.failed_sessions = policy.failed;
        for (const auto& [failure, count] : policy.failures) {
            const auto& [result, sending_ip, host, ip, reason] = failure;
            out.failures.push_back({.result_type = result,
                                    .sending_mta_ip = sending_ip,
                                    .receiving_mx_hostname = host,
                                    .receiving_mx_helo = {},
                                    .receiving_ip = ip,
                                    .sessions = count,
                                    .additional_information = {},
                                    .failure_reason_code = reason});
        }
    }
    return report;
}

PackedReport pack_report(const TlsReport& report, std::string domain) {
    return {.domain = std::move(domain),
            .id = report.report_id,
            .begin = report.begin,
            .end = report.end,
            .gzip = pack_gzip(format_tls(report))};
}

} // namespace maild::report
