// What a session tells the trace: one record for each transaction that came to a recipient, and
// for a refused sender, with the first reason and what was said last.
#include "smtp/conversation.hpp"
#include "smtp/kept_records.hpp"

#include <gtest/gtest.h>

namespace maild::smtp {
namespace {

using test::Conversation;
using trace::Outcome;

class SmtpRecord : public testing::Test {
protected:
    Conversation make(Service service = Service::relay_in) {
        return Conversation(service, [&](Server& server) {
            server.trace = &kept;
            server.limits.received_fields = 2;
            server.limits.message_size = 1000;
        });
    }
    test::KeptRecords kept;
};

TEST_F(SmtpRecord, OfAMessageThatWasTaken) {
    auto with = make();
    with.start_tls().hello().until_data();
    with.content("Subject: hello\r\n there\r\nFROM: Eve <eve@remote.example>\r\n"
                 "message-id: <1@remote.example>\r\nSubject: another\r\n\r\nx\r\n.\r\n");
    const auto& record = kept.only();
    EXPECT_EQ(record.id, "0S.1");
    EXPECT_EQ(record.session, "0S");
    EXPECT_EQ(record.service, "smtp");
    EXPECT_EQ(record.client_address, "192.0.2.7");
    EXPECT_EQ(record.hello, "client.example");
    EXPECT_EQ(record.tls, "TLSv1.3");
    EXPECT_EQ(record.reverse_path, "eve@remote.example");
    EXPECT_EQ(record.message_id, "<1@remote.example>");
    EXPECT_EQ(record.from, "Eve <eve@remote.example>");
    EXPECT_EQ(record.subject, "hello there");
    EXPECT_EQ(record.size, 111U);
    EXPECT_EQ(record.reply, "250 2.0.0 Ok: 0S.1");
    EXPECT_EQ(record.reason, "");
    EXPECT_TRUE(record.verdicts.empty());
    ASSERT_EQ(record.recipients.size(), 1U);
    EXPECT_EQ(record.recipients[0].forward_path, "ada@example.org");
    EXPECT_TRUE(record.recipients[0].is_accepted);
    EXPECT_EQ(record.recipients[0].reply, "");
}

TEST_F(SmtpRecord, OfContentThatWasRefused) {
    const struct {
        std::string_view content;
        std::string_view reply;
        std::string_view reason;
    } cases[] = {
        {"a\nb\r\n.\r\n", "521 5.5.2 bare <LF> received", "bare <LF> received"},
        {"a\rb\r\n.\r\n", "521 5.5.2 bare <CR> received", "bare <CR> received"},
        {"Received: a\r\nReceived: b\r\nReceived: c\r\nMessage-ID: <l@x>\r\n\r\n.\r\n",
         "554 5.4.6 Too many hops, mail loop", "Too many hops, mail loop"},
    };
    for (const auto& c : cases) {
        kept.records.clear();
        auto with = make();
        with.hello().until_data().content(c.content);
        const auto& record = kept.only();
        EXPECT_EQ(record.reply, c.reply);
        ASSERT_EQ(record.verdicts.size(), 1U);
        EXPECT_EQ(record.verdicts[0].stage, "content");
        EXPECT_EQ(record.verdicts[0].outcome, Outcome::refused);
        EXPECT_EQ(record.verdicts[0].reason, c.reason);
    }
    EXPECT_EQ(kept.only().message_id, "<l@x>") << "also of a message that was refused";
}

TEST_F(SmtpRecord, OfChunks) {
    auto with = make();
    with.hello().send("MAIL FROM:<eve@remote.example>").send("RCPT TO:<ada@example.org>");
    with.chunk(std::string(2000, 'x')).expect("552");
    with.send("RSET").expect("250");
    const auto& record = kept.only();
    EXPECT_EQ(record.reply, "552 5.3.4 Message too large");
    ASSERT_EQ(record.verdicts.size(), 1U);
    EXPECT_EQ(record.verdicts[0].reason, "Message too large");
}

TEST_F(SmtpRecord, OfWhatTheBackendRefuses) {
    auto with = make();
    with.backend().accept_errors[""] = Errc::unavailable;
    with.hello().until_data().content("\r\n.\r\n").expect("451");
    EXPECT_EQ(kept.only().reply, "451 4.3.0 Try again later");
    EXPECT_NE(kept.only().reason, "");
}

TEST_F(SmtpRecord, OfRefusedRecipientsWithoutAMessage) {
    auto with = make();
    with.hello().send("MAIL FROM:<>");
    with.send("RCPT TO:<nobody@example.org>").expect("550");
    with.send("RCPT TO:<ada@elsewhere.example>").expect("554");
    with.send("QUIT").expect("221");
    const auto& record = kept.only();
    EXPECT_EQ(record.reverse_path, "");
    EXPECT_EQ(record.reply, "");
    EXPECT_EQ(record.reason, "the client ended the session");
    ASSERT_EQ(record.recipients.size(), 2U);
    EXPECT_EQ(record.recipients[0].reply, "550 5.1.1 No such recipient here");
    EXPECT_FALSE(record.recipients[0].is_accepted);
    EXPECT_EQ(record.recipients[1].forward_path, "ada@elsewhere.example");
}

TEST_F(SmtpRecord, SaysHowATransactionEndedWithoutAnAnswer) {
    const struct {
        std::string_view line; // empty: the connection is lost
        std::string_view reason;
    } cases[] = {
        {"RSET", "the client gave it up"},
        {"EHLO client.example", "the client greeted anew"},
        {"QUIT", "the client ended the session"},
        {"GET / HTTP/1.1", "421 4.7.0 This is no web server"},
        {"", "the connection ended: timed_out"},
    };
    for (const auto& c : cases) {
        kept.records.clear();
        auto with = make();
        with.hello().send("MAIL FROM:<>").send("RCPT TO:<ada@example.org>").expect("250");
        if (c.line.empty())
            with.session().on_lost(c.reason);
        else
            with.send(c.line);
        EXPECT_EQ(kept.only().reason, c.reason) << c.line;
        EXPECT_EQ(kept.only().reply, "");
    }
}

TEST_F(SmtpRecord, OfARefusedSender) {
    auto with = make();
    with.backend().sender_error = Errc::no_space;
    with.hello().send("MAIL FROM:<eve@remote.example>").expect("452");
    const auto& record = kept.only();
    EXPECT_EQ(record.id, "0S-1");
    EXPECT_EQ(record.reply, "452 4.3.1 Insufficient storage");
    ASSERT_EQ(record.verdicts.size(), 1U);
    EXPECT_EQ(record.verdicts[0].stage, "sender");
    EXPECT_EQ(record.verdicts[0].outcome, Outcome::deferred);
    EXPECT_EQ(record.verdicts[0].reason, "Insufficient storage");
}

TEST_F(SmtpRecord, OfASenderThatIsRefusedAgainAndAgainOnlySome) {
    auto with = make(Service::submission); // nobody has logged in
    with.hello();
    for (int i = 0; i < 100; ++i) with.send("MAIL FROM:<eve@remote.example>").expect("530");
    ASSERT_EQ(kept.records.size(), 20U);
    EXPECT_EQ(kept.records.back().verdicts.size(), 2U) << "that more follow is said";
    EXPECT_EQ(kept.records.front().verdicts.size(), 1U);
}

TEST_F(SmtpRecord, IsNotMadeForMailAlone) {
    auto with = make();
    with.hello().send("MAIL FROM:<>").send("QUIT");
    EXPECT_TRUE(kept.records.empty());
}

TEST_F(SmtpRecord, IsNotMadeWhereNoneIsWanted) {
    kept.is_off = true;
    auto with = make();
    with.hello().until_data().content("\r\n.\r\n").expect("250");
    EXPECT_TRUE(kept.records.empty());
}

} // namespace
} // namespace maild::smtp
