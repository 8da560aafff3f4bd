// Reports to others: who gets one, what stands in it, and the mail that brings it.
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/report/attachment.hpp"
#include "maild/report/outgoing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::report {
namespace {

using maild::test::MemoryResolver;
using maild::test::run_task;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const Period kDay{from_unix_seconds(1'700'006'400), from_unix_seconds(1'700'092'800)};

const Reporter& reporter() {
    static const Reporter kReporter{.organization = "Receiver",
                                    .email = "dmarc@mail.receiver.example",
                                    .extra_contact = {},
                                    .submitter = "mail.receiver.example"};
    return kReporter;
}

DmarcFact fact_from(std::string_view source) {
    DmarcFact fact;
    fact.time = kDay.begin;
    fact.source = net::parse_ip(source).value();
    fact.author = "mail.example.org";
    fact.envelope_from = "bounce.example.net";
    fact.record_domain = "example.org";
    fact.record = "v=DMARC1; p=reject; adkim=s; rua=mailto:dmarc@example.org";
    fact.disposition = Disposition::reject;
    fact.dkim = {{"example.net", "s", policy::dkim::Outcome::pass, ""}};
    fact.spf = {"bounce.example.net", SpfScope::mail_from, policy::spf::Outcome::pass, ""};
    return fact;
}

TEST(OutgoingReports, AddUpByDomainAndResult) {
    Aggregator aggregator(reporter(), kDay);
    aggregator.add(fact_from("192.0.2.2"));
    aggregator.add(fact_from("192.0.2.1"));
    aggregator.add(fact_from("192.0.2.2"));
    auto other = fact_from("192.0.2.2");
    other.author = "example.org";
    aggregator.add(other);
    other.record_domain = "a.example";
    aggregator.add(other);
    const auto reports = aggregator.reports();
    ASSERT_THAT(reports, SizeIs(2));
    EXPECT_EQ(reports[0].report.policy.domain, "a.example");
    const auto& report = reports[1].report;
    EXPECT_EQ(report.report_id, "1700006400.example.org@mail.receiver.example");
    EXPECT_EQ(report.begin, kDay.begin);
    EXPECT_EQ(to_unix_seconds(report.end), 1'700'092'799);
    EXPECT_EQ(report.policy.policy, policy::dmarc::Policy::reject);
    EXPECT_EQ(report.policy.subdomain_policy, policy::dmarc::Policy::reject);
    EXPECT_EQ(report.policy.dkim_mode, policy::dmarc::AlignmentMode::strict);
    EXPECT_EQ(report.policy.is_testing, false);
    ASSERT_THAT(report.records, SizeIs(3));
    EXPECT_EQ(report.records[0].source_ip, "192.0.2.1");
    EXPECT_EQ(report.records[1].count + report.records[2].count, 3U);
    EXPECT_EQ(parse_aggregate(format_aggregate(report)).value(), report);
}

TEST(OutgoingReports, AreHadOneByOneTheLargestFirst) {
    Aggregator aggregator(reporter(), kDay);
    auto fact = fact_from("192.0.2.1");
    aggregator.add(fact);
    fact.record_domain = "b.example";
    aggregator.add(fact);
    aggregator.add(fact);
    fact.record_domain = "a.example";
    aggregator.add(fact);
    std::string order;
    for (const auto& size : aggregator.sizes())
        order += size.domain + " " + std::to_string(size.messages) + "/" +
                 std::to_string(size.records) + ", ";
    EXPECT_EQ(order, "b.example 2/1, a.example 1/1, example.org 1/1, ");
    EXPECT_EQ(aggregator.report("b.example")->report, aggregator.reports()[1].report);
    EXPECT_FALSE(aggregator.report("c.example"));
}

TEST(OutgoingReports, LeaveOutWhatNobodyAsksFor) {
    Aggregator aggregator(reporter(), kDay);
    auto fact = fact_from("192.0.2.1");
    fact.time = kDay.end;
    aggregator.add(fact);
    fact.time = kDay.begin - std::chrono::milliseconds(1);
    aggregator.add(fact);
    fact.time = kDay.begin;
    fact.record_domain.clear();
    aggregator.add(fact);
    fact.record_domain = "example.org";
    fact.record = "v=DMARC1; p=reject";
    aggregator.add(fact);
    EXPECT_THAT(aggregator.reports(), IsEmpty());
}

// RFC 9990 §3.3: what was published last.
TEST(OutgoingReports, TellTheLastPolicy) {
    Aggregator aggregator(reporter(), kDay);
    auto fact = fact_from("192.0.2.1");
    fact.time += std::chrono::hours(2);
    fact.record = "v=DMARC1; p=none; rua=mailto:new@example.org";
    aggregator.add(fact);
    aggregator.add(fact_from("192.0.2.1"));
    const auto reports = aggregator.reports();
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_EQ(reports[0].report.policy.policy, policy::dmarc::Policy::none);
    EXPECT_EQ(destinations_of(reports[0].record).at(0).address.localpart, "new");
    ASSERT_THAT(reports[0].report.records, SizeIs(1));
    EXPECT_EQ(reports[0].report.records[0].count, 2U);
}

TEST(OutgoingReports, EndAtTheirLimits) {
    Aggregator aggregator(reporter(), kDay);
    auto fact = fact_from("2001:db8::");
    for (std::size_t i = 0; i < kMaxRecords + 5; ++i) {
        for (std::size_t k = 0; k < 4; ++k)
            fact.source.bytes[12 + k] = static_cast<std::uint8_t>(i >> (8 * k));
        aggregator.add(fact);
    }
    const auto reports = aggregator.reports();
    ASSERT_THAT(reports, SizeIs(1));
    EXPECT_THAT(reports[0].report.records, SizeIs(kMaxRecords));
    EXPECT_THAT(reports[0].report.error, StartsWith("5 messages are left out"));
}

// Names are the senders' to choose: their number alone bounds nothing.
TEST(OutgoingReports, EndAtTheirOctets) {
    Aggregator aggregator(reporter(), kDay);
    constexpr std::size_t kLong = 1024 * 1024;
    constexpr std::size_t kMost = kMaxReportedOctets / kLong;
    auto fact = fact_from("192.0.2.0");
    fact.dkim.front().selector.assign(kLong, 's');
    for (std::size_t i = 0; i < kMost + 10; ++i) {
        fact.source.bytes[15] = static_cast<std::uint8_t>(i);
        aggregator.add(fact);
    }
    aggregator.add(fact_from("192.0.2.1")); // for this there is room
    auto other = fact_from("192.0.2.2");
    other.record_domain = "other.example";
    other.record.append(kLong, ' ');
    aggregator.add(other);
    const auto reports = aggregator.reports();
    ASSERT_THAT(reports, SizeIs(2));
    EXPECT_THAT(reports[0].report.records, SizeIs(kMost)) << "one of them short";
    EXPECT_THAT(reports[0].report.error, StartsWith("11 messages are left out"));
    EXPECT_EQ(reports[1].record, "") << "too long for what is left";
}

TEST(OutgoingReports, MakeFactsOfVerdicts) {
    policy::MessageReport seen;
    seen.dmarc.outcome = policy::dmarc::Outcome::pass;
    seen.dmarc.policy = policy::dmarc::Policy::quarantine;
    seen.dmarc.author = "mail.example.org";
    seen.dmarc.record_domain = "example.org";
    seen.dmarc.dkim.domain = "example.org";
    const auto signature = [](std::string domain, policy::dkim::Outcome outcome) {
        policy::dkim::Verdict verdict;
        verdict.domain = std::move(domain);
        verdict.selector = "s";
        verdict.outcome = outcome;
        verdict.reason = "because";
        return verdict;
    };
    using enum policy::dkim::Outcome;
    seen.dkim = {signature("x.example", fail), signature("y.example", pass),
                 signature("example.org", pass), signature("mail.example.org", pass),
                 policy::dkim::Verdict()};
    policy::spf::Report spf;
    spf.domain = "client.example";
    spf.identity = policy::spf::Identity::helo;
    spf.outcome = policy::spf::Outcome::softfail;
    spf.problem = "ada@example.org";
    policy::Decision decision;
    const auto fact_now = [&] {
        return fact_of({.time = kDay.begin, .report = seen, .spf = &spf, .decision = decision});
    };
    const auto fact = fact_now().value();
    EXPECT_EQ(fact.disposition, Disposition::pass);
    EXPECT_TRUE(fact.is_dkim_aligned);
    EXPECT_FALSE(fact.is_spf_aligned);
    std::vector<std::string> order;
    for (const auto& result : fact.dkim) order.push_back(result.domain + ":" + result.comment);
    EXPECT_THAT(order, ElementsAre("mail.example.org:", "example.org:", "y.example:",
                                   "x.example:because")); // §3.1.3
    EXPECT_EQ(fact.spf->scope, SpfScope::helo);
    EXPECT_EQ(fact.spf->comment, "");
    seen.dmarc.policy = policy::dmarc::Policy::none;
    EXPECT_EQ(fact_now()->disposition, Disposition::none);
}

// RFC 9990 §3.1.6.
TEST(OutgoingReports, SayWhyThePolicyWasNotFollowed) {
    policy::MessageReport seen;
    seen.dmarc.outcome = policy::dmarc::Outcome::fail;
    policy::Decision decision;
    const auto told = [&](std::string_view record, policy::dmarc::Policy asked) -> std::string {
        seen.dmarc.record = record;
        seen.dmarc.policy = asked;
        const auto fact = fact_of({.report = seen, .decision = decision});
        if (!fact) return "nothing";
        std::string out(name_of(fact->disposition));
        for (const auto& reason : fact->reasons) out += "; " + reason.type + " " + reason.comment;
        return out;
    };
    using enum policy::dmarc::Policy;
    EXPECT_EQ(told("v=DMARC1; p=none", none), "none");
    EXPECT_EQ(told("v=DMARC1; p=reject", reject), "none; local_policy ");
    EXPECT_EQ(told("v=DMARC1; p=quarantine; t=y", none), "none; policy_test_mode ");
    decision.overruled_by = "list.example";
    EXPECT_EQ(told("v=DMARC1; p=reject", reject),
              "none; local_policy arc=pass, sealed by list.example");
    decision = {.disposition = policy::Disposition::reject};
    EXPECT_EQ(told("v=DMARC1; p=reject", reject), "reject");
    decision.disposition = policy::Disposition::quarantine;
    EXPECT_EQ(told("v=DMARC1; p=reject; t=y", quarantine), "quarantine; policy_test_mode ");
    decision.disposition = policy::Disposition::defer;
    EXPECT_EQ(told("v=DMARC1; p=reject", reject), "nothing");
    decision.disposition = policy::Disposition::accept;
    seen.dmarc.outcome = policy::dmarc::Outcome::temperror;
    EXPECT_EQ(told("v=DMARC1; p=reject", reject), "nothing");
}

std::vector<std::string> destinations(std::string_view record) {
    std::vector<std::string> out;
    for (const auto& destination : destinations_of(record))
        out.push_back(
            destination.address.format() +
            (destination.most_octets ? " " + std::to_string(*destination.most_octets) : ""));
    return out;
}

TEST(ReportDestinations, AreReadWithTheirSizes) {
    EXPECT_THAT(destinations("v=DMARC1; p=none; rua=mailto:a@a.example!10m , MAILTO:b@B.example"),
                ElementsAre("a@a.example 10485760", "b@b.example"));
    EXPECT_THAT(destinations("v=DMARC1; rua=mailto:a@a.example!5,mailto:b@a.example!2K,"
                             "mailto:c@a.example!1g,mailto:d@a.example!1t"),
                ElementsAre("a@a.example 5", "b@a.example 2048", "c@a.example 1073741824",
                            "d@a.example 1099511627776"));
    EXPECT_THAT(destinations("v=DMARC1; rua=mailto:a%2Bb@a.example?subject=x"),
                ElementsAre("a+b@a.example"));
    EXPECT_THAT(destinations("v=DMARC1; rua=https://a.example/r,mailto:,mailto:a,mailto:a@[::1],"
                             "mailto:a@a.example!x,mailto:a@a.example!1mm,mailto:%4@a.example"),
                IsEmpty());
    EXPECT_THAT(destinations("v=DMARC1; rua=mailto:a@a.example,mailto:a@A.example"),
                ElementsAre("a@a.example"));
    EXPECT_THAT(destinations("v=DMARC1; ruf=mailto:a@a.example"), IsEmpty());
    EXPECT_THAT(destinations("rua=mailto:a@a.example"), IsEmpty());
    std::string many = "v=DMARC1; rua=";
    for (int i = 0; i < 20; ++i) many += "mailto:" + std::to_string(i) + "@a.example,";
    EXPECT_THAT(destinations(many), SizeIs(kMaxDestinations));
}

class ReportVerification : public testing::Test {
protected:
    // The addresses that may get a report of blue.example.com, then what else is to be said.
    std::string verify(std::string_view uris) {
        const auto verified = run_task(verify_destinations(
            dns, "blue.example.com", destinations_of("v=DMARC1; rua=" + std::string(uris))));
        std::string out;
        for (const auto& destination : verified.allowed) out += destination.address.format() + ";";
        for (const auto& address : verified.refused) out += "refused " + address + ";";
        return out + (verified.is_undecided ? "undecided" : "");
    }
    MemoryResolver dns;
};

// RFC 9990 §4 with its own example.
TEST_F(ReportVerification, AsksOtherOrganizations) {
    EXPECT_EQ(verify("mailto:a@blue.example.com"), "a@blue.example.com;");
    EXPECT_EQ(verify("mailto:reports@red.example.net"), "refused reports@red.example.net;");
    dns.add_txt("blue.example.com._report._dmarc.red.example.net", "v=DMARC1");
    EXPECT_EQ(verify("mailto:reports@red.example.net"), "reports@red.example.net;");
}

TEST_F(ReportVerification, TakesOneOrganizationForOne) {
    dns.add_txt("_dmarc.example.com", "v=DMARC1; p=none");
    EXPECT_EQ(verify("mailto:a@example.com,mailto:b@red.example.com,mailto:c@example.net"),
              "a@example.com;b@red.example.com;refused c@example.net;");
}

TEST_F(ReportVerification, TakesAnswersForRecordsOnly) {
    const std::string name = "blue.example.com._report._dmarc.red.example.net";
    dns.add_txt(name, "v=spf1 -all");
    EXPECT_EQ(verify("mailto:a@red.example.net"), "refused a@red.example.net;");
    dns.fail(name);
    EXPECT_EQ(verify("mailto:a@red.example.net"), "undecided");
}

TEST_F(ReportVerification, FollowsAnotherAddressAtTheSameHost) {
    const std::string name = "blue.example.com._report._dmarc.red.example.net";
    dns.add_txt(name, "v=DMARC1; rua=mailto:b@red.example.net!1k");
    EXPECT_EQ(verify("mailto:a@red.example.net"), "b@red.example.net;");
    MemoryResolver other;
    other.add_txt(name, "v=DMARC1; rua=mailto:b@victim.example");
    std::swap(dns, other);
    EXPECT_EQ(verify("mailto:a@red.example.net"), "refused a@red.example.net;");
}

TEST_F(ReportVerification, AllowsNoMoreHoweverManyAreNamedInstead) {
    std::string uris;
    std::string want;
    for (const std::string host : {"a.example", "b.example"}) {
        std::string record = "v=DMARC1; rua=";
        for (int i = 0; i < 4; ++i) record += "mailto:" + std::to_string(i) + "@" + host + ",";
        dns.add_txt("blue.example.com._report._dmarc." + host, record);
        uris += "mailto:d@" + host + ",";
    }
    for (int i = 0; i < 4; ++i) want += std::to_string(i) + "@a.example;";
    EXPECT_EQ(verify(uris), want + "0@b.example;");
}

TEST(ReportMail, IsReadAgain) {
    Aggregator aggregator(reporter(), kDay);
    aggregator.add(fact_from("192.0.2.1"));
    const auto reports = aggregator.reports();
    const auto to = mail::parse_address("dmarc@example.org", mail::Utf8::refused).value();
    const auto date = from_unix_seconds(1'700'100'000);
    const auto packed = pack_report(reports[0].report);
    const auto mail = format_report_mail(packed, reporter(), to, date);
    EXPECT_EQ(mail, format_report_mail(packed, reporter(), to, date));
    const auto found = reports_in_message(mail);
    ASSERT_THAT(found.aggregate, SizeIs(1));
    EXPECT_EQ(found.aggregate[0], reports[0].report);
    EXPECT_THAT(mail, HasSubstr("\r\nTo: <dmarc@example.org>\r\n"));
    EXPECT_THAT(mail, HasSubstr("\r\nSubject: Report Domain: example.org\r\n Submitter: "
                                "mail.receiver.example\r\n Report-ID: "
                                "<1700006400.example.org@mail.receiver.example>\r\n"));
    EXPECT_THAT(mail, HasSubstr("\r\nContent-Type: application/gzip\r\n"));
    EXPECT_THAT(mail, HasSubstr("filename=\"mail.receiver.example!example.org!1700006400!"
                                "1700092799.xml.gz\"\r\n"));
    std::string_view rest = mail;
    while (!rest.empty()) {
        const auto end = rest.find("\r\n");
        ASSERT_NE(end, rest.npos);
        EXPECT_LE(end, 100U);
        rest.remove_prefix(end + 2);
    }
}

TEST(ReportMail, HoldsNoFieldOfAStranger) {
    const PackedReport report{.domain = "a\r\nBcc: b", .id = "1.a\r\nBcc: b@x", .gzip = {}};
    const auto to = mail::parse_address("dmarc@example.org", mail::Utf8::refused).value();
    const auto mail = format_report_mail(report, reporter(), to, kDay.begin);
    EXPECT_THAT(mail, testing::Not(HasSubstr("\nBcc")));
}

} // namespace
} // namespace maild::report
