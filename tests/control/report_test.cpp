// `mailctl report dmarc` and `report tls` over files.
#include "control/render.hpp"
#include "control/report.hpp"
#include "control/session.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/clock.hpp"

#include <boost/json/array.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace maild::control {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ControlReport : public testing::Test {
protected:
    std::string write(const std::string& name, std::string_view text) {
        const auto path = directory / name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    Reply run(std::string_view command, const std::vector<std::string>& files) {
        session.invocation.command = find_command(command);
        json::array all;
        for (const auto& file : files) all.emplace_back(file);
        session.invocation.arguments["file"] = std::move(all);
        return run_here(session);
    }
    static std::string text_of(const Reply& reply) {
        return reply.result.is_object() ? render_text(*find_command("report dmarc"), reply.result)
                                        : reply.error;
    }
    static report::AggregateReport report_of(std::string id) {
        report::AggregateReport report;
        report.organization = "Receiver";
        report.report_id = std::move(id);
        report.begin = from_unix_seconds(1'700'000'000);
        report.end = from_unix_seconds(1'700'086'399);
        report.policy.domain = "example.org";
        report::AggregateRecord record;
        record.source_ip = "192.0.2.1";
        record.count = 5;
        record.header_from = "example.org";
        record.disposition = report::Disposition::reject;
        report.records.push_back(record);
        record.source_ip = "2001:db8::1";
        record.disposition = report::Disposition::pass;
        record.is_dkim_aligned = record.is_spf_aligned = true;
        report.records.push_back(record);
        return report;
    }

    test::TempDir directory;
    Session session;
};

TEST_F(ControlReport, AddsUpDmarcReports) {
    const auto one = write("1.xml", format_aggregate(report_of("1")));
    const auto mail =
        write("2.eml", "Content-Type: text/xml\n\n" + format_aggregate(report_of("2")));
    const auto reply = run("report dmarc", {one, mail, one});
    EXPECT_EQ(reply.exit, kOk);
    EXPECT_EQ(
        text_of(reply),
        "2 reports of 2023-11-14 to 2023-11-15, 1 more came twice: 20 messages, 10 passed "
        "DMARC\n\n"
        "SOURCE       FROM         MESSAGES  PASSED  DKIM  SPF  QUARANTINED  REJECTED\n"
        "192.0.2.1    example.org  10        0       0     0    0            10\n"
        "2001:db8::1  example.org  10        10      10    10   0            0\n\n"
        "192.0.2.1: neither signs nor stands in SPF: if it is yours, add it to the SPF record "
        "of example.org and sign with DKIM; if not, somebody uses the name, and p=reject "
        "stops it.\n");
    const auto& row = reply.result.at("rows").at(0);
    EXPECT_EQ(row.at("rejected").as_int64(), 10);
    EXPECT_EQ(row.at("reporters").as_array(), json::array{"Receiver"});
    EXPECT_EQ(reply.result.at("duplicates").as_int64(), 1);
}

TEST_F(ControlReport, ChoosesByDomainAndTime) {
    auto recent = report_of("2");
    recent.end = SystemClock().now();
    const std::vector<std::string> files = {write("1.xml", format_aggregate(report_of("1"))),
                                            write("2.xml", format_aggregate(recent))};
    session.invocation.arguments["since"] = "7d";
    EXPECT_EQ(run("report dmarc", files).result.at("reports").as_int64(), 1);
    session.invocation.arguments["domain"] = "Other.example";
    EXPECT_EQ(run("report dmarc", files).result.at("reports").as_int64(), 0);
    session.invocation.arguments["since"] = "soon";
    EXPECT_EQ(run("report dmarc", files).exit, kUsage);
}

TEST_F(ControlReport, SaysWhatItCouldNotRead) {
    const auto letter = write("letter.eml", "Subject: hello\n\nNo report.\n");
    const auto broken = write("broken.xml", "<feedback>");
    const auto reply = run("report dmarc", {letter, broken});
    EXPECT_EQ(reply.exit, kFound);
    EXPECT_THAT(text_of(reply), StartsWith("0 reports: 0 messages, 0 passed DMARC\nnot read: "));
    EXPECT_THAT(text_of(reply), HasSubstr("letter.eml: there is no such report in it\n"));
    EXPECT_THAT(text_of(reply), HasSubstr("broken.xml: the file: XML, line 1: no element found\n"));
    EXPECT_NE(run("report dmarc", {directory / "none"}).exit, kOk);
    session.socket_path = directory / "control.sock";
    EXPECT_EQ(run("report dmarc", {}).exit, kNotReachable); // the daemon's mailbox
}

TEST_F(ControlReport, IsHarmlessWithHostileReports) {
    auto report = report_of("1");
    report.organization = "\xe2\x80\xae\xc2\x9b evil";
    report.records[0].source_ip = "\x7f[31m";
    report.records[0].header_from = "a\xe2\x80\xae.example";
    const auto reply = run("report dmarc", {write("1.xml", format_aggregate(report))});
    EXPECT_THAT(text_of(reply), HasSubstr("\\x7f[31m"));
    EXPECT_THAT(text_of(reply), HasSubstr("a\\xe2\\x80\\xae.example"));
    EXPECT_THAT(text_of(reply), Not(HasSubstr("\xe2\x80\xae")));
    EXPECT_THAT(format_reply(reply), Not(HasSubstr("\xe2\x80\xae")));
}

TEST_F(ControlReport, AddsUpTlsReports) {
    const auto file = write("1.json", R"({"organization-name":"Sender","report-id":"1",
        "date-range":{"start-datetime":"2026-01-01T00:00:00Z","end-datetime":"2026-01-01T23:59:59Z"},
        "policies":[{"policy":{"policy-type":"sts","policy-domain":"example.org"},
        "summary":{"total-successful-session-count":7,"total-failure-session-count":2},
        "failure-details":[{"result-type":"certificate-expired",
        "receiving-mx-hostname":"mx.example.org","failed-session-count":2}]}]})");
    const auto reply = run("report tls", {file});
    EXPECT_EQ(reply.exit, kOk);
    EXPECT_EQ(text_of(reply),
              "1 report of 2026-01-01: 9 sessions, 2 failed\n\n"
              "DOMAIN       POLICY  MX              RESULT               SESSIONS\n"
              "example.org  sts     mx.example.org  certificate-expired  2\n"
              "example.org  sts     -               success              7\n\n"
              "mx.example.org: the certificate has expired: renew it, and look why nothing did\n");
    EXPECT_EQ(reply.result.at("failed").as_int64(), 2);
    EXPECT_EQ(run("report dmarc", {file}).exit, kFound);
}

} // namespace
} // namespace maild::control
