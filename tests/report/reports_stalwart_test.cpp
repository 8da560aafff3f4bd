// The suite reports-stalwart: DMARC aggregate and TLS reports, plain and in mail as Google, Mail.Ru
// and Microsoft send it. Its ARF reports (RFC 5965) are of another kind, which nothing here reads.
#include "support/conformance.hpp"
#include "support/json.hpp"

#include "maild/base/ascii.hpp"
#include "maild/report/attachment.hpp"

#include <gtest/gtest.h>

namespace maild::report {
namespace {

using test::Json;

// "TrustedForwarder" and "trusted_forwarder" are one.
std::string plain(std::string_view word) {
    auto out = ascii::to_lower(word);
    std::erase(out, '_');
    return out == "unspecified" ? "" : out;
}

template <class Value> std::string plain(const std::optional<Value>& value) {
    return value ? std::string(name_of(*value)) : "";
}

std::string plain(std::optional<policy::dmarc::AlignmentMode> mode) {
    if (!mode) return "";
    return *mode == policy::dmarc::AlignmentMode::strict ? "strict" : "relaxed";
}

// The suite knows only the reasons that RFC 9990 has kept.
std::string reason_word(const std::string& type) {
    return type == "sampled_out" || type == "forwarded" ? "other" : plain(type);
}

std::string text_of(const AggregateReport& report) {
    const auto& policy = report.policy;
    std::string out = report.organization + "|" + report.email + "|" + report.extra_contact + "|" +
                      report.report_id + "|" + std::to_string(to_unix_seconds(report.begin)) + "|" +
                      std::to_string(to_unix_seconds(report.end)) + "|" + policy.domain + "|" +
                      plain(policy.dkim_mode) + "|" + plain(policy.spf_mode) + "|" +
                      plain(policy.policy) + "|" + plain(policy.subdomain_policy) + "|" +
                      policy.failure_options + "\n";
    for (const auto& record : report.records) {
        out += record.source_ip + "|" + std::to_string(record.count) + "|" +
               std::string(name_of(record.disposition)) +
               (record.is_dkim_aligned ? "|pass" : "|fail") +
               (record.is_spf_aligned ? "|pass" : "|fail") + "|" + record.header_from + "|" +
               record.envelope_from + "|" + record.envelope_to + "\n";
        for (const auto& reason : record.reasons)
            out += "reason|" + reason_word(reason.type) + "|" + reason.comment + "\n";
        for (const auto& result : record.dkim)
            out += "dkim|" + result.domain + "|" + result.selector + "|" +
                   std::string(policy::dkim::name_of(result.outcome)) + "|" + result.comment + "\n";
        for (const auto& result : record.spf)
            out += "spf|" + result.domain + "|" +
                   (result.scope == SpfScope::helo        ? "helo"
                    : result.scope == SpfScope::mail_from ? "mailfrom"
                                                          : "") +
                   "|" + std::string(policy::spf::name_of(result.outcome)) + "|" + result.comment +
                   "\n";
    }
    return out;
}

std::string number(const Json& json) { return std::to_string(json.number()); }

std::string text_of_results(const Json& record) {
    std::string out;
    for (const auto& reason : record["row"]["policy_evaluated"]["reason"].array())
        out += "reason|" + plain(reason["type_"].text()) + "|" + reason.text_of("comment") + "\n";
    for (const auto& result : record["auth_results"]["dkim"].array())
        out += "dkim|" + result.text_of("domain") + "|" + result.text_of("selector") + "|" +
               plain(result["result"].text()) + "|" + result.text_of("human_result") + "\n";
    for (const auto& result : record["auth_results"]["spf"].array())
        out += "spf|" + result.text_of("domain") + "|" + plain(result["scope"].text()) + "|" +
               plain(result["result"].text()) + "|" + result.text_of("human_result") + "\n";
    return out;
}

std::string text_of(const Json& want) {
    const auto& metadata = want["report_metadata"];
    const auto& policy = want["policy_published"];
    std::string out = metadata.text_of("org_name") + "|" + metadata.text_of("email") + "|" +
                      metadata.text_of("extra_contact_info") + "|" + metadata.text_of("report_id") +
                      "|" + number(metadata["date_range"]["begin"]) + "|" +
                      number(metadata["date_range"]["end"]) + "|" + policy.text_of("domain") + "|" +
                      plain(policy["adkim"].text()) + "|" + plain(policy["aspf"].text()) + "|" +
                      plain(policy["p"].text()) + "|" + plain(policy["sp"].text()) + "|" +
                      policy.text_of("fo") + "\n";
    for (const auto& record : want["record"].array()) {
        const auto& row = record["row"];
        const auto& evaluated = row["policy_evaluated"];
        const auto& identifiers = record["identifiers"];
        out += row["source_ip"].text() + "|" + number(row["count"]) + "|" +
               plain(evaluated["disposition"].text()) + "|" + plain(evaluated["dkim"].text()) +
               "|" + plain(evaluated["spf"].text()) + "|" + identifiers.text_of("header_from") +
               "|" + identifiers.text_of("envelope_from") + "|" +
               identifiers.text_of("envelope_to") + "\n" + text_of_results(record);
    }
    return out;
}

TEST(ReportsStalwart, ReadsDmarcReports) {
    MAILD_NEEDS_SUITE("reports-stalwart");
    test::Score score("reports-stalwart, DMARC");
    const auto suite = test::conformance_suite("reports-stalwart") / "dmarc-feedback";
    for (const auto& file : test::files_of(suite, {".xml", ".eml"})) {
        const auto found = reports_in_file(test::read_whole(file));
        auto expectation = file;
        const auto want = text_of(
            test::JsonReader::read(test::read_whole(expectation.replace_extension("json"))));
        const auto got = found.aggregate.size() == 1 ? text_of(found.aggregate.front())
                         : found.problems.empty()    ? "no report"
                                                     : found.problems.front();
        score.add(got == want, file.filename().string() + "\ngot  " + got + "\nwant " + want);
    }
}

TEST(ReportsStalwart, ReadsTlsReports) {
    MAILD_NEEDS_SUITE("reports-stalwart");
    test::Score score("reports-stalwart, TLS");
    const auto suite = test::conformance_suite("reports-stalwart") / "tlsrpt";
    for (const auto& file : test::files_of(suite, {".json"})) {
        const auto json = test::read_whole(file);
        const auto want = parse_tls(json);
        const auto again = want ? parse_tls(format_tls(*want)) : want;
        score.add(want && again && *want == *again && !want->policies.empty() &&
                      want->begin < want->end,
                  file.filename().string());
        auto mail = file;
        if (!std::filesystem::exists(mail.replace_extension("eml"))) continue;
        const auto found = reports_in_file(test::read_whole(mail));
        score.add(want && found.tls.size() == 1 && found.tls.front() == *want,
                  mail.filename().string());
    }
}

} // namespace
} // namespace maild::report
