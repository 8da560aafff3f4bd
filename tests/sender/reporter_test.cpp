// Reports on what failed, over a store and a directory in memory.
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/net/spawn.hpp"
#include "maild/sender/reporter.hpp"
#include "maild/store/memory_store.hpp"

#include <gtest/gtest.h>

#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::sender {
namespace {

using maild::test::run_task;
using queue::Report;

// One message that owes reports; settles as it is told.
class OwingQueue final : public store::Queue {
public:
    queue::LeasedMessage message;
    std::string content = "Subject: lost\r\n\r\nbody\r\n";
    std::size_t forgiven = 0;

    net::Task<Result<std::vector<queue::Destination>>> destinations(std::string,
                                                                    std::uint32_t) override {
        co_return std::vector<queue::Destination>();
    }
    net::Task<Result<std::vector<queue::LeasedMessage>>> lease(std::string,
                                                               std::uint32_t) override {
        co_return std::vector<queue::LeasedMessage>();
    }
    net::Task<Result<std::vector<queue::LeasedMessage>>> owed(QueueId after,
                                                              std::uint32_t) override {
        if (after >= message.id || forgiven > 0) co_return std::vector<queue::LeasedMessage>();
        co_return std::vector{message};
    }
    net::Task<Result<std::string>> read_queued(QueueId, std::uint64_t offset,
                                               std::uint64_t length) override {
        if (offset >= content.size()) co_return std::string();
        co_return content.substr(offset, length);
    }
    net::Task<Result<std::vector<std::string>>> read_whole(std::vector<QueueId>) override {
        co_return fail(Errc::cannot); // reports read what they need
    }
    net::Task<Result<std::uint64_t>> settle(std::vector<queue::Settlement> settlements) override {
        for (const auto& one : settlements) {
            EXPECT_EQ(one.outcome, queue::Outcome::reported);
            ++forgiven;
        }
        co_return std::uint64_t{0};
    }
    net::Task<Result<std::vector<queue::Suspension>>> suspensions() override {
        co_return std::vector<queue::Suspension>();
    }
    void release_leases() override {}
};

class Nobody final : public store::ChangeSink {
    void on_changes(MailboxId, std::span<const store::Change>) override {}
    void on_lost() override {}
};

class StampSigner final : public OwnSigner {
public:
    net::Task<Result<std::string>> fields_for(std::string_view message) override {
        if (failure) co_return fail(*failure, "no keys");
        seen = message;
        co_return "DKIM-Signature: stamp\r\n";
    }
    std::optional<Errc> failure;
    std::string seen;
};

class ReporterTest : public testing::Test {
protected:
    ReporterTest() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("here.example"));
        (void)run_task(directory_.add_account({"ada@here.example", "", 0}));
        (void)run_task(directory_.add_account({"postmaster@here.example", "", 0}));
        queue_.message.id = QueueId(5);
        queue_.message.envelope.reverse_path = "ada@here.example";
        queue_.message.size = queue_.content.size();
        queue_.message.queued_at = clock_.now();
        owe("bob@far.example", Report::failure);
    }
    queue::LeasedRecipient& owe(const std::string& address, Report report) {
        queue::LeasedRecipient recipient;
        recipient.key = {QueueId(5), static_cast<std::uint32_t>(queue_.message.recipients.size()),
                         1};
        recipient.recipient.address = address;
        recipient.state = queue::RecipientState::failed;
        recipient.owes = report;
        recipient.status = "5.1.1";
        recipient.reason = "550 5.1.1 No such person";
        recipient.host = "mx.far.example";
        queue_.message.recipients.push_back(recipient);
        return queue_.message.recipients.back();
    }
    void report() {
        Reporter reporter(queue_, store_, directory_, clock_,
                          {.hostname = "mail.here.example", .retry = {}, .signer = signer_});
        boost::asio::io_context io;
        net::spawn(io, reporter.run(), "reporter");
        io.poll();
        reporter.stop();
        io.run();
    }
    // What ada has in her INBOX, one text behind the other.
    std::string inbox() {
        const auto resolution = run_task(directory_.resolve("ada@here.example"));
        const auto& grant = std::get<directory::LocalTarget>(resolution->targets[0]).grant;
        auto access = grant;
        access.right = auth::Right::access;
        key_.sign(access);
        Nobody sink;
        const auto session = run_task(store_.open_session(access, sink));
        if (!session) return std::string(name_of(session.error().code));
        const auto opened = run_task(store_.open_mailbox(*session, "INBOX", true));
        std::string all;
        for (const auto& message : opened->messages)
            all += run_task(store_.read(*session, message.uid, 0, 1U << 20U)).value_or("?");
        store_.close_session(*session);
        return all;
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    auth::TokenKey key_{std::string(32, 'k')};
    directory::MemoryDirectory directory_{key_, clock_, random_};
    store::MemoryStore store_{clock_, key_};
    OwingQueue queue_;
    OwnSigner* signer_ = nullptr;
};

// RFC 6376: on top of what it signs, in what the store gets at once with the settlement.
TEST_F(ReporterTest, SignsWhatItSends) {
    StampSigner signer;
    signer_ = &signer;
    report();
    const auto text = inbox();
    EXPECT_NE(text.find("\r\nDKIM-Signature: stamp\r\nReceived: by mail.here.example"), text.npos)
        << text;
    EXPECT_TRUE(signer.seen.starts_with("From: Mail delivery <mailer-daemon@mail.here.example>"))
        << signer.seen;
    EXPECT_TRUE(text.ends_with(signer.seen));
    EXPECT_EQ(queue_.forgiven, 0U);
}

TEST_F(ReporterTest, KeepsTheDebtWhileNobodySigns) {
    StampSigner signer;
    signer_ = &signer;
    signer.failure = Errc::busy;
    report();
    EXPECT_EQ(inbox(), "");
    EXPECT_EQ(queue_.forgiven, 0U);
    signer.failure = Errc::invalid_argument; // never will: better unsigned than not at all
    report();
    EXPECT_NE(inbox().find("Action: failed"), std::string::npos);
}

TEST_F(ReporterTest, TellsWhoIsHere) {
    owe("eve@far.example", Report::delay);
    report();
    const auto text = inbox();
    EXPECT_NE(text.find("Action: failed"), text.npos) << text;
    EXPECT_NE(text.find("Action: delayed"), text.npos) << text;
    EXPECT_NE(text.find("No such person"), text.npos) << text;
    EXPECT_NE(text.find("Subject: lost"), text.npos) << text;
    EXPECT_EQ(queue_.forgiven, 0U) << "the store settles it with the report";
}

TEST_F(ReporterTest, QueuesWhatIsForOthers) {
    queue_.message.envelope.reverse_path = "someone@other.example";
    report();
    const auto rows = run_task(store_.queued(QueueId(), 10));
    ASSERT_EQ(rows->size(), 1U);
    EXPECT_EQ(rows->front().recipient, "someone@other.example");
    EXPECT_EQ(rows->front().reverse_path, "");
    EXPECT_EQ(rows->front().notify, "NEVER");
}

TEST_F(ReporterTest, ForgivesWhatNobodyWantsToHear) {
    queue_.message.recipients[0].recipient.notify = "NEVER";
    report();
    EXPECT_EQ(queue_.forgiven, 1U);
    EXPECT_EQ(inbox(), "");
}

TEST_F(ReporterTest, NeverReportsOnAReport) {
    queue_.message.envelope.reverse_path = "";
    report();
    EXPECT_EQ(queue_.forgiven, 1U);
}

TEST_F(ReporterTest, ForgivesASenderWhoIsNobody) {
    queue_.message.envelope.reverse_path = "gone@here.example";
    report();
    EXPECT_EQ(queue_.forgiven, 1U);
}

TEST_F(ReporterTest, TellsOnlyOfThoseWhoAreToBeToldOf) {
    owe("silent@far.example", Report::failure).recipient.notify = "NEVER";
    report();
    const auto text = inbox();
    EXPECT_NE(text.find("bob@far.example"), text.npos);
    EXPECT_EQ(text.find("silent@far.example"), text.npos);
}

TEST_F(ReporterTest, KeepsTheDebtWhileTheStoreFails) {
    store_.set_failure(Errc::no_space);
    report();
    EXPECT_EQ(queue_.forgiven, 0U);
    store_.set_failure(std::nullopt);
    report();
    EXPECT_NE(inbox().find("Action: failed"), std::string::npos);
}

TEST_F(ReporterTest, BringsBackNoMoreThanTheHeaderOfALargeMessage) {
    queue_.content = "Subject: large\r\n\r\n" + std::string(1U << 20U, 'x') + "\r\n";
    queue_.message.size = queue_.content.size();
    queue_.message.envelope.return_content = "FULL";
    report();
    const auto text = inbox();
    EXPECT_NE(text.find("Subject: large"), text.npos);
    EXPECT_LT(text.size(), 64U * 1024);
}

} // namespace
} // namespace maild::sender
