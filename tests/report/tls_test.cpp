// TLS reports, read and written.
#include "maild/report/aggregate.hpp"
#include "maild/report/tls.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::report {
namespace {

// In the shape of RFC 8460 appendix B.
constexpr auto* kReport = R"({
  "organization-name": "Company-X",
  "date-range": {"start-datetime": "2016-04-01T00:00:00Z",
                 "end-datetime": "2016-04-01T23:59:59Z"},
  "contact-info": "sts-reporting@company-x.example",
  "report-id": "5065427c-23d3-47ca-b6e0-946ea0e8c4be",
  "policies": [{
    "policy": {"policy-type": "sts",
               "policy-string": ["version: STSv1", "mode: testing",
                                 "mx: *.mail.company-y.example", "max_age: 86400"],
               "policy-domain": "Company-Y.example",
               "mx-host": ["*.mail.company-y.example"]},
    "summary": {"total-successful-session-count": 5326, "total-failure-session-count": 303},
    "failure-details": [
      {"result-type": "certificate-expired", "sending-mta-ip": "2001:db8:abcd:0012::1",
       "receiving-mx-hostname": "mx1.mail.company-y.example", "failed-session-count": 100},
      {"result-type": "starttls-not-supported", "sending-mta-ip": "2001:db8:abcd:0013::1",
       "receiving-mx-hostname": "mx2.mail.company-y.example", "receiving-ip": "203.0.113.56",
       "failed-session-count": 200, "additional-information": "https://reports.company-x.example/"},
      {"result-type": "validation-failure", "sending-mta-ip": "198.51.100.62",
       "receiving-ip": "203.0.113.58", "receiving-mx-hostname": "mx-backup.mail.company-y.example",
       "failed-session-count": 3, "failure-reason-code": "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED"}]
  }]
})";

TEST(TlsReport, ReadsWhatIsSaid) {
    const auto report = parse_tls(kReport);
    ASSERT_TRUE(report) << report.error().internal;
    EXPECT_EQ(report->organization, "Company-X");
    EXPECT_EQ(to_unix_seconds(report->begin), 1'459'468'800);
    EXPECT_EQ(to_unix_seconds(report->end), 1'459'555'199);
    ASSERT_EQ(report->policies.size(), 1U);
    const auto& policy = report->policies.front();
    EXPECT_EQ(policy.type, "sts");
    EXPECT_EQ(policy.text.size(), 4U);
    EXPECT_EQ(policy.domain, "company-y.example");
    EXPECT_EQ(policy.mx_hosts, std::vector<std::string>{"*.mail.company-y.example"});
    EXPECT_EQ(policy.successful_sessions, 5326U);
    EXPECT_EQ(policy.failed_sessions, 303U);
    ASSERT_EQ(policy.failures.size(), 3U);
    EXPECT_EQ(policy.failures[1].result_type, "starttls-not-supported");
    EXPECT_EQ(policy.failures[1].sessions, 200U);
    EXPECT_EQ(policy.failures[2].failure_reason_code, "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED");
}

TEST(TlsReport, ReadsWhatItWrites) {
    const auto report = parse_tls(kReport).value();
    const auto json = format_tls(report);
    const auto again = parse_tls(json);
    ASSERT_TRUE(again) << again.error().internal;
    EXPECT_EQ(*again, report);
    EXPECT_EQ(format_tls(*again), json);
}

TEST(TlsReport, ReadsTimes) {
    const auto begin_of = [](std::string_view time) {
        const auto report = parse_tls(R"({"policies":[],"date-range":{"start-datetime":")" +
                                      std::string(time) + R"("}})");
        return report ? to_unix_seconds(report->begin) : -1;
    };
    EXPECT_EQ(begin_of("1971-01-01T00:00:10Z"), 31'536'010);
    EXPECT_EQ(begin_of("1971-01-01t00:00:10.75z"), 31'536'010);
    EXPECT_EQ(begin_of("1971-01-01 00:00:10"), 31'536'010);
    EXPECT_EQ(begin_of("1971-01-01T02:00:10+02:00"), 31'536'010);
    EXPECT_EQ(begin_of("1970-12-31T22:30:10-01:30"), 0); // before what is believed
    EXPECT_EQ(begin_of("1971-02-30T00:00:00Z"), 0);
    EXPECT_EQ(begin_of("1971-01-01T24:00:00Z"), 0);
    EXPECT_EQ(begin_of("yesterday"), 0);
}

TEST(TlsReport, ReadsSloppyMembers) {
    const auto report = parse_tls(R"({"policies":[7,{"policy":{"policy-type":"tlsa","mx-host":"a"},
        "summary":{"total-successful-session-count":"12","total-failure-session-count":-4},
        "failure-details":[null,{"failed-session-count":1.5}]},{}],"report-id":5})");
    ASSERT_TRUE(report) << report.error().internal;
    ASSERT_EQ(report->policies.size(), 2U);
    EXPECT_EQ(report->policies[0].mx_hosts, std::vector<std::string>{"a"});
    EXPECT_EQ(report->policies[0].successful_sessions, 12U);
    EXPECT_EQ(report->policies[0].failed_sessions, 0U);
    EXPECT_EQ(report->policies[0].failures, std::vector<TlsFailure>(1));
    EXPECT_EQ(report->policies[1], TlsPolicyReport());
    EXPECT_EQ(report->report_id, "");
}

TEST(TlsReport, RefusesWhatIsNone) {
    const auto error_of = [](std::string_view json) {
        const auto report = parse_tls(json);
        return report ? "" : report.error().internal;
    };
    EXPECT_EQ(error_of("[]"), "JSON, but no TLS report");
    EXPECT_EQ(error_of("{}"), "JSON, but no TLS report");
    EXPECT_EQ(error_of(R"({"policies":{}})"), "JSON, but no TLS report");
    EXPECT_TRUE(error_of("{").starts_with("JSON: "));
    EXPECT_TRUE(error_of("{\"policies\":[\"\xff\"]}").starts_with("JSON: "));
    EXPECT_TRUE(error_of(R"({"policies":[]} more)").starts_with("JSON: "));
    EXPECT_TRUE(error_of(std::string(1000, '[')).starts_with("JSON: "));
}

TEST(TlsReport, EndsAtItsLimits) {
    const auto error_of = [](const std::string& json) {
        const auto report = parse_tls(json);
        return report ? Errc::internal : report.error().code;
    };
    const auto many = [](std::string_view item, std::size_t count) {
        std::string out = "[";
        for (std::size_t i = 0; i < count; ++i) out += (i == 0 ? "" : ",") + std::string(item);
        return out + "]";
    };
    EXPECT_EQ(error_of(R"({"policies":)" + many("{}", kMaxTlsPolicies + 1) + "}"), Errc::too_large);
    EXPECT_EQ(
        error_of(R"({"policies":[{"failure-details":)" + many("{}", kMaxTlsFailures + 1) + "}]}"),
        Errc::too_large);
    EXPECT_EQ(error_of(R"({"policies":[{"policy":{"mx-host":)" + many("\"\"", kMaxTlsStrings + 1) +
                       "}}]}"),
              Errc::too_large);
    EXPECT_EQ(error_of(R"({"policies":[]})" + std::string(kMaxTlsReport, ' ')), Errc::too_large);
    const auto cut = parse_tls(R"({"policies":[],"report-id":"x)" + std::string(kMaxText - 2, 'x') +
                               "\xc3\xbc\"}");
    ASSERT_TRUE(cut) << cut.error().internal;
    EXPECT_EQ(cut->report_id, std::string(kMaxText - 1, 'x'));
}

TEST(TlsReport, AdvisesForEachResultType) {
    EXPECT_TRUE(advice_for("certificate-expired").contains("renew"));
    EXPECT_TRUE(advice_for("x").contains("does not name"));
}

} // namespace
} // namespace maild::report
