// What many reports say together.
#include "maild/report/summary.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::report {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

AggregateReport report_of(std::string id, std::vector<AggregateRecord> records) {
    AggregateReport report;
    report.organization = "Receiver";
    report.report_id = std::move(id);
    report.begin = from_unix_seconds(1000);
    report.end = from_unix_seconds(2000);
    report.policy.domain = "a.example";
    report.records = std::move(records);
    return report;
}

AggregateRecord record_of(std::string source, std::uint64_t count, bool dkim, bool spf) {
    AggregateRecord record;
    record.source_ip = std::move(source);
    record.count = count;
    record.is_dkim_aligned = dkim;
    record.is_spf_aligned = spf;
    record.header_from = "a.example";
    return record;
}

TEST(DmarcSummary, AddsUpBySource) {
    DmarcSummary summary;
    auto rejected = record_of("192.0.2.2", 5, false, false);
    rejected.disposition = Disposition::reject;
    summary.add(report_of("1", {record_of("192.0.2.1", 100, true, true), rejected}));
    summary.add(report_of("2", {record_of("192.0.2.1", 1, false, true)}));
    summary.add(report_of("2", {record_of("192.0.2.1", 1, false, true)})); // once more
    EXPECT_EQ(summary.reports(), 2U);
    EXPECT_EQ(summary.duplicates(), 1U);
    EXPECT_EQ(to_unix_seconds(summary.begin()), 1000);
    EXPECT_EQ(to_unix_seconds(summary.end()), 2000);
    const auto keys = summary.keys();
    ASSERT_EQ(keys.size(), 2U);
    EXPECT_EQ(keys[0].first, "192.0.2.2"); // what fails stands first
    const auto& good = summary.sources().at(keys[1]);
    EXPECT_EQ(good.messages, 101U);
    EXPECT_EQ(good.passed, 101U);
    EXPECT_EQ(good.dkim_aligned, 100U);
    EXPECT_EQ(good.spf_aligned, 101U);
    EXPECT_EQ(summary.sources().at(keys[0]).rejected, 5U);
    EXPECT_EQ(good.reporters, std::set<std::string>{"Receiver"});
}

TEST(DmarcSummary, ChoosesByDomainAndTime) {
    DmarcSummary other({.domain = "b.example"});
    other.add(report_of("1", {record_of("192.0.2.1", 1, true, true)}));
    EXPECT_EQ(other.reports(), 0U);
    DmarcSummary later({.since = from_unix_seconds(2001)});
    later.add(report_of("1", {record_of("192.0.2.1", 1, true, true)}));
    EXPECT_EQ(later.reports(), 0U);
    DmarcSummary same({.domain = "a.example", .since = from_unix_seconds(2000)});
    same.add(report_of("1", {record_of("192.0.2.1", 1, true, true)}));
    EXPECT_EQ(same.reports(), 1U);
}

TEST(DmarcSummary, DoesNotOverflowOrGrow) {
    DmarcSummary summary;
    std::vector<AggregateRecord> records;
    for (int i = 0; i < 100; ++i) {
        records.push_back(record_of("192.0.2.1", UINT64_MAX / 2, false, false));
        records.back().dkim = {
            {std::to_string(i) + ".example", "s", policy::dkim::Outcome::pass, ""}};
    }
    summary.add(report_of("1", std::move(records)));
    const auto& source = summary.sources().begin()->second;
    EXPECT_EQ(source.messages, UINT64_MAX);
    EXPECT_EQ(source.signers.size(), kMaxNames);
}

TEST(DmarcSummary, Advises) {
    const auto advice = [](AggregateRecord record) {
        DmarcSummary summary;
        summary.add(report_of("1", {std::move(record)}));
        return advice_for(summary.sources().begin()->second, "a.example");
    };
    EXPECT_EQ(advice(record_of("192.0.2.1", 1, true, true)), "good.");
    EXPECT_THAT(advice(record_of("192.0.2.1", 1, true, false)), StartsWith("passes by DKIM alone"));
    EXPECT_THAT(advice(record_of("192.0.2.1", 1, false, true)), StartsWith("passes by SPF alone"));
    auto failed = record_of("192.0.2.1", 1, false, false);
    EXPECT_THAT(advice(failed), HasSubstr("add it to the SPF record of a.example"));
    failed.spf = {{"esp.example", SpfScope::mail_from, policy::spf::Outcome::pass, ""}};
    EXPECT_THAT(advice(failed), StartsWith("passes SPF as esp.example"));
    failed.dkim = {{"esp.example", "s", policy::dkim::Outcome::pass, ""}};
    EXPECT_THAT(advice(failed), StartsWith("signs as esp.example"));
    failed.reasons = {{"mailing_list", ""}};
    EXPECT_THAT(advice(failed), HasSubstr("nothing to do"));

    DmarcSummary mixed;
    mixed.add(report_of(
        "1", {record_of("192.0.2.1", 1, true, true), record_of("192.0.2.1", 1, false, false)}));
    EXPECT_THAT(advice_for(mixed.sources().begin()->second, ""), HasSubstr("with your domain"));
}

TEST(TlsSummary, AddsUpFailures) {
    TlsReport report;
    report.organization = "Sender";
    report.report_id = "1";
    report.end = from_unix_seconds(2000);
    TlsPolicyReport policy;
    policy.type = "sts";
    policy.domain = "a.example";
    policy.successful_sessions = 50;
    policy.failed_sessions = 10;
    policy.failures = {{.result_type = "certificate-expired",
                        .receiving_mx_hostname = "MX1.a.example",
                        .sessions = 6,
                        .failure_reason_code = "10"},
                       {.result_type = "certificate-expired",
                        .receiving_mx_hostname = "mx1.a.example",
                        .sessions = 1}};
    report.policies = {policy};
    TlsSummary summary;
    summary.add(report);
    summary.add(report);
    EXPECT_EQ(summary.reports(), 1U);
    EXPECT_EQ(summary.duplicates(), 1U);
    const auto keys = summary.keys();
    ASSERT_EQ(keys.size(), 3U);
    EXPECT_EQ(keys[0], (TlsKey{"a.example", "sts", "mx1.a.example", "certificate-expired"}));
    EXPECT_EQ(summary.lines().at(keys[0]).sessions, 7U);
    EXPECT_EQ(summary.lines().at(keys[0]).details, std::set<std::string>{"10"});
    EXPECT_EQ(keys[1].result_type, "unsaid");
    EXPECT_EQ(summary.lines().at(keys[1]).sessions, 3U);
    EXPECT_EQ(summary.lines().at(keys[2]).sessions, 50U);

    TlsSummary other({.domain = "b.example"});
    other.add(report);
    EXPECT_EQ(other.reports(), 0U);
}

} // namespace
} // namespace maild::report
