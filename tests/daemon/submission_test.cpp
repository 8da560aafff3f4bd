// What a worker does with a submission before it is delivered, over a directory in memory.
#include "daemon/submission.hpp"
#include "support/fake_clock.hpp"
#include "support/run_task.hpp"

#include "maild/base/log.hpp"
#include "maild/directory/memory_directory.hpp"

#include <gtest/gtest.h>

namespace maild::daemon {
namespace {

using maild::test::run_task;

class SubmissionTest : public ::testing::Test {
protected:
    SubmissionTest() {
        log::to_nowhere();
        (void)run_task(directory_.add_domain("example.org"));
        (void)run_task(directory_.add_account({"ada@example.org", "", 0}));
        (void)run_task(directory_.add_account({"bob@example.org", "", 0}));
        config_.hostname = "mail.example.org";
        const auto ada = run_task(directory_.show_account("ada@example.org"));
        client_.service = smtp::Service::submission;
        client_.identity.emplace();
        client_.identity->account = ada->id;
        client_.identity->address = ada->address;
        envelope_.id = "s1.1";
        envelope_.recipients.resize(2);
    }
    void set(directory::SendChange sending) {
        directory::AccountChange change;
        change.sending = sending;
        EXPECT_TRUE(run_task(directory_.change_account("ada@example.org", std::move(change))));
    }
    Result<Submitted, smtp::Refusal> prepare(std::string_view message) {
        const smtp::Content content{message, message.find("\r\n\r\n") + 4, false};
        return run_task(submission_.prepare(client_, envelope_, content, config_));
    }
    // What the client hears, without the code's text when it is fine.
    std::string said(std::string_view message) {
        const auto submitted = prepare(message);
        if (submitted) return "fine";
        auto reply = smtp::format_reply(reply_for(submitted.error(), smtp::Step::content));
        reply.resize(reply.size() - 2);
        return reply;
    }

    maild::test::FakeClock clock_;
    maild::test::SeededRandom random_{1};
    directory::MemoryDirectory directory_{auth::TokenKey(std::string(32, 'k')), clock_, random_};
    Submission submission_{directory_, clock_};
    Config config_;
    smtp::Client client_;
    smtp::Envelope envelope_;
};

constexpr std::string_view kWhole =
    "From: ada@example.org\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\nbody\r\n";

TEST_F(SubmissionTest, ConcernsUsersWhoSubmit) {
    EXPECT_TRUE(Submission::concerns(client_));
    client_.service = smtp::Service::relay_in;
    EXPECT_FALSE(Submission::concerns(client_));
}

TEST_F(SubmissionTest, SaysWhatIsWrong) {
    const std::pair<std::string_view, std::string_view> cases[] = {
        {"From: ada@example.org\r\n\r\n", "fine"},
        {"From: bob@example.org\r\n\r\n",
         "550 5.7.1 From or Sender has an address that is not yours; whoever runs this host can "
         "give it to your account"},
        {"From: ada@example.org\r\nSender: bob@example.org\r\n\r\n",
         "550 5.7.1 From or Sender has an address that is not yours; whoever runs this host can "
         "give it to your account"},
        {"Subject: x\r\n\r\n",
         "554 5.6.0 The message has no From field; set your address in the mail program"},
        {"From: eve <x> ada@example.org\r\n\r\n",
         "554 5.6.0 From is no plain list of addresses; a name with special characters needs "
         "quotes"},
        {"From: ada@example.org\r\nFrom: bob@example.org\r\n\r\n",
         "554 5.6.0 The message has more than one From field"},
        {"From: ada@example.org\r\nSender: x\r\n\r\n", "554 5.6.0 Sender is not one plain address"},
        {"From: ada@example.org\r\nSender: ada@example.org\r\nSender: ada@example.org\r\n\r\n",
         "554 5.6.0 The message has more than one Sender field"},
    };
    for (const auto& [message, want] : cases) EXPECT_EQ(said(message), want) << message;
}

TEST_F(SubmissionTest, TakesAnyFromWhereThatIsAllowed) {
    config_.submission.checks_from = false;
    EXPECT_EQ(said("From: bob@example.org\r\nFrom: ada <\r\n\r\n"), "fine");
    const auto submitted = prepare("Bcc: x@example.org\r\nDate: x\r\n\r\n");
    ASSERT_TRUE(submitted.has_value());
    EXPECT_EQ(submitted->fields, "Message-ID: <s1.1@mail.example.org>\r\n");
    EXPECT_EQ(submitted->hidden.size(), 1U);
}

TEST_F(SubmissionTest, AddsWhatIsMissingAndLeavesTheRest) {
    EXPECT_EQ(prepare(kWhole)->fields, "");
    const auto bare = prepare("From: ada@example.org\r\n\r\nbody\r\n");
    ASSERT_TRUE(bare.has_value());
    EXPECT_TRUE(bare->fields.starts_with("Date: ")) << bare->fields;
    EXPECT_TRUE(bare->fields.ends_with("\r\nMessage-ID: <s1.1@mail.example.org>\r\n"));
    EXPECT_EQ(bare->grant->right, auth::Right::deliver);
    EXPECT_FALSE(bare->copy);
}

TEST_F(SubmissionTest, KeepsBlindRecipientsForTheCopy) {
    set({.saves_sent = true, .messages_per_day = {}, .recipients_per_day = {}});
    const std::string_view message = "From: ada@example.org\r\nBcc: x@example.org\r\nDate: x\r\n"
                                     "Message-ID: <a@b>\r\nbcc:\r\n y@example.org\r\n\r\n";
    const auto submitted = prepare(message);
    ASSERT_TRUE(submitted && submitted->copy);
    EXPECT_EQ(submitted->fields, "");
    EXPECT_EQ(submitted->copy->fields, "Bcc: x@example.org\r\nbcc:\r\n y@example.org\r\n");
    EXPECT_EQ(submitted->copy->address, "ada@example.org");
    ASSERT_EQ(submitted->hidden.size(), 2U);
    const auto& first = submitted->hidden.front();
    EXPECT_EQ(message.substr(first.begin, first.end - first.begin), "Bcc: x@example.org\r\n");
}

TEST_F(SubmissionTest, TellsWhenTheNextDayBegins) {
    set({.saves_sent = {}, .messages_per_day = 2, .recipients_per_day = 3});
    EXPECT_EQ(said(kWhole), "fine");
    const auto day = std::chrono::floor<std::chrono::days>(clock_.now()) + std::chrono::days(1);
    const auto left = std::chrono::ceil<std::chrono::minutes>(day - clock_.now());
    const auto time =
        std::to_string(left.count() / 60) + " h " + std::to_string(left.count() % 60) + " min";
    EXPECT_EQ(said(kWhole), "450 4.7.0 Your account may write to no more than 3 recipients a day; "
                            "the next day begins in " +
                                time);
    envelope_.recipients.resize(1);
    EXPECT_EQ(said(kWhole), "fine");
    EXPECT_EQ(said(kWhole), "450 4.7.0 Your account may send no more than 2 messages a day; the "
                            "next day begins in " +
                                time);
}

TEST_F(SubmissionTest, RefusesAnAccountThatIsDisabled) {
    directory::AccountChange change;
    change.disabled = true;
    (void)run_task(directory_.change_account("ada@example.org", std::move(change)));
    EXPECT_EQ(said(kWhole), "550 5.2.1 Mailbox disabled");
}

TEST(SubmissionEnvelope, HasTheAddedFields) {
    const std::string_view bytes = "From: ada@example.org\r\nSubject: x\r\n\r\nbody\r\n";
    const auto envelope = envelope_with("Message-ID: <a@b>\r\n", bytes);
    EXPECT_TRUE(envelope.starts_with("(NIL \"x\" ")) << envelope;
    EXPECT_TRUE(envelope.ends_with(" \"<a@b>\")")) << envelope;
}

} // namespace
} // namespace maild::daemon
