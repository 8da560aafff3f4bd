#include "maild/mail/text.hpp"
#include "maild/report/tls.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <chrono>
#include <cstdio>

namespace maild::report {
namespace {

namespace json = boost::json;

std::string utf8(std::string_view text) { return mail::to_utf8(text, "utf-8"); }

// RFC 3339, UTC.
std::string format_time(WallTime time) {
    using namespace std::chrono;
    const auto day = floor<days>(time);
    const year_month_day date(day);
    const hh_mm_ss clock(floor<seconds>(time - day));
    char text[40] = "";
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text;
}

json::array strings(const std::vector<std::string>& texts) {
    json::array out;
    for (const auto& text : texts) out.emplace_back(utf8(text));
    return out;
}

void put(json::object& out, std::string_view key, const std::string& text) {
    if (!text.empty()) out[key] = utf8(text);
}

json::object failure_json(const TlsFailure& failure) {
    json::object out{{"result-type", utf8(failure.result_type)}};
    put(out, "sending-mta-ip", failure.sending_mta_ip);
    put(out, "receiving-mx-hostname", failure.receiving_mx_hostname);
    put(out, "receiving-mx-helo", failure.receiving_mx_helo);
    put(out, "receiving-ip", failure.receiving_ip);
    out["failed-session-count"] = static_cast<std::int64_t>(failure.sessions);
    put(out, "additional-information", failure.additional_information);
    put(out, "failure-reason-code", failure.failure_reason_code);
    return out;
}

json::object policy_json(const TlsPolicyReport& report) {
    json::object policy{{"policy-type", utf8(report.type)}};
    if (!report.text.empty()) policy["policy-string"] = strings(report.text);
    policy["policy-domain"] = utf8(report.domain);
    if (!report.mx_hosts.empty()) policy["mx-host"] = strings(report.mx_hosts);
    json::object out{
        {"policy", std::move(policy)},
        {"summary", json::object{{"total-successful-session-count",
                                  static_cast<std::int64_t>(report.successful_sessions)},
                                 {"total-failure-session-count",
                                  static_cast<std::int64_t>(report.failed_sessions)}}}};
    json::array failures;
    for (const auto& failure : report.failures) failures.push_back(failure_json(failure));
    if (!failures.empty()) out["failure-details"] = std::move(failures);
    return out;
}

struct Advice {
    std::string_view type;
    std::string_view text;
};

// RFC 8460 §4.3.1 to §4.3.3.
constexpr Advice kAdvice[] = {
    {"starttls-not-supported", "the host did not offer STARTTLS: look whether it answers itself, "
                               "and whether something between strips it"},
    {"certificate-host-mismatch",
     "the certificate does not have the MX host's name: order one that has"},
    {"certificate-expired", "the certificate has expired: renew it, and look why nothing did"},
    {"certificate-not-trusted",
     "the certificate's issuer is not known: serve the whole chain, of a public authority"},
    {"validation-failure", "TLS failed for a reason that the sender does not tell"},
    {"tlsa-invalid", "no TLSA record is right for the certificate: publish the new key's before "
                     "it is used"},
    {"dnssec-invalid", "DNSSEC of the MX host's zone does not validate: look at its keys and DS"},
    {"dane-required", "the sender wants DANE, and there is no TLSA record that it can use"},
    {"sts-policy-fetch-error", "the MTA-STS policy could not be fetched: look at the web server "
                               "of mta-sts below the domain"},
    {"sts-policy-invalid", "the MTA-STS policy has a mistake: look at its lines"},
    {"sts-webpki-invalid", "the certificate of the MTA-STS policy's web server is not valid"},
};

} // namespace

std::string format_tls(const TlsReport& report) {
    json::array policies;
    for (const auto& policy : report.policies) policies.push_back(policy_json(policy));
    return json::serialize(
        json::object{{"organization-name", utf8(report.organization)},
                     {"date-range", json::object{{"start-datetime", format_time(report.begin)},
                                                 {"end-datetime", format_time(report.end)}}},
                     {"contact-info", utf8(report.contact)},
                     {"report-id", utf8(report.report_id)},
                     {"policies", std::move(policies)}});
}

std::string_view advice_for(std::string_view result_type) {
    for (const auto& [type, text] : kAdvice)
        if (type == result_type) return text;
    return "a failure that RFC 8460 does not name";
}

} // namespace maild::report
