#include "maild/report/summary.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <limits>

namespace maild::report {
namespace {

constexpr WallTime kUnsaid{};

// Sums of what strangers say do not overflow.
void add_count(std::uint64_t& sum, std::uint64_t count) {
    sum += std::min(count, std::numeric_limits<std::uint64_t>::max() - sum);
}

void add_name(std::set<std::string>& names, const std::string& name) {
    if (!name.empty() && names.size() < kMaxNames) names.insert(name);
}

void widen(WallTime& begin, WallTime& end, WallTime from, WallTime to) {
    if (from != kUnsaid && (begin == kUnsaid || from < begin)) begin = from;
    end = std::max(end, to);
}

std::string joined(const std::set<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

// Where nothing was aligned.
std::string advice_for_failing(const DmarcSource& source, const std::string& domain) {
    if (source.overridden == source.messages)
        return "fails, and its receivers let it be: most likely forwarded or of a list; nothing "
               "to do.";
    if (!source.signers.empty())
        return "signs as " + joined(source.signers) + ": if it sends for you, have it sign with " +
               domain + ", by a key that you publish; a forwarder or a list needs nothing.";
    if (!source.senders.empty())
        return "passes SPF as " + joined(source.senders) +
               ": if it sends for you, have it sign with DKIM as " + domain +
               ", or take a reverse-path of that domain.";
    return "neither signs nor stands in SPF: if it is yours, add it to the SPF record of " +
           domain + " and sign with DKIM; if not, somebody uses the name, and p=reject stops it.";
}

} // namespace

std::string advice_for(const DmarcSource& source, std::string_view header_from) {
    const auto domain = header_from.empty() ? std::string("your domain") : std::string(header_from);
    if (source.passed == 0 && source.messages > 0) return advice_for_failing(source, domain);
    if (source.passed < source.messages)
        return "passes mostly; what fails was changed on its way, or is not signed by all that "
               "send from there: look whether each signs with " +
               domain + ".";
    if (source.dkim_aligned == 0)
        return "passes by SPF alone, which breaks when it is forwarded: sign with DKIM as " +
               domain + ".";
    if (source.spf_aligned == 0)
        return "passes by DKIM alone: fine if it is forwarded; if the host is yours, add it to "
               "the SPF record of " +
               domain + ".";
    return "good.";
}

void DmarcSummary::add(const AggregateReport& report) {
    if (!choice_.domain.empty() && report.policy.domain != choice_.domain) return;
    if (report.end < choice_.since) return;
    if (!seen_.emplace(report.organization, report.report_id, report.policy.domain, report.begin)
             .second) {
        ++duplicates_;
        return;
    }
    widen(begin_, end_, report.begin, report.end);
    for (const auto& record : report.records) add(report, record);
}

void DmarcSummary::add(const AggregateReport& report, const AggregateRecord& record) {
    const auto& from = record.header_from.empty() ? report.policy.domain : record.header_from;
    auto& source = sources_[{record.source_ip, from}];
    add_count(source.messages, record.count);
    if (record.is_aligned()) add_count(source.passed, record.count);
    if (record.is_dkim_aligned) add_count(source.dkim_aligned, record.count);
    if (record.is_spf_aligned) add_count(source.spf_aligned, record.count);
    if (record.disposition == Disposition::quarantine) add_count(source.quarantined, record.count);
    if (record.disposition == Disposition::reject) add_count(source.rejected, record.count);
    if (!record.is_aligned() && !record.reasons.empty()) add_count(source.overridden, record.count);
    if (!record.is_dkim_aligned)
        for (const auto& result : record.dkim)
            if (result.outcome == policy::dkim::Outcome::pass)
                add_name(source.signers, result.domain);
    if (!record.is_spf_aligned)
        for (const auto& result : record.spf)
            if (result.outcome == policy::spf::Outcome::pass)
                add_name(source.senders, result.domain);
    add_name(source.reporters, report.organization);
}

std::vector<DmarcSummary::Key> DmarcSummary::keys() const {
    std::vector<Key> keys;
    for (const auto& [key, source] : sources_) keys.push_back(key);
    std::ranges::stable_sort(keys, std::ranges::greater(), [this](const Key& key) {
        const auto& source = sources_.at(key);
        return std::pair(source.messages - source.passed, source.messages);
    });
    return keys;
}

// Reports of many domains come in one, as RFC 8460 lets them.
bool TlsSummary::is_wanted(const TlsReport& report) const {
    if (report.end < choice_.since) return false;
    return choice_.domain.empty() ||
           std::ranges::find(report.policies, choice_.domain, &TlsPolicyReport::domain) !=
               report.policies.end();
}

void TlsSummary::add(const TlsReport& report) {
    if (!is_wanted(report)) return;
    if (!seen_.emplace(report.organization, report.report_id, report.begin).second) {
        ++duplicates_;
        return;
    }
    widen(begin_, end_, report.begin, report.end);
    for (const auto& policy : report.policies)
        if (choice_.domain.empty() || policy.domain == choice_.domain) add(report, policy);
}

void TlsSummary::add(const TlsReport& report, const TlsPolicyReport& policy) {
    const auto add_line = [&](TlsKey key, std::uint64_t sessions) -> TlsLine& {
        auto& line = lines_[std::move(key)];
        add_count(line.sessions, sessions);
        add_name(line.reporters, report.organization);
        return line;
    };
    if (policy.successful_sessions > 0)
        add_line({policy.domain, policy.type, "", ""}, policy.successful_sessions);
    std::uint64_t explained = 0;
    for (const auto& failure : policy.failures) {
        const auto& host = failure.receiving_mx_hostname.empty() ? failure.receiving_ip
                                                                 : failure.receiving_mx_hostname;
        const auto type = failure.result_type.empty() ? "unsaid" : failure.result_type;
        auto& line =
            add_line({policy.domain, policy.type, ascii::to_lower(host), type}, failure.sessions);
        add_name(line.details, failure.failure_reason_code);
        add_name(line.details, failure.additional_information);
        add_count(explained, failure.sessions);
    }
    // Failures that no detail tells of (§4.4 lets them be counted alone).
    if (policy.failed_sessions > explained)
        add_line({policy.domain, policy.type, "", "unsaid"}, policy.failed_sessions - explained);
}

std::vector<TlsKey> TlsSummary::keys() const {
    std::vector<TlsKey> keys;
    for (const auto& [key, line] : lines_) keys.push_back(key);
    std::ranges::stable_sort(keys, std::ranges::greater(), [this](const TlsKey& key) {
        return std::pair(!key.result_type.empty(), lines_.at(key).sessions);
    });
    return keys;
}

} // namespace maild::report
