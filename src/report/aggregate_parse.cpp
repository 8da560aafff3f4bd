#include "report/aggregate_words.hpp"
#include "report/xml.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/net/ip.hpp"

#include <algorithm>
#include <utility>

namespace maild::report {
namespace {

namespace dkim = policy::dkim;
namespace dmarc = policy::dmarc;
namespace spf = policy::spf;

constexpr std::uint64_t kMaxCount = 1'000'000'000'000;
constexpr std::uint64_t kLastSecond = 253'402'300'799; // of the year 9999

std::uint64_t number_of(std::string_view text, std::uint64_t limit, std::uint64_t otherwise) {
    Cursor in(text);
    return in.take_number(limit).value_or(otherwise);
}

WallTime time_of(std::string_view text) {
    return from_unix_seconds(static_cast<std::int64_t>(number_of(text, kLastSecond, 0)));
}

std::string domain_of(std::string text) {
    while (!text.empty() && (text.back() == '.' || text.back() == ' ')) text.pop_back();
    return ascii::to_lower(text);
}

std::string address_of(std::string text) {
    const auto ip = net::parse_ip(text);
    return ip ? net::format_ip(*ip) : std::move(text);
}

// RFC 7489 appendix C: "unknown" is what many say for temperror, and "error" for permerror.
spf::Outcome spf_outcome_of(std::string_view word) {
    if (ascii::equals_icase(word, "unknown")) return spf::Outcome::temperror;
    if (ascii::equals_icase(word, "error")) return spf::Outcome::permerror;
    if (ascii::equals_icase(word, "hardfail")) return spf::Outcome::fail;
    return word_of(kSpfOutcomes, word).value_or(spf::Outcome::none);
}

bool is_pass(std::string_view word) { return ascii::equals_icase(word, "pass"); }

std::optional<bool> testing_of(std::string_view word) {
    if (ascii::equals_icase(word, "y")) return true;
    return ascii::equals_icase(word, "n") ? std::optional(false) : std::nullopt;
}

void add_error(std::string& all, std::string_view text) {
    if (text.empty() || all.size() + text.size() + 2 > kMaxText) return;
    if (!all.empty()) all += "; ";
    all += text;
}

// What an element's text says. Those of a record come while it is the last one.
struct Field {
    std::string_view path;
    void (*set)(AggregateReport& report, std::string text);
};

AggregateRecord& record_of(AggregateReport& report) { return report.records.back(); }
DkimResult& dkim_of(AggregateReport& report) { return record_of(report).dkim.back(); }
SpfResult& spf_of(AggregateReport& report) { return record_of(report).spf.back(); }
OverrideReason& reason_of(AggregateReport& report) { return record_of(report).reasons.back(); }

using Report = AggregateReport;
using Text = std::string;

// By path. "identities" is what drafts of RFC 7489 said for "identifiers".
constexpr Field kFields[] = {
    {"feedback/policy_published/adkim",
     [](Report& r, Text t) { r.policy.dkim_mode = word_of(kModes, t); }},
    {"feedback/policy_published/aspf",
     [](Report& r, Text t) { r.policy.spf_mode = word_of(kModes, t); }},
    {"feedback/policy_published/discovery_method",
     [](Report& r, Text t) { r.policy.discovery = word_of(kDiscoveries, t); }},
    {"feedback/policy_published/domain",
     [](Report& r, Text t) { r.policy.domain = domain_of(std::move(t)); }},
    {"feedback/policy_published/fo",
     [](Report& r, Text t) { r.policy.failure_options = std::move(t); }},
    {"feedback/policy_published/np",
     [](Report& r, Text t) { r.policy.absent_policy = word_of(kPolicies, t); }},
    {"feedback/policy_published/p",
     [](Report& r, Text t) { r.policy.policy = word_of(kPolicies, t); }},
    {"feedback/policy_published/sp",
     [](Report& r, Text t) { r.policy.subdomain_policy = word_of(kPolicies, t); }},
    {"feedback/policy_published/testing",
     [](Report& r, Text t) { r.policy.is_testing = testing_of(t); }},
    {"feedback/record/auth_results/dkim/domain",
     [](Report& r, Text t) { dkim_of(r).domain = domain_of(std::move(t)); }},
    {"feedback/record/auth_results/dkim/human_result",
     [](Report& r, Text t) { dkim_of(r).comment = std::move(t); }},
    {"feedback/record/auth_results/dkim/result",
     [](Report& r, Text t) {
         dkim_of(r).outcome = word_of(kDkimOutcomes, t).value_or(dkim::Outcome::none);
     }},
    {"feedback/record/auth_results/dkim/selector",
     [](Report& r, Text t) { dkim_of(r).selector = std::move(t); }},
    {"feedback/record/auth_results/spf/domain",
     [](Report& r, Text t) { spf_of(r).domain = domain_of(std::move(t)); }},
    {"feedback/record/auth_results/spf/human_result",
     [](Report& r, Text t) { spf_of(r).comment = std::move(t); }},
    {"feedback/record/auth_results/spf/result",
     [](Report& r, Text t) { spf_of(r).outcome = spf_outcome_of(t); }},
    {"feedback/record/auth_results/spf/scope",
     [](Report& r, Text t) { spf_of(r).scope = word_of(kScopes, t).value_or(SpfScope::unsaid); }},
    {"feedback/record/identifiers/envelope_from",
     [](Report& r, Text t) { record_of(r).envelope_from = domain_of(std::move(t)); }},
    {"feedback/record/identifiers/envelope_to",
     [](Report& r, Text t) { record_of(r).envelope_to = domain_of(std::move(t)); }},
    {"feedback/record/identifiers/header_from",
     [](Report& r, Text t) { record_of(r).header_from = domain_of(std::move(t)); }},
    {"feedback/record/identities/header_from",
     [](Report& r, Text t) { record_of(r).header_from = domain_of(std::move(t)); }},
    // A record without a number stands for a message at least.
    {"feedback/record/row/count",
     [](Report& r, Text t) { record_of(r).count = number_of(t, kMaxCount, 1); }},
    {"feedback/record/row/policy_evaluated/disposition",
     [](Report& r, Text t) {
         record_of(r).disposition = word_of(kDispositions, t).value_or(Disposition::none);
     }},
    {"feedback/record/row/policy_evaluated/dkim",
     [](Report& r, Text t) { record_of(r).is_dkim_aligned = is_pass(t); }},
    {"feedback/record/row/policy_evaluated/reason/comment",
     [](Report& r, Text t) { reason_of(r).comment = std::move(t); }},
    {"feedback/record/row/policy_evaluated/reason/type",
     [](Report& r, Text t) { reason_of(r).type = ascii::to_lower(t); }},
    {"feedback/record/row/policy_evaluated/spf",
     [](Report& r, Text t) { record_of(r).is_spf_aligned = is_pass(t); }},
    {"feedback/record/row/source_ip",
     [](Report& r, Text t) { record_of(r).source_ip = address_of(std::move(t)); }},
    {"feedback/report_metadata/date_range/begin", [](Report& r, Text t) { r.begin = time_of(t); }},
    {"feedback/report_metadata/date_range/end", [](Report& r, Text t) { r.end = time_of(t); }},
    {"feedback/report_metadata/email", [](Report& r, Text t) { r.email = std::move(t); }},
    {"feedback/report_metadata/error", [](Report& r, Text t) { add_error(r.error, t); }},
    {"feedback/report_metadata/extra_contact_info",
     [](Report& r, Text t) { r.extra_contact = std::move(t); }},
    {"feedback/report_metadata/generator", [](Report& r, Text t) { r.generator = std::move(t); }},
    {"feedback/report_metadata/org_name", [](Report& r, Text t) { r.organization = std::move(t); }},
    {"feedback/report_metadata/report_id", [](Report& r, Text t) { r.report_id = std::move(t); }},
};
static_assert(std::ranges::is_sorted(kFields, {}, &Field::path));

class Reader final : public XmlEvents {
public:
    bool open(std::string_view path) override {
        if (path == "feedback") is_feedback_ = true;
        if (path == "feedback/record") {
            report_.records.emplace_back();
            return report_.records.size() <= kMaxRecords;
        }
        if (path == "feedback/record/row/policy_evaluated/reason")
            record_of(report_).reasons.emplace_back();
        else if (path == "feedback/record/auth_results/dkim")
            record_of(report_).dkim.emplace_back();
        else if (path == "feedback/record/auth_results/spf")
            record_of(report_).spf.emplace_back();
        else
            return true;
        return ++results_ <= kMaxResults;
    }
    void close(std::string_view path, std::string text) override {
        const auto* field = std::ranges::lower_bound(kFields, path, {}, &Field::path);
        if (field != std::end(kFields) && field->path == path) field->set(report_, std::move(text));
    }
    Result<AggregateReport> take() {
        if (!is_feedback_) return fail(Errc::protocol_error, "XML, but no DMARC report");
        if (report_.policy.domain.empty() && report_.records.empty())
            return fail(Errc::protocol_error, "a DMARC report of no domain, without a record");
        return std::move(report_);
    }

private:
    AggregateReport report_;
    std::size_t results_ = 0;
    bool is_feedback_ = false;
};

} // namespace

Result<AggregateReport> parse_aggregate(std::string_view xml) {
    Reader reader;
    if (const auto read = read_xml(xml, reader); !read) return std::unexpected(read.error());
    return reader.take();
}

} // namespace maild::report
