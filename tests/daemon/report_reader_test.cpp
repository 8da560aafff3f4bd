// The mailbox of reports, read page by page in a worker.
#include "daemon/report_reader.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/report/aggregate.hpp"
#include "maild/store/memory_store.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using maild::test::run_task;

class ReportReading : public testing::Test {
protected:
    void deliver(const std::string& content) {
        store::DeliverRequest request;
        request.message.content = content;
        request.local.push_back({.grant = store.grant(kAccount, auth::Right::deliver),
                                 .mailbox = "INBOX",
                                 .flags = {},
                                 .address = "dmarc@example.org",
                                 .trace_prefix = "Return-Path: <>\r\n"});
        request.internal_date = clock.now();
        const auto done = run_task(store.deliver(std::move(request)));
        ASSERT_TRUE(done && done->local.at(0));
    }
    static std::string report(const std::string& id) {
        report::AggregateReport report;
        report.report_id = id;
        report.policy.domain = "example.org";
        return "Content-Type: text/xml\r\n\r\n" + format_aggregate(report);
    }
    Result<ReportPage> read(Uid after = {}, WallTime since = {}) {
        ReportReader reader(store);
        return run_task(reader.read({.grant = store.grant(kAccount, auth::Right::access),
                                     .after = after,
                                     .since = since,
                                     .kind = kind}));
    }
    static std::string id_of(const std::string& text) {
        return report::parse_aggregate(text).value().report_id;
    }

    static constexpr AccountId kAccount{7};
    test::FakeClock clock;
    store::MemoryStore store{clock};
    ReportKind kind = ReportKind::dmarc;
};

TEST_F(ReportReading, FindsReportsAndPassesOverLetters) {
    deliver(report("1"));
    deliver("Subject: hello\r\n\r\nNo report.\r\n");
    deliver("Content-Type: application/json\r\n\r\n{\"report-id\":\"3\",\"policies\":[]}\r\n");
    deliver("Content-Type: text/xml\r\n\r\n<html/>\r\n");
    const auto page = read().value();
    ASSERT_EQ(page.reports.size(), 1U);
    EXPECT_EQ(id_of(page.reports[0]), "1");
    EXPECT_EQ(page.messages, 4U);
    EXPECT_EQ(page.problems, std::vector<std::string>{"UID 4: text/xml: XML, but no DMARC report"});
    EXPECT_FALSE(page.next);
    kind = ReportKind::tls;
    EXPECT_EQ(read().value().reports.size(), 1U);
}

TEST_F(ReportReading, GoesOnFromPageToPage) {
    for (std::size_t i = 0; i < kPageMessages + 5; ++i) deliver(report(std::to_string(i)));
    const auto first = read().value();
    EXPECT_EQ(first.reports.size(), kPageMessages);
    ASSERT_EQ(first.next, Uid(kPageMessages));
    const auto second = read(*first.next).value();
    ASSERT_EQ(second.reports.size(), 5U);
    EXPECT_EQ(id_of(second.reports[4]), std::to_string(kPageMessages + 4));
    EXPECT_FALSE(second.next);
    EXPECT_EQ(read(Uid(UINT32_MAX)).value().messages, 0U);
}

TEST_F(ReportReading, ReadsNoMessageThatCameBefore) {
    deliver(report("old"));
    clock.advance(std::chrono::hours(72));
    deliver(report("new"));
    const auto page = read({}, clock.now()).value();
    EXPECT_EQ(page.messages, 1U);
    ASSERT_EQ(page.reports.size(), 1U);
    EXPECT_EQ(id_of(page.reports[0]), "new");
}

TEST_F(ReportReading, EndsAtItsLimits) {
    deliver("Content-Type: text/xml\r\n\r\n" + std::string(kMostReportMail, ' '));
    deliver("Content-Type: text/xml\r\n\r\n<feedback>" + std::string(kMostUnpackedReport, ' ') +
            "</feedback>");
    std::string many = "Content-Type: text/xml\r\n\r\n<feedback>";
    for (std::size_t i = 0; i <= kMostReportRecords; ++i) many += "<record/>\r\n";
    deliver(many + "</feedback>\r\n");
    std::string results = "Content-Type: text/xml\r\n\r\n<feedback><record><auth_results>";
    for (int i = 0; i < 60'000; ++i) results += "<dkim/>\r\n";
    deliver(results + "</auth_results></record></feedback>\r\n");
    const auto page = read().value();
    EXPECT_TRUE(page.reports.empty());
    EXPECT_EQ(page.problems, (std::vector<std::string>{
                                 "UID 1: a message that is too large for a report",
                                 "UID 2: text/xml: it is too large",
                                 "UID 3: a report of too many records",
                                 "UID 4: a report that is too large to be shown from here",
                             }));
}

TEST_F(ReportReading, OpensNothingWithAnotherToken) {
    ReportReader reader(store);
    const auto refused =
        run_task(reader.read({.grant = store.grant(kAccount, auth::Right::deliver)}));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Errc::not_permitted);
}

} // namespace
} // namespace maild::daemon
