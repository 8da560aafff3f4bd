// A day's reports, with a trace and a worker of this test's own at the other ends of the lines.
#include "daemon/fake_context.hpp"
#include "daemon/report_schedule.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/ipc/server.hpp"
#include "maild/net/sockets.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/memory_store.hpp"
#include "maild/trace/messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

const UtcDay kDay = parse_day("2026-11-28").value();

class DayReportsTest : public testing::Test {
protected:
    using Handler = ipc::Server::Handler;

    DayReportsTest() {
        log::to_nowhere();
        auto& config = context_.settings;
        config.hostname = "mx.example.org";
        config.reports.from = "postmaster@example.org";
        config.reports.organization = "Example";
        (void)test::run_task(directory_.add_domain("example.org"));
        connect(trace_, trace_server_, ipc::PeerRole::control);
        workers_[0] = std::make_unique<ipc::Client>(io_, "worker");
        connect(*workers_[0], worker_server_, ipc::PeerRole::control);
    }

    static void connect(ipc::Client& client, ipc::Server& server, ipc::PeerRole role) {
        auto pair = net::socket_pair();
        server.attach(std::move(pair->first), role, 0);
        client.attach(std::move(pair->second));
    }

    void add(const std::string& domain, const std::string& recipient = "ada@example.org") {
        trace::Record record;
        record.time = WallTime(kDay) + std::chrono::hours(1);
        record.client_address = "192.0.2.1";
        record.reverse_path = "a@" + domain;
        record.reply = "250 Ok";
        record.add({.forward_path = recipient, .is_accepted = true});
        record.dmarc = trace::DmarcFact{.author = domain,
                                        .record_domain = domain,
                                        .record = "v=DMARC1; p=none; rua=mailto:d@" + domain,
                                        .disposition = "none"};
        records_.push_back(trace::format_record(record));
    }

    void add_tls(const std::string& domain, std::uint64_t sessions) {
        trace::Record record;
        record.time = WallTime(kDay) + std::chrono::hours(1);
        record.service = "tls";
        record.tls_session = trace::TlsFact{.domain = domain,
                                            .policy_type = "no-policy-found",
                                            .policy_domain = domain,
                                            .result = "success",
                                            .sessions = sessions};
        records_.push_back(trace::format_record(record));
    }

    net::Task<void> answer_trace(std::shared_ptr<ipc::Connection> connection,
                                 ipc::Request request) {
        if (request.type == kSentCopies) {
            const Result<SentCopies> sent = SentCopies{.day = 0, .copies = sent_};
            connection->answer(request.id, sent);
        } else if (request.type == kNoteSent) {
            const auto noted = ipc::decode<SentCopies>(request.payload).value();
            EXPECT_EQ(noted.kind, kind_);
            EXPECT_EQ(noted.day, kDay.time_since_epoch().count());
            if (keeps_notes_) sent_.insert(sent_.end(), noted.copies.begin(), noted.copies.end());
            const Result<ipc::Nothing> done{};
            connection->answer(request.id, done);
        } else if (request.type == kReportedDay) {
            if (const auto meanwhile = std::exchange(while_day_is_asked_, {})) meanwhile();
            const Result<ReportedDay> day = ReportedDay{.kind = kind_, .day = reported_};
            connection->answer(request.id, day);
        } else if (request.type == kSetReportedDay) {
            reported_ = ipc::decode<ReportedDay>(request.payload)->day.value();
            const Result<ipc::Nothing> done{};
            connection->answer(request.id, done);
        } else {
            const auto asked = ipc::decode<trace::SearchRequest>(request.payload).value();
            connection->answer(request.id, page_of(asked));
        }
        co_return;
    }
    // Two records a page, the last first.
    Result<trace::SearchPage> page_of(const trace::SearchRequest& asked) {
        if (!has_traces_) return fail(Errc::io, "the disk is gone");
        EXPECT_EQ(asked.query.since, WallTime(kDay));
        EXPECT_EQ(asked.query.before, WallTime(kDay + std::chrono::days(1)));
        EXPECT_EQ(asked.query.has_dmarc, kind_ == ReportKind::dmarc);
        EXPECT_EQ(asked.query.has_tls, kind_ == ReportKind::tls);
        trace::SearchPage page;
        auto number = std::min<std::uint64_t>(asked.range.before, records_.size());
        for (; number > 0 && page.found.size() < 2; --number)
            page.found.push_back({number - 1, records_[number - 1]});
        if (number > 0) page.next = number;
        return page;
    }

    net::Task<void> answer_worker(std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request) {
        const auto asked = ipc::decode<SendReport>(request.payload).value();
        const auto& domain = asked.report.domain;
        EXPECT_EQ(asked.kind, kind_);
        asked_.push_back(domain);
        if (deaths_.erase(domain) > 0) {
            connection->close();
            connect(*workers_[0], worker_server_, ipc::PeerRole::control);
            co_return;
        }
        Result<ReportFate> fate = ReportFate{};
        const auto to = "d@" + domain;
        const bool is_known = std::ranges::find(asked.known, to) != asked.known.end();
        if (has_signer_)
            fate->copies.push_back({to, is_known ? CopyFate::known : CopyFate::sent, "x"});
        else
            fate = fail(Errc::cannot, "no key");
        if (refused_.contains(domain)) fate = ReportFate{{{to, CopyFate::refused, "x"}}, false};
        if (silent_.contains(domain)) fate = ReportFate{};
        if (told_) fate = *told_;
        if (undecided_.erase(domain) > 0) *fate = {.copies = {}, .is_undecided = true};
        if (!is_known && fate && !fate->copies.empty() && !refused_.contains(domain) &&
            !asked.is_dry_run && !fate->is_undecided)
            ++stored_[domain];
        if (slow_.contains(domain)) co_await net::sleep_for(std::chrono::milliseconds(100));
        connection->answer(request.id, fate);
    }

    std::shared_ptr<DayReports> reports(bool is_dry_run = false) {
        return std::make_shared<DayReports>(reach(), kind_, kDay, is_dry_run);
    }
    ReportReach reach() { return {context_, directory_, store_, trace_, workers_, troubles_}; }
    // Whose pauses are short; the day is due.
    ReportSchedule schedule() {
        context_.settings.reports.sends = true;
        clock_.set_wall(WallTime(kDay) + std::chrono::hours(36));
        const std::chrono::milliseconds pause(20);
        return {reach(), kind_, clock_, {.look = pause, .until_next = {pause, pause, pause}}};
    }
    void run_until(const std::function<bool()>& is_done) {
        io_.restart();
        while (!is_done()) io_.run_one();
    }
    bool is_reported() const { return reported_ == kDay.time_since_epoch().count(); }
    void run(net::Task<void> task) {
        bool is_done = false;
        boost::asio::co_spawn(io_.get_executor(), std::move(task),
                              [&](std::exception_ptr) { is_done = true; });
        io_.restart();
        while (!is_done) io_.run_one();
    }
    // "a.example d@a.example sent"
    static std::vector<std::string> lines(const DayReports& reports) {
        std::vector<std::string> out;
        for (const auto& line : reports.lines())
            out.push_back(line.domain + " " + line.to + " " + line.fate);
        return out;
    }

    boost::asio::io_context io_{1};
    FakeContext context_{io_};
    test::FakeClock clock_;
    test::SeededRandom random_{1};
    directory::MemoryDirectory directory_{auth::TokenKey(std::string(32, 'k')), clock_, random_};
    store::MemoryStore store_{clock_};
    ipc::Client trace_{io_, "trace"};
    ipc::Server trace_server_{io_, "trace", [this](auto connection, auto request) {
                                  return answer_trace(std::move(connection), std::move(request));
                              }};
    WorkerLines workers_;
    std::map<std::string, std::string> troubles_;
    ReportKind kind_ = ReportKind::dmarc;
    ipc::Server worker_server_{io_, "worker", [this](auto connection, auto request) {
                                   return answer_worker(std::move(connection), std::move(request));
                               }};
    std::vector<std::string> records_;
    std::vector<SentCopy> sent_;
    std::map<std::string, int> stored_;
    std::vector<std::string> asked_;
    std::set<std::string> deaths_;    // domains whose worker dies, once
    std::set<std::string> undecided_; // for whom the DNS is silent, once
    std::set<std::string> silent_;    // who wants no report
    std::set<std::string> refused_;   // where the destination has not agreed
    std::set<std::string> slow_;      // whose worker takes longer than the schedule's pauses
    std::optional<ReportFate> told_;  // by the worker, whatever is so
    std::optional<std::int64_t> reported_ = kDay.time_since_epoch().count() - 1;
    std::function<void()> while_day_is_asked_; // once
    bool has_traces_ = true;
    bool has_signer_ = true;
    bool keeps_notes_ = true;
};

TEST_F(DayReportsTest, GoToWhoSentMailAndWantsThem) {
    for (const auto* domain : {"b.example", "a.example", "b.example", "mail.example.org"})
        add(domain);
    add("a.example", "postmaster@example.org"); // a report that came here
    const auto day = reports();
    run(DayReports::carry_out(day));
    EXPECT_FALSE(day->trouble());
    EXPECT_TRUE(day->is_over() && !day->has_open());
    EXPECT_THAT(lines(*day),
                UnorderedElementsAre("b.example d@b.example sent", "a.example d@a.example sent"));
    EXPECT_EQ(day->lines()[0].messages + day->lines()[1].messages, 3U);
    EXPECT_THAT(sent_, UnorderedElementsAre(SentCopy("a.example", "d@a.example"),
                                            SentCopy("b.example", "d@b.example")));
}

TEST_F(DayReportsTest, GoOutOnceHoweverOftenTheDayIsBegun) {
    for (int i = 0; i < 20; ++i) add("d" + std::to_string(i) + ".example");
    run(DayReports::carry_out(reports()));
    const auto again = reports();
    run(DayReports::carry_out(again));
    EXPECT_EQ(stored_.size(), 20U);
    for (const auto& [domain, times] : stored_) EXPECT_EQ(times, 1) << domain;
    EXPECT_THAT(lines(*again), testing::Each(testing::EndsWith(" sent before")));
}

// Somebody died between the commit and the log of copies.
TEST_F(DayReportsTest, AreNotSentOnceMoreWhileTheyLieInTheQueue) {
    const auto put = [&](const std::string& envelope_id, const std::string& recipient) {
        store::DeliverRequest request{{"Subject: x\r\n\r\n", {}}, {}, std::nullopt, clock_.now()};
        request.relay.emplace();
        request.relay->grant = store_.grant(AccountId(1), auth::Right::deliver);
        request.relay->envelope.envelope_id = envelope_id;
        request.relay->envelope.recipients.push_back({recipient, {}, {}});
        ASSERT_TRUE(test::run_task(store_.deliver(std::move(request))));
    };
    const auto begin = std::to_string(to_unix_seconds(WallTime(kDay)));
    put(begin + ".a.example@mx.example.org", "d@a.example");
    put("1.b.example@mx.example.org", "d@b.example"); // of another day
    put(begin + ".c.example@mx.elsewhere.example", "d@c.example");
    put(begin + ".@mx.example.org", "d@c.example");
    for (const auto* domain : {"a.example", "b.example", "c.example"}) add(domain);
    const auto day = reports();
    run(DayReports::carry_out(day));
    EXPECT_THAT(lines(*day),
                UnorderedElementsAre("a.example d@a.example sent before",
                                     "b.example d@b.example sent", "c.example d@c.example sent"));
}

TEST_F(DayReportsTest, DryOnesLeaveNothing) {
    add("a.example");
    const auto day = reports(true);
    run(DayReports::carry_out(day));
    EXPECT_THAT(lines(*day), ElementsAre("a.example d@a.example would be sent"));
    EXPECT_THAT(sent_, IsEmpty());
    EXPECT_THAT(stored_, IsEmpty());
}

TEST_F(DayReportsTest, AreTriedAgainWhereAWorkerDied) {
    for (int i = 0; i < 20; ++i) add("d" + std::to_string(i) + ".example");
    deaths_ = {"d3.example"}; // and what is under way on that line
    const auto day = reports();
    run(DayReports::carry_out(day));
    EXPECT_FALSE(day->trouble());
    EXPECT_FALSE(day->has_open());
    EXPECT_EQ(stored_.size(), 20U);
}

TEST_F(DayReportsTest, WaitForTheDns) {
    add("a.example");
    add("b.example");
    undecided_ = {"a.example"};
    const auto day = reports();
    run(DayReports::carry_out(day));
    EXPECT_TRUE(day->has_open());
    EXPECT_THAT(lines(*day),
                UnorderedElementsAre("a.example  later", "b.example d@b.example sent"));
    run(DayReports::try_again(day));
    EXPECT_FALSE(day->has_open());
    EXPECT_EQ(lines(*day).back(), "a.example d@a.example sent");
    EXPECT_EQ(asked_.size(), 3U);
}

// Who wants one only the DNS knows: as many are asked as it takes to send what may be sent.
TEST_F(DayReportsTest, OnTlsGoToThoseWithMostSessions) {
    kind_ = ReportKind::tls;
    context_.settings.reports.most_a_day = 1;
    add_tls("a.example", 1);
    add_tls("b.example", 2);
    add_tls("c.example", 1);
    add_tls("c.example", 2);
    silent_ = {"c.example"};
    const auto day = reports();
    run(DayReports::carry_out(day));
    EXPECT_FALSE(day->trouble());
    EXPECT_FALSE(day->has_open());
    EXPECT_EQ(asked_.front(), "c.example");
    EXPECT_THAT(lines(*day), testing::Contains("b.example d@b.example sent"));
    EXPECT_THAT(lines(*day), testing::Not(testing::Contains(testing::HasSubstr("c.example"))));
}

TEST_F(DayReportsTest, AreNotSentByAnAdminAndTheScheduleAtOnce) {
    add("a.example");
    undecided_ = {"a.example"};
    auto daily = schedule();
    daily.start();
    run_until([&] { return daily.current() && daily.current()->is_over(); });
    slow_ = {"a.example"};
    const auto admins = daily.begin(kDay, false);
    ASSERT_TRUE(admins) << "the schedule waits for the DNS";
    EXPECT_EQ(daily.begin(kDay, false).error().code, Errc::busy);
    run_until([&] { return is_reported(); });
    EXPECT_TRUE((*admins)->is_over());
    EXPECT_EQ(stored_["a.example"], 1);
}

TEST_F(DayReportsTest, OfTheScheduleGiveWayToAnAdminWhoComesAsItLooks) {
    add("a.example");
    slow_ = {"a.example"};
    auto daily = schedule();
    while_day_is_asked_ = [&] { EXPECT_TRUE(daily.begin(kDay, false)); };
    daily.start();
    run_until([&] { return is_reported(); });
    EXPECT_EQ(stored_["a.example"], 1);
    EXPECT_EQ(asked_.size(), 2U) << "once by each";
}

// As one would that was taken over: what it says is kept, and written down.
TEST_F(DayReportsTest, BelieveNoWorkerThatTellsOfTooMuch) {
    add("a.example");
    const ReportFate many{
        std::vector<ReportCopy>(ReportFate::kMostCopies + 1, {"d@a.example", CopyFate::sent, ""})};
    const ReportFate length{{{std::string(ReportFate::kMostAddress + 1, 'd'), CopyFate::sent, ""}}};
    for (const auto& fate : {many, length}) {
        told_ = fate;
        const auto day = reports();
        run(DayReports::carry_out(day));
        EXPECT_TRUE(day->trouble());
        EXPECT_TRUE(day->has_open());
        EXPECT_THAT(sent_, IsEmpty());
        EXPECT_THAT(lines(*day), testing::Each(std::string("a.example  later")));
    }
    told_ = ReportFate{{{"d@a.example", CopyFate::refused, std::string(1'000'000, 'x')}}};
    const auto day = reports();
    run(DayReports::carry_out(day));
    EXPECT_LE(day->lines().at(0).detail.size(), 1000U);
}

TEST_F(DayReportsTest, SayWhatKeepsAllOfThemBack) {
    add("a.example");
    add("b.example");
    has_signer_ = false;
    const auto day = reports();
    run(DayReports::carry_out(day));
    ASSERT_TRUE(day->trouble());
    EXPECT_EQ(day->trouble()->internal, "no key");
    refused_ = {"a.example"}; // needs no key
    const auto mixed = reports();
    run(DayReports::carry_out(mixed));
    ASSERT_TRUE(mixed->trouble());
    EXPECT_EQ(mixed->trouble()->internal, "no key");
    has_traces_ = false;
    const auto other = reports();
    run(DayReports::carry_out(other));
    ASSERT_TRUE(other->trouble());
    EXPECT_EQ(other->trouble()->internal, "the disk is gone");
    EXPECT_TRUE(other->is_over());
}

} // namespace
} // namespace maild::daemon
