// TLS reports to others: what adds up to one, who wants it, and the mail that brings it.
#include "maild/report/attachment.hpp"
#include "maild/report/tls_outgoing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

const Period kDay{from_unix_seconds(1'700'006'400), from_unix_seconds(1'700'092'800)};

const Reporter& reporter() {
    static const Reporter kReporter{.organization = "Sender",
                                    .email = "postmaster@sender.example",
                                    .extra_contact = {},
                                    .submitter = "mail.sender.example"};
    return kReporter;
}

TlsSessionFact session(std::string result, std::uint64_t sessions = 1) {
    TlsSessionFact fact;
    fact.time = kDay.begin;
    fact.domain = "far.example";
    fact.policy_type = "sts";
    fact.policy_domain = "far.example";
    fact.policy = {"version: STSv1", "mode: testing", "mx: mx.far.example", "max_age: 86400"};
    fact.mx_hosts = {"mx.far.example"};
    fact.result = std::move(result);
    if (fact.result != kTlsSuccess) fact.reason = "because";
    fact.sending_ip = "192.0.2.1";
    fact.receiving_host = "mx.far.example";
    fact.receiving_ip = "2001:db8::1";
    fact.sessions = sessions;
    return fact;
}

TEST(OutgoingTlsReports, AddUpByPolicyAndFailure) {
    TlsAggregator sum(reporter(), kDay);
    sum.add(session("success", 5));
    sum.add(session("success"));
    sum.add(session("certificate-expired", 2));
    sum.add(session("certificate-expired"));
    auto elsewhere = session("certificate-expired");
    elsewhere.receiving_ip = "192.0.2.9";
    sum.add(elsewhere);
    auto without = session("starttls-not-supported");
    without.policy_type = "no-policy-found";
    without.policy = without.mx_hosts = {};
    sum.add(without);
    auto other = session("success", 100);
    other.domain = "other.example";
    sum.add(other);
    const auto sizes = sum.sizes();
    ASSERT_THAT(sizes, SizeIs(2));
    EXPECT_EQ(sizes[0].domain, "other.example");
    EXPECT_EQ(sizes[1].messages, 11U);
    const auto report = sum.report("far.example").value();
    EXPECT_EQ(report.report_id, "tls-1700006400.far.example@mail.sender.example");
    EXPECT_EQ(report.contact, "postmaster@sender.example");
    EXPECT_EQ(to_unix_seconds(report.end), 1'700'092'799);
    ASSERT_THAT(report.policies, SizeIs(2));
    EXPECT_EQ(report.policies[0].type, "no-policy-found");
    const auto& policy = report.policies[1];
    EXPECT_EQ(policy.successful_sessions, 6U);
    EXPECT_EQ(policy.failed_sessions, 4U);
    EXPECT_THAT(policy.mx_hosts, ElementsAre("mx.far.example"));
    ASSERT_THAT(policy.failures, SizeIs(2));
    EXPECT_EQ(policy.failures[1].sessions, 3U);
    EXPECT_EQ(policy.failures[1].failure_reason_code, "because");
    EXPECT_FALSE(sum.report("nobody.example"));
}

TEST(OutgoingTlsReports, LeaveOutOtherDays) {
    TlsAggregator sum(reporter(), kDay);
    auto fact = session("success");
    fact.time = kDay.end;
    sum.add(fact);
    fact.time = kDay.begin - std::chrono::seconds(1);
    sum.add(fact);
    EXPECT_THAT(sum.sizes(), SizeIs(0));
}

// Beyond the limits failures are counted, and no longer told one by one.
TEST(OutgoingTlsReports, EndAtTheirLimits) {
    TlsAggregator sum(reporter(), kDay);
    for (std::size_t i = 0; i < kMaxReportedTlsFailures + 5; ++i) {
        auto fact = session("validation-failure");
        fact.reason = std::to_string(i);
        sum.add(fact);
    }
    for (std::size_t i = 0; i < kMaxReportedPolicies + 5; ++i) {
        auto fact = session("success");
        fact.policy_domain = std::to_string(i);
        sum.add(fact);
    }
    const auto report = sum.report("far.example").value();
    ASSERT_THAT(report.policies, SizeIs(kMaxReportedPolicies));
    EXPECT_EQ(report.policies.back().failed_sessions, kMaxReportedTlsFailures + 5);
    EXPECT_THAT(report.policies.back().failures, SizeIs(kMaxReportedTlsFailures));
}

TEST(OutgoingTlsReports, EndAtTheirOctets) {
    TlsAggregator sum(reporter(), kDay);
    constexpr std::size_t kLong = 1024 * 1024;
    auto fact = session("validation-failure");
    for (char c = ' '; c < '~'; ++c) {
        fact.reason.assign(kLong, c);
        sum.add(fact);
    }
    const auto report = sum.report("far.example").value();
    EXPECT_LT(report.policies[0].failures.size(), kMaxReportedOctets / kLong + 1);
    EXPECT_EQ(report.policies[0].failed_sessions, static_cast<std::uint64_t>('~' - ' '));
}

// What we send is what we read.
TEST(OutgoingTlsReports, AreReadAgainFromTheirMail) {
    TlsAggregator sum(reporter(), kDay);
    sum.add(session("success", 5));
    sum.add(session("certificate-host-mismatch", 2));
    const auto report = sum.report("far.example").value();
    const auto to = mail::parse_address("tls@far.example", mail::Utf8::refused).value();
    const auto mail = format_tls_report_mail(pack_report(report, "far.example"), reporter(), to,
                                             from_unix_seconds(1'700'100'000));
    EXPECT_THAT(mail, HasSubstr("\r\nTLS-Required: No\r\n"));
    EXPECT_THAT(mail, HasSubstr("\r\nTLS-Report-Domain: far.example\r\n"
                                "TLS-Report-Submitter: mail.sender.example\r\n"));
    EXPECT_THAT(mail, HasSubstr("\r\nSubject: Report Domain: far.example\r\n Submitter: "
                                "mail.sender.example\r\n Report-ID: "
                                "<tls-1700006400.far.example@mail.sender.example>\r\n"));
    EXPECT_THAT(mail, HasSubstr("Content-Type: multipart/report; report-type=\"tlsrpt\";"));
    EXPECT_THAT(mail, HasSubstr("mail.sender.example!far.example!1700006400!1700092799.json.gz"));
    const auto found = reports_in_message(mail);
    ASSERT_THAT(found.tls, SizeIs(1));
    EXPECT_EQ(found.tls[0], report);
}

TEST(TlsDestinations, AreThoseOfTheOneRecord) {
    const struct {
        std::vector<std::string> texts;
        std::string want; // addresses; others
    } cases[] = {
        {{"v=TLSRPTv1; rua=mailto:tls@far.example"}, "tls@far.example "},
        {{"v=TLSRPTv1;rua=mailto:a@far.example,mailto:b@far.example;"},
         "a@far.example b@far.example "},
        {{"v=TLSRPTv1 ; rua=mailto:a@far.example , https://far.example/v1 ;x=y"},
         "a@far.example | https://far.example/v1"},
        {{"v=TLSRPTv1; x=rua=mailto:no@far.example; rua=mailto:a%2Bb@far.example"},
         "a+b@far.example "},
        {{"v=spf1 -all", "v=TLSRPTv1; rua=MAILTO:a@far.example"}, "a@far.example "},
        {{"v=TLSRPTv1; rua=mailto:a@far.example,mailto:a@far.example"}, "a@far.example "},
        {{"v=TLSRPTv1; rua=mailto:a@far.example", "v=TLSRPTv1; rua=mailto:b@far.example"}, ""},
        {{"v=TLSRPTv2; rua=mailto:a@far.example"}, ""},
        {{"v=tlsrptv1; rua=mailto:a@far.example"}, ""},
        {{"v=TLSRPTv1"}, ""},
        {{"v=TLSRPTv1;"}, ""},
        {{"v=TLSRPTv1; rua="}, ""},
        {{"v=TLSRPTv1; rua=,,mailto:,mailto:nobody"}, ""},
        {{""}, ""},
        {{}, ""},
    };
    for (const auto& c : cases) {
        const auto found = tls_destinations_of(c.texts);
        std::string got;
        for (const auto& each : found.mail) got += each.address.format() + " ";
        for (const auto& uri : found.others) got += "| " + uri;
        EXPECT_EQ(got, c.want) << (c.texts.empty() ? "" : c.texts.back());
    }
}

TEST(TlsDestinations, AreFiveAtMost) {
    std::string record = "v=TLSRPTv1; rua=";
    for (int i = 0; i < 50; ++i) record += "mailto:a" + std::to_string(i) + "@far.example,";
    const std::string texts[] = {record};
    EXPECT_THAT(tls_destinations_of(texts).mail, SizeIs(kMaxDestinations));
}

} // namespace
} // namespace maild::report
