// DMARC aggregate reports, read and written.
#include "maild/report/aggregate.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::report {
namespace {

AggregateReport full_report() {
    AggregateReport report;
    report.organization = "Receiver & Söhne <GmbH>";
    report.email = "dmarc@receiver.example";
    report.extra_contact = "https://receiver.example/dmarc";
    report.report_id = "1.example.org@receiver.example";
    report.begin = from_unix_seconds(1'700'000'000);
    report.end = from_unix_seconds(1'700'086'399);
    report.error = "two records";
    report.generator = "Maild 0.1";
    report.policy = {.domain = "example.org",
                     .policy = policy::dmarc::Policy::reject,
                     .subdomain_policy = policy::dmarc::Policy::quarantine,
                     .absent_policy = policy::dmarc::Policy::none,
                     .dkim_mode = policy::dmarc::AlignmentMode::strict,
                     .spf_mode = policy::dmarc::AlignmentMode::relaxed,
                     .is_testing = false,
                     .discovery = policy::dmarc::Discovery::tree_walk,
                     .failure_options = "1:d"};
    AggregateRecord record;
    record.source_ip = "2001:db8::1";
    record.count = 7;
    record.disposition = Disposition::reject;
    record.reasons = {{"local_policy", "arc=pass"}};
    record.header_from = "mail.example.org";
    record.envelope_from = "bounce.example.net";
    record.envelope_to = "receiver.example";
    record.dkim = {{"example.net", "s1", policy::dkim::Outcome::pass, ""},
                   {"example.org", "s2", policy::dkim::Outcome::fail, "body hash differs"}};
    record.spf = {{"bounce.example.net", SpfScope::mail_from, policy::spf::Outcome::softfail, ""}};
    report.records.push_back(record);
    record = {};
    record.source_ip = "192.0.2.1";
    record.disposition = Disposition::pass;
    record.is_dkim_aligned = true;
    record.header_from = "example.org";
    report.records.push_back(record);
    return report;
}

TEST(AggregateReport, ReadsWhatItWrites) {
    const auto report = full_report();
    const auto xml = format_aggregate(report);
    const auto again = parse_aggregate(xml);
    ASSERT_TRUE(again) << again.error().internal;
    EXPECT_EQ(*again, report);
    EXPECT_EQ(format_aggregate(*again), xml);
}

// The order that RFC 9990 §3.1.1 and its schema fix, and nothing that is not said.
TEST(AggregateReport, WritesTheSchemasOrder) {
    auto report = full_report();
    report.records.erase(report.records.begin());
    report.organization = "R";
    report.error.clear();
    EXPECT_EQ(format_aggregate(report), R"(<?xml version="1.0" encoding="UTF-8"?>
<feedback xmlns="urn:ietf:params:xml:ns:dmarc-2.0">
  <version>1.0</version>
  <report_metadata>
    <org_name>R</org_name>
    <email>dmarc@receiver.example</email>
    <extra_contact_info>https://receiver.example/dmarc</extra_contact_info>
    <report_id>1.example.org@receiver.example</report_id>
    <date_range>
      <begin>1700000000</begin>
      <end>1700086399</end>
    </date_range>
    <generator>Maild 0.1</generator>
  </report_metadata>
  <policy_published>
    <domain>example.org</domain>
    <discovery_method>treewalk</discovery_method>
    <p>reject</p>
    <sp>quarantine</sp>
    <np>none</np>
    <fo>1:d</fo>
    <adkim>s</adkim>
    <aspf>r</aspf>
    <testing>n</testing>
  </policy_published>
  <record>
    <row>
      <source_ip>192.0.2.1</source_ip>
      <count>1</count>
      <policy_evaluated>
        <disposition>pass</disposition>
        <dkim>pass</dkim>
        <spf>fail</spf>
      </policy_evaluated>
    </row>
    <identifiers>
      <header_from>example.org</header_from>
    </identifiers>
    <auth_results>
    </auth_results>
  </record>
</feedback>
)");
}

std::string with_record(std::string_view inside) {
    return "<feedback><policy_published><domain>Example.ORG.</domain></policy_published><record>" +
           std::string(inside) + "</record></feedback>";
}

AggregateRecord record_of(std::string_view inside) {
    const auto report = parse_aggregate(with_record(inside));
    if (!report) {
        ADD_FAILURE() << report.error().internal;
        return {};
    }
    EXPECT_EQ(report->policy.domain, "example.org");
    return report->records.at(0);
}

// What senders make of it: each case is one of theirs.
TEST(AggregateReport, ReadsSloppyRecords) {
    const auto count = [](std::string_view text) {
        return record_of("<row><count>" + std::string(text) + "</count></row>").count;
    };
    EXPECT_EQ(count("12"), 12U);
    EXPECT_EQ(count(" 12\n"), 12U);
    EXPECT_EQ(count(""), 1U);
    EXPECT_EQ(count("-3"), 1U);
    EXPECT_EQ(count("99999999999999999999999"), 1U);
    EXPECT_EQ(record_of("").count, 1U);

    const auto source = [](std::string_view text) {
        return record_of("<row><source_ip>" + std::string(text) + "</source_ip></row>").source_ip;
    };
    EXPECT_EQ(source("2001:DB8:0:0:0:0:0:1"), "2001:db8::1");
    EXPECT_EQ(source("\n 192.0.2.1 "), "192.0.2.1");
    EXPECT_EQ(source("unknown"), "unknown");

    const auto spf = [](std::string_view word) {
        const auto record = record_of("<auth_results><spf><domain>a.example</domain><result>" +
                                      std::string(word) + "</result></spf></auth_results>");
        return policy::spf::name_of(record.spf.at(0).outcome);
    };
    EXPECT_EQ(spf("Pass"), "pass");
    EXPECT_EQ(spf("unknown"), "temperror");
    EXPECT_EQ(spf("error"), "permerror");
    EXPECT_EQ(spf("hardfail"), "fail");
    EXPECT_EQ(spf("so-so"), "none");

    const auto evaluated = record_of("<row><policy_evaluated><spf>PASS</spf><disposition>Reject"
                                     "</disposition><dkim>none</dkim></policy_evaluated></row>");
    EXPECT_TRUE(evaluated.is_spf_aligned);
    EXPECT_FALSE(evaluated.is_dkim_aligned);
    EXPECT_EQ(evaluated.disposition, Disposition::reject);
    EXPECT_EQ(
        record_of("<identities><header_from>B.example</header_from></identities>").header_from,
        "b.example");
    EXPECT_EQ(record_of("<x><dkim/></x><auth_results><dkim/><other/></auth_results>").dkim.size(),
              1U);
}

TEST(AggregateReport, ReadsNamespacesAndPrefixes) {
    const auto report = parse_aggregate(
        "\xef\xbb\xbf\r\n<?xml version='1.0'?>\n<ns1:feedback "
        "xmlns:ns1='http://dmarc.org/dmarc-xml/"
        "0.1'><ns1:report_metadata><ns1:org_name>A&amp;B\n  C</ns1:org_name>"
        "<date_range><begin>1.5</begin><end>x</end></date_range>"
        "<error>one</error><error>two</error></ns1:report_metadata>"
        "<ns1:policy_published><ns1:domain><![CDATA[a.example]]></ns1:domain><p>reject</p><pct>50"
        "</pct></ns1:policy_published></ns1:feedback>\n\nthanks <");
    ASSERT_TRUE(report) << report.error().internal;
    EXPECT_EQ(report->organization, "A&B C");
    EXPECT_EQ(to_unix_seconds(report->begin), 1);
    EXPECT_EQ(to_unix_seconds(report->end), 0);
    EXPECT_EQ(report->error, "one; two");
    EXPECT_EQ(report->policy.domain, "a.example");
    EXPECT_EQ(report->policy.policy, policy::dmarc::Policy::reject);
    EXPECT_FALSE(report->policy.subdomain_policy);
}

TEST(AggregateReport, RefusesWhatIsNone) {
    const auto error_of = [](std::string_view xml) {
        const auto report = parse_aggregate(xml);
        return report ? "" : report.error().internal;
    };
    EXPECT_EQ(error_of("<html><p>a.example</p></html>"), "XML, but no DMARC report");
    EXPECT_EQ(error_of("<feedback/>"), "a DMARC report of no domain, without a record");
    EXPECT_EQ(error_of("<feedback><record></row></feedback>"), "XML, line 1: mismatched tag");
    EXPECT_EQ(error_of("<feedback><record>"), "XML, line 1: no element found");
    EXPECT_EQ(error_of(""), "XML, line 1: no element found");
    EXPECT_EQ(error_of("<feedback>&nbsp;</feedback>"), "XML, line 1: undefined entity");
}

TEST(AggregateReport, EndsAtItsLimits) {
    const auto error_of = [](const std::string& xml) {
        const auto report = parse_aggregate(xml);
        return report ? Errc::internal : report.error().code;
    };
    std::string records = "<feedback>";
    for (std::size_t i = 0; i <= kMaxRecords; ++i) records += "<record/>";
    EXPECT_EQ(error_of(records + "</feedback>"), Errc::too_large);
    std::string results = "<feedback><record><auth_results>";
    for (std::size_t i = 0; i <= kMaxResults; ++i) results += "<spf/>";
    EXPECT_EQ(error_of(results + "</auth_results></record></feedback>"), Errc::too_large);
    EXPECT_EQ(error_of("<feedback>" + std::string(kMaxReport, ' ') + "</feedback>"),
              Errc::too_large);
    const auto long_text =
        parse_aggregate("<feedback><report_metadata><org_name>" + std::string(3 * kMaxText, 'x') +
                        "</org_name>"
                        "</report_metadata><policy_published><domain>a.example</domain></"
                        "policy_published></feedback>");
    ASSERT_TRUE(long_text);
    EXPECT_LT(long_text->organization.size(), kMaxText);
    EXPECT_GT(long_text->organization.size(), kMaxText - 10);
}

TEST(AggregateReport, WritesNoOctetThatXmlCannotHold) {
    AggregateReport report;
    report.policy.domain = "a.example";
    report.organization = std::string("\x01 a\r\nb\xff\xef\xbf\xbe\x80]]>", 13);
    const auto again = parse_aggregate(format_aggregate(report));
    ASSERT_TRUE(again) << again.error().internal;
    EXPECT_TRUE(again->organization.starts_with("a b\xef\xbf\xbd")) << again->organization;
}

} // namespace
} // namespace maild::report
