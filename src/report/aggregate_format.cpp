#include "report/aggregate_words.hpp"
#include "report/xml.hpp"

namespace maild::report {
namespace {

// Elements, a line each, indented by their depth.
class Writer {
public:
    void open(std::string_view name) {
        line("<" + std::string(name) + ">");
        names_.push_back(name);
    }
    void close() {
        const auto name = names_.back();
        names_.pop_back();
        line("</" + std::string(name) + ">");
    }
    void element(std::string_view name, std::string_view text) {
        const std::string tag(name);
        line("<" + tag + ">" + xml_text(text) + "</" + tag + ">");
    }
    // Nothing where nothing is said.
    void optional(std::string_view name, std::string_view text) {
        if (!text.empty()) element(name, text);
    }
    template <class Value, std::size_t Count>
    void optional(std::string_view name, const Word<Value> (&words)[Count],
                  const std::optional<Value>& value) {
        if (value) element(name, word_for(words, *value));
    }
    void line(const std::string& text) {
        out_.append(2 * names_.size(), ' ');
        out_ += text + "\n";
    }
    void root(std::string_view name, std::string_view attributes) {
        line("<" + std::string(name) + " " + std::string(attributes) + ">");
        names_.push_back(name);
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    std::vector<std::string_view> names_;
};

void write_metadata(Writer& out, const AggregateReport& report) {
    out.open("report_metadata"); // §3.1.1.3
    out.element("org_name", report.organization);
    out.element("email", report.email);
    out.optional("extra_contact_info", report.extra_contact);
    out.element("report_id", report.report_id);
    out.open("date_range");
    out.element("begin", std::to_string(to_unix_seconds(report.begin)));
    out.element("end", std::to_string(to_unix_seconds(report.end)));
    out.close();
    out.optional("error", report.error);
    out.optional("generator", report.generator);
    out.close();
}

void write_policy(Writer& out, const PublishedPolicy& policy) {
    out.open("policy_published"); // §3.1.1.5
    out.element("domain", policy.domain);
    out.optional("discovery_method", kDiscoveries, policy.discovery);
    out.optional("p", kPolicies, policy.policy);
    out.optional("sp", kPolicies, policy.subdomain_policy);
    out.optional("np", kPolicies, policy.absent_policy);
    out.optional("fo", policy.failure_options);
    out.optional("adkim", kModes, policy.dkim_mode);
    out.optional("aspf", kModes, policy.spf_mode);
    if (policy.is_testing) out.element("testing", *policy.is_testing ? "y" : "n");
    out.close();
}

void write_row(Writer& out, const AggregateRecord& record) {
    out.open("row"); // §3.1.1.8
    out.element("source_ip", record.source_ip);
    out.element("count", std::to_string(record.count));
    out.open("policy_evaluated");
    out.element("disposition", name_of(record.disposition));
    out.element("dkim", record.is_dkim_aligned ? "pass" : "fail");
    out.element("spf", record.is_spf_aligned ? "pass" : "fail");
    for (const auto& reason : record.reasons) {
        out.open("reason");
        out.element("type", reason.type);
        out.optional("comment", reason.comment);
        out.close();
    }
    out.close();
    out.close();
}

void write_results(Writer& out, const AggregateRecord& record) {
    out.open("auth_results"); // §3.1.1.11
    for (const auto& result : record.dkim) {
        out.open("dkim");
        out.element("domain", result.domain);
        out.element("selector", result.selector);
        out.element("result", word_for(kDkimOutcomes, result.outcome));
        out.optional("human_result", result.comment);
        out.close();
    }
    for (const auto& result : record.spf) {
        out.open("spf");
        out.element("domain", result.domain);
        out.optional("scope", word_for(kScopes, result.scope));
        out.element("result", word_for(kSpfOutcomes, result.outcome));
        out.optional("human_result", result.comment);
        out.close();
    }
    out.close();
}

void write_record(Writer& out, const AggregateRecord& record) {
    out.open("record");
    write_row(out, record);
    out.open("identifiers"); // §3.1.1.10
    out.element("header_from", record.header_from);
    out.optional("envelope_from", record.envelope_from);
    out.optional("envelope_to", record.envelope_to);
    out.close();
    write_results(out, record);
    out.close();
}

} // namespace

std::string_view name_of(Disposition disposition) { return word_for(kDispositions, disposition); }

std::string format_aggregate(const AggregateReport& report) {
    Writer out;
    out.root("feedback", "xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\"");
    out.element("version", "1.0");
    write_metadata(out, report);
    write_policy(out, report.policy);
    for (const auto& record : report.records) write_record(out, record);
    out.close();
    return out.take();
}

} // namespace maild::report
