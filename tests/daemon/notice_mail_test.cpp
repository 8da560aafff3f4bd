// What the host tells its admin, on its way into mailboxes and the queue, over directory and store
// in memory.
#include "daemon/notice_mail.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"
#include "maild/store/memory_store.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using maild::test::run_task;

const WallTime kNow = from_unix_seconds(1'700'049'600);

TEST(NoticeMail, IsAMessageThatNobodyAnswers) {
    const DeliverNotice notice{.to = "postmaster",
                               .id = "summary.1",
                               .subject = "a\r\nBcc: eve@far.example",
                               .text = "one × 1\ntwo\n"};
    const auto mail = format_notice(notice, "mail.example.org", kNow);
    EXPECT_TRUE(mail.contains("To: <postmaster@mail.example.org>\r\n"));
    EXPECT_TRUE(mail.contains("Subject: a  Bcc: eve@far.example\r\n")) << mail;
    EXPECT_TRUE(mail.contains("Message-ID: <summary.1@mail.example.org>\r\n"));
    EXPECT_TRUE(mail.contains("Auto-Submitted: auto-generated\r\n"));
    EXPECT_TRUE(mail.contains("Content-Transfer-Encoding: 8bit\r\n\r\none × 1\r\ntwo\r\n"));
}

class NoticeDelivery : public testing::Test {
protected:
    NoticeDelivery() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("example.org"));
        (void)run_task(directory_.add_account({"ada@example.org", "", 0}));
        (void)run_task(directory_.add_account({"bob@example.org", "", 10})); // octets
        config_.hostname = "mx.example.org";
        config_.dkim.signs = false;
    }
    void lead_postmaster_to(std::vector<std::string> whom) {
        (void)run_task(directory_.add_alias({"postmaster@example.org", std::move(whom)}));
    }
    // Where it lies, or the error.
    std::string deliver(std::string to = "postmaster@example.org") {
        NoticeMail notices(directory_, store_, clock_);
        const auto place = run_task(notices.deliver(
            {.to = std::move(to), .id = "alert.1", .subject = "s", .text = "t\n"}, config_));
        return place ? place->words : std::string(name_of(place.error().code));
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    auth::TokenKey key_{std::string(32, 'k')};
    directory::MemoryDirectory directory_{key_, clock_, random_};
    store::MemoryStore store_{clock_, key_};
    Config config_;
};

TEST_F(NoticeDelivery, GoesIntoAMailbox) {
    lead_postmaster_to({"ada@example.org"});
    EXPECT_EQ(deliver(), "in INBOX of ada@example.org");
}

// Else whoever has it would get it again at each try.
TEST_F(NoticeDelivery, HasComeWhenOneOfSeveralHasIt) {
    lead_postmaster_to({"ada@example.org", "bob@example.org"});
    const auto words = deliver();
    EXPECT_TRUE(words.contains("in INBOX of ada@example.org")) << words;
    EXPECT_TRUE(words.contains("not at bob@example.org")) << words;
}

TEST_F(NoticeDelivery, GoesElsewhereThroughTheQueue) {
    lead_postmaster_to({"ada@example.org", "ops@far.example"});
    const auto words = deliver();
    EXPECT_TRUE(words.contains("for ops@far.example")) << words;
}

TEST_F(NoticeDelivery, FailsWhereNobodyHasIt) {
    lead_postmaster_to({"bob@example.org"});
    EXPECT_EQ(deliver(), "too_large"); // for all that bob may have
}

// By `unavailable` control knows a worker that has died, and would ask the next one.
TEST_F(NoticeDelivery, NeverSaysThatTheWorkerIsGone) {
    lead_postmaster_to({"ada@example.org"});
    store_.set_failure(Errc::unavailable);
    EXPECT_EQ(deliver(), "busy");
}

TEST_F(NoticeDelivery, HasNoWayToNobody) {
    EXPECT_EQ(deliver("nobody@example.org"), "no_such_account");
}

} // namespace
} // namespace maild::daemon
