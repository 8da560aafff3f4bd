// One report on its way to whom the domain wants it sent to, over directory, store and DNS in
// memory.
#include "daemon/report_sender.hpp"
#include "support/fake_clock.hpp"
#include "support/memory_resolver.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/report/attachment.hpp"
#include "maild/store/memory_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using maild::test::run_task;
using testing::HasSubstr;

class StampSigner final : public MailSigner {
public:
    net::Task<Result<std::string>> sign(std::string message) override {
        if (!has_keys || ++signed_ > most) co_return fail(Errc::cannot, "no keys");
        co_return "DKIM-Signature: stamp\r\n" + message;
    }
    bool has_keys = true;
    unsigned most = 1000;

private:
    unsigned signed_ = 0;
};

// Each answer takes its time, or comes too late.
class SlowResolver final : public net::Resolver {
public:
    SlowResolver(net::Resolver& resolver, test::FakeClock& clock)
        : resolver_(resolver), clock_(clock) {}
    net::Task<net::DnsAnswer> lookup(net::DnsQuestion question,
                                     std::chrono::milliseconds timeout) override {
        constexpr std::chrono::seconds kTime{4};
        clock_.advance(std::min<std::chrono::milliseconds>(kTime, timeout));
        if (timeout < kTime) co_return net::DnsAnswer{};
        auto answer = co_await resolver_.lookup(std::move(question), timeout);
        co_return answer;
    }

private:
    net::Resolver& resolver_;
    test::FakeClock& clock_;
};

class NoSink final : public store::ChangeSink {
public:
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override {}
};

class ReportSending : public testing::Test {
protected:
    ReportSending() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("example.org"));
        (void)run_task(directory_.add_account({"ada@example.org", "", 0}));
        (void)run_task(directory_.add_alias({"postmaster@example.org", {"ada@example.org"}}));
        config_.hostname = "mx.example.org";
        config_.reports.from = "postmaster@example.org";
        config_.reports.organization = "Example";
        dns_.add_txt("_dmarc.example.net", "v=DMARC1; p=none; rua=mailto:dmarc@example.net");
        request_.report = pack_report(report());
    }
    static report::AggregateReport report() {
        report::AggregateReport report;
        report.organization = "Example";
        report.email = "postmaster@example.org";
        report.report_id = "1700006400.example.net@mx.example.org";
        report.begin = from_unix_seconds(1'700'006'400);
        report.end = from_unix_seconds(1'700'092'799);
        report.policy.domain = "example.net";
        return report;
    }
    Result<ReportFate> send_once() {
        ReportSender sender(directory_, store_, dns_, signer_, clock_);
        return run_task(sender.send(request_, config_));
    }
    // "dmarc@example.net sent: queued as 1; later"
    std::string send() {
        const auto fate = send_once();
        if (!fate) return fate.error().internal;
        constexpr std::array kWords = {"sent", "known", "refused", "too large", "failed", "later"};
        std::string out;
        for (const auto& copy : fate->copies)
            out += copy.to + " " + kWords.at(static_cast<std::size_t>(copy.fate)) + ": " +
                   copy.detail + "; ";
        return out + (fate->is_undecided ? "later" : "");
    }
    std::vector<queue::QueuedRecipient> queued() {
        return run_task(store_.queued(QueueId(), 100)).value();
    }
    std::string newest_of(std::string_view address) {
        const auto account = run_task(directory_.show_account(std::string(address)))->id;
        NoSink sink;
        const auto session =
            run_task(store_.open_session(store_.grant(account, auth::Right::access), sink)).value();
        const auto opened = run_task(store_.open_mailbox(session, "INBOX", true)).value();
        if (opened.messages.empty()) return {};
        return run_task(store_.read(session, opened.messages.back().uid, 0, store::kMaxRead))
            .value();
    }
    void add_policy(std::string_view uris) {
        dns_ = {};
        dns_.add_txt("_dmarc.example.net", "v=DMARC1; p=none; rua=" + std::string(uris));
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    auth::TokenKey key_{std::string(32, 'k')};
    directory::MemoryDirectory directory_{key_, clock_, random_};
    store::MemoryStore store_{clock_, key_};
    maild::test::MemoryResolver dns_;
    StampSigner signer_;
    Config config_;
    SendReport request_;
};

TEST_F(ReportSending, QueuesWhatCanBeTold) {
    EXPECT_EQ(send(), "dmarc@example.net sent: queued as 1; ");
    const auto rows = queued();
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].reverse_path, "postmaster@example.org");
    EXPECT_EQ(rows[0].recipient, "dmarc@example.net");
    EXPECT_EQ(rows[0].envelope_id, "1700006400.example.net@mx.example.org");
    EXPECT_EQ(rows[0].notify, "NEVER");
}

TEST_F(ReportSending, LeavesOutWhoHasIt) {
    add_policy("mailto:a@example.net,mailto:b@example.net");
    request_.known = {"a@example.net", "c@example.net"};
    EXPECT_EQ(send(), "a@example.net known: ; b@example.net sent: queued as 1; ");
}

TEST_F(ReportSending, StoresAReportToADomainOfThisHost) {
    add_policy("mailto:ada@example.org");
    dns_.add_txt("example.net._report._dmarc.example.org", "v=DMARC1");
    EXPECT_EQ(send(), "ada@example.org sent: stored in INBOX of ada@example.org; ");
    EXPECT_TRUE(queued().empty());
    const auto mail = newest_of("ada@example.org");
    EXPECT_THAT(mail, HasSubstr("Return-Path: <postmaster@example.org>\r\n"));
    EXPECT_THAT(mail, HasSubstr("Received: by mx.example.org\r\n\tid dmarc.1700006400;\r\n"));
    EXPECT_THAT(mail, HasSubstr("DKIM-Signature: stamp\r\nFrom: <postmaster@example.org>\r\n"));
    const auto found = report::reports_in_message(mail);
    ASSERT_EQ(found.aggregate.size(), 1U);
    EXPECT_EQ(found.aggregate[0], report());
}

TEST_F(ReportSending, SaysWhatItWouldDo) {
    request_.is_dry_run = true;
    EXPECT_THAT(send(), testing::MatchesRegex("dmarc@example.net sent: [0-9]+ octets; "));
    EXPECT_TRUE(queued().empty());
}

TEST_F(ReportSending, AsksWhoIsWantedNow) {
    add_policy("mailto:new@example.net");
    EXPECT_EQ(send(), "new@example.net sent: queued as 1; ");
    dns_ = {};
    EXPECT_EQ(send(), "") << "no policy any more";
    dns_.add_txt("_dmarc.example.net", "v=DMARC1; p=none");
    EXPECT_EQ(send(), "");
    dns_.add_txt("_dmarc.example.net", "v=DMARC1; p=none; rua=mailto:dmarc@example.net");
    EXPECT_EQ(send(), "") << "two records are none";
    dns_.fail("_dmarc.example.net");
    EXPECT_EQ(send(), "later");
}

// RFC 9990 §4.
TEST_F(ReportSending, SendsToOthersOnlyIfTheyAgree) {
    add_policy("mailto:a@yes.example,mailto:b@no.example,mailto:c@silent.example");
    dns_.add_txt("example.net._report._dmarc.yes.example", "v=DMARC1");
    dns_.fail("example.net._report._dmarc.silent.example");
    EXPECT_EQ(send(), "b@no.example refused: its domain has not agreed; "
                      "a@yes.example sent: queued as 1; later");
}

// Whose DNS is slow must not keep the reports to others waiting: what is known by then goes out.
TEST_F(ReportSending, GivesTheDnsOneTimeForAllItsQuestions) {
    std::string uris = "mailto:own@example.net";
    for (const std::string host : {"a.example", "b.example", "c.example", "d.example"}) {
        uris += ",mailto:d@" + host;
        dns_.add_txt("example.net._report._dmarc." + host, "v=DMARC1");
    }
    dns_.remove("_dmarc.example.net", net::DnsType::txt);
    dns_.add_txt("_dmarc.example.net", "v=DMARC1; p=none; rua=" + uris);
    SlowResolver slow(dns_, clock_);
    ReportSender sender(directory_, store_, slow, signer_, clock_);
    const auto begin = clock_.steady_now();
    const auto fate = run_task(sender.send(request_, config_));
    EXPECT_LE(clock_.steady_now() - begin, std::chrono::seconds(30));
    ASSERT_TRUE(fate.has_value());
    EXPECT_TRUE(fate->is_undecided);
    ASSERT_FALSE(fate->copies.empty());
    EXPECT_EQ(fate->copies[0].to, "own@example.net");
    EXPECT_EQ(fate->copies[0].fate, CopyFate::sent);
    EXPECT_LT(fate->copies.size(), 5U);
}

TEST_F(ReportSending, KeepsToTheSizeThatIsWanted) {
    add_policy("mailto:small@example.net!1k,mailto:large@example.net!1m");
    EXPECT_THAT(send(), testing::MatchesRegex("small@example.net too large: [0-9]+ octets, where "
                                              "1024 are wanted; large@example.net sent: queued as "
                                              "1; "));
}

TEST_F(ReportSending, SendsNothingUnsigned) {
    signer_.has_keys = false;
    EXPECT_EQ(send(), "no keys");
    EXPECT_TRUE(queued().empty());
    request_.is_dry_run = true;
    EXPECT_THAT(send(), testing::MatchesRegex("dmarc@example.net sent: [0-9]+ octets, if it can be "
                                              "signed by then: no keys; "));
}

// Of what is out control has to hear, or it would go out again.
TEST_F(ReportSending, TellsWhatIsOutWhenTheKeysAreGone) {
    add_policy("mailto:a@example.net,mailto:b@example.net");
    signer_.most = 1;
    EXPECT_EQ(send(), "a@example.net sent: queued as 1; b@example.net later: no keys; ");
    EXPECT_EQ(queued().size(), 1U);
}

TEST_F(ReportSending, SignsWithTheKeysOfTheAuthorsDomain) {
    OwnMailSigner signer(directory_);
    ReportSender sender(directory_, store_, dns_, signer, clock_);
    EXPECT_EQ(run_task(sender.send(request_, config_)).error().internal,
              "the domain in reports.from has no active DKIM key");
    (void)run_task(directory_.add_dkim_keys("example.org",
                                            {{policy::dkim::Algorithm::ed25519_sha256, "e", ""}}));
    (void)run_task(directory_.move_dkim_keys("example.org", {{"e", directory::DkimState::active}}));
    add_policy("mailto:ada@example.org");
    dns_.add_txt("example.net._report._dmarc.example.org", "v=DMARC1");
    ASSERT_TRUE(run_task(sender.send(request_, config_)).has_value());
    EXPECT_THAT(newest_of("ada@example.org"), HasSubstr("d=example.org;\r\n\ts=e;"));
}

TEST_F(ReportSending, SendsNothingThatNobodyHereCouldBeToldOf) {
    config_.reports.from = "nobody@example.org";
    EXPECT_EQ(send(), "reports.from, nobody@example.org, leads to no account here.");
    EXPECT_TRUE(queued().empty());
}

TEST_F(ReportSending, SaysWhatTheStoreSays) {
    store_.set_failure(Errc::no_space);
    EXPECT_THAT(send(), HasSubstr("dmarc@example.net later: "));
    store_.set_failure(std::nullopt);
    EXPECT_EQ(send(), "dmarc@example.net sent: queued as 1; ");
    add_policy("mailto:nobody@example.org");
    dns_.add_txt("example.net._report._dmarc.example.org", "v=DMARC1");
    EXPECT_EQ(send(), "nobody@example.org failed: no such recipient here; ");
}

// RFC 8460 §3: whom _smtp._tls names, by mail alone, whatever is wrong with TLS.
TEST_F(ReportSending, SendsOnTlsWhereTheDnsSays) {
    request_.kind = ReportKind::tls;
    EXPECT_EQ(send(), "") << "DMARC's record counts for nothing";
    dns_.add_txt("_smtp._tls.example.net",
                 "v=TLSRPTv1; rua=mailto:tls@elsewhere.example,https://example.net/tls");
    EXPECT_EQ(send(), "https://example.net/tls failed: reports go by mail alone; "
                      "tls@elsewhere.example sent: queued as 1; ");
    const auto row = queued().at(0);
    EXPECT_EQ(row.envelope_id, "1700006400.example.net@mx.example.org");
    dns_.fail("_smtp._tls.example.net");
    EXPECT_EQ(send(), "later");
    dns_ = {};
    dns_.add_txt("_smtp._tls.example.net", "v=TLSRPTv1; rua=mailto:ada@example.org");
    EXPECT_THAT(send(), HasSubstr("ada@example.org sent: "));
    EXPECT_THAT(newest_of("ada@example.org"), HasSubstr("\r\nTLS-Required: No\r\n"));
}

} // namespace
} // namespace maild::daemon
