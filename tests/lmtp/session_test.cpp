// LMTP where it differs from SMTP (RFC 2033); what is the same is tested in tests/smtp.
#include "smtp/conversation.hpp"
#include "smtp/kept_records.hpp"

#include "maild/lmtp/dialect.hpp"
#include "maild/smtp/trace.hpp"

#include <gtest/gtest.h>

namespace maild::lmtp {
namespace {

using smtp::Service;
using smtp::test::Conversation;

Conversation make_conversation() { return Conversation(Service::lmtp, set_lmtp); }

void add_recipients(Conversation& with) {
    with.send("LHLO client.example").expect("250-mx.example.org\r\n");
    with.send("MAIL FROM:<eve@remote.example>").expect("250 2.1.0");
    with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    with.send("RCPT TO:<nobody@example.org>").expect("550 5.1.1");
    with.send("RCPT TO:<bob@example.org>").expect("250 2.1.5");
}

TEST(LmtpSession, GreetsWithLhloAlone) { // RFC 2033 §4.1
    auto with = make_conversation();
    with.expect("220 mx.example.org LMTP");
    with.send("EHLO client.example").expect("500 5.5.1");
    with.send("HELO client.example").expect("500 5.5.1");
    with.send("MAIL FROM:<>").expect("503 5.5.1");
    with.send("LHLO client.example").expect("250-");
    for (const auto* keyword :
         {"PIPELINING", "SIZE 52428800", "8BITMIME", "SMTPUTF8", "CHUNKING", "ENHANCEDSTATUSCODES"})
        EXPECT_TRUE(with.reply().contains(keyword)) << keyword;
    EXPECT_FALSE(with.reply().contains("AUTH"));
}

TEST(LmtpSession, OffersWhatSendersAskFor) { // RFC 3461, RFC 8689 §2
    auto with = make_conversation();
    with.send("LHLO client.example").expect("250-");
    for (const auto* keyword : {"DSN", "DELIVERBY", "MT-PRIORITY", "LIMITS RCPTMAX=1000"})
        EXPECT_TRUE(with.reply().contains(keyword)) << keyword;
    EXPECT_FALSE(with.reply().contains("REQUIRETLS"));
    EXPECT_FALSE(with.reply().contains("FUTURERELEASE")); // RFC 4865: submission alone
    with.send("MAIL FROM:<> REQUIRETLS").expect("530 5.7.0");
    with.send("MAIL FROM:<> HOLDFOR=1").expect("555 5.5.4");
    with.start_tls().send("LHLO client.example").expect("250-");
    EXPECT_TRUE(with.reply().contains("250-REQUIRETLS\r\n"));
    with.send("MAIL FROM:<> REQUIRETLS RET=FULL MT-PRIORITY=3").expect("250 2.1.0");
    with.send("RCPT TO:<ada@example.org> NOTIFY=SUCCESS").expect("250 2.1.5");
    with.backend().priority = 0;
    with.send("DATA").expect("354");
    with.content(".\r\n").expect("250 2.3.6 0 is the priority it has here. Ok: 0S.1");
    EXPECT_EQ(with.backend().accepted.at(0).asked, std::vector<std::string>{"SUCCESS|"});
}

TEST(LmtpSession, KnowsNoLogin) {
    auto with = make_conversation();
    with.send("LHLO client.example");
    with.send("AUTH PLAIN AGEAYg==").expect("502 5.5.1");
    EXPECT_EQ(with.backend().logins, 0U);
}

TEST(LmtpSession, AnswersEachRecipient) { // §4.2
    auto with = make_conversation();
    with.backend().accept_errors["ada@example.org"] = Errc::over_quota;
    add_recipients(with);
    with.send("DATA").expect("354");
    with.content("Subject: x\r\n\r\nhello\r\n.\r\n");
    EXPECT_EQ(with.reply(), "452 4.2.2 Mailbox full\r\n250 2.1.5 Ok: 0S.1\r\n");
    ASSERT_EQ(with.backend().accepted.size(), 1U);
    EXPECT_EQ(with.backend().accepted[0].recipients, std::vector<std::string>{"bob@example.org"});
    EXPECT_EQ(with.report().recipients, 2U);
    EXPECT_EQ(with.report().refused, 1U);
}

TEST(LmtpSession, AnswersDuplicatesToo) {
    auto with = make_conversation();
    add_recipients(with);
    with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    with.send("DATA");
    with.content("\r\nhello\r\n.\r\n");
    EXPECT_EQ(with.reply(), "250 2.1.5 Ok: 0S.1\r\n250 2.1.5 Ok: 0S.1\r\n250 2.1.5 Ok: 0S.1\r\n");
}

TEST(LmtpSession, RefusesFlawedContentForEachRecipient) {
    auto with = make_conversation();
    add_recipients(with);
    with.send("DATA");
    with.content("\r\nhel\nlo\r\n.\r\n");
    EXPECT_EQ(with.reply(), "521 5.5.2 bare <LF> received\r\n521 5.5.2 bare <LF> received\r\n");
    EXPECT_TRUE(with.is_over());
    EXPECT_TRUE(with.backend().accepted.empty());
}

TEST(LmtpSession, RefusesDataWithoutRecipient) { // §4.2: 503
    auto with = make_conversation();
    with.send("LHLO client.example");
    with.send("MAIL FROM:<>");
    with.send("RCPT TO:<nobody@example.org>").expect("550 5.1.1");
    with.send("DATA").expect("503 5.5.1");
}

TEST(LmtpSession, NeverPunishesUnknownRecipients) { // its peer is trusted and asks for many
    auto with = make_conversation();
    with.send("LHLO client.example");
    with.send("MAIL FROM:<>");
    for (int i = 0; i < 1000; ++i) {
        with.send("RCPT TO:<nobody@example.org>").expect("550 5.1.1");
        ASSERT_EQ(with.delay().count(), 0);
    }
    for (int i = 0; i < 1000; ++i) { // nor what stands behind them in the pipeline
        with.send("RSET").expect(i < 99 ? "250" : "421");
        if (with.is_over()) break;
        with.send("MAIL FROM:<>");
        with.send("RCPT TO:<nobody@example.org>").expect("550 5.1.1");
        if (i % 2 == 0) with.send("DATA").expect("503 5.5.1");
        if (i % 2 == 1) with.chunk("x: y\r\n", " LAST").expect("503 5.5.1");
        ASSERT_EQ(with.delay().count(), 0);
    }
}

TEST(LmtpTrace, SaysLmtp) { // RFC 3848 §1, RFC 6531 §4.3
    auto client = smtp::test::client_of(Service::lmtp);
    smtp::Envelope envelope;
    EXPECT_EQ(smtp::protocol_word(client, envelope), "LMTP");
    client.tls.emplace();
    EXPECT_EQ(smtp::protocol_word(client, envelope), "LMTPS");
    envelope.mail.smtputf8 = true;
    EXPECT_EQ(smtp::protocol_word(client, envelope), "UTF8LMTPS");
}

class LmtpRecord : public testing::Test {
protected:
    Conversation make() {
        return Conversation(Service::lmtp, [&](smtp::Server& server) {
            set_lmtp(server);
            server.trace = &kept;
        });
    }
    smtp::test::KeptRecords kept;
};

TEST_F(LmtpRecord, OfManyRecipientsSomeAndTheNumberOfTheOthers) {
    auto with = make();
    with.send("LHLO client.example").send("MAIL FROM:<>");
    for (int i = 0; i < 150; ++i) with.send("RCPT TO:<nobody@example.org>").expect("550");
    with.send("QUIT");
    EXPECT_EQ(kept.only().recipients.size(), trace::kMaxRecipients);
    EXPECT_EQ(kept.only().more_refused, 50U);
}

TEST_F(LmtpRecord, HasTheReplyOfEachRecipient) {
    auto with = make();
    with.backend().accept_errors["bob@example.org"] = Errc::over_quota;
    with.send("LHLO client.example").send("MAIL FROM:<>");
    with.send("RCPT TO:<ada@example.org>").send("RCPT TO:<nobody@example.org>");
    with.send("RCPT TO:<bob@example.org>").send("DATA").content("\r\n.\r\n");
    const auto& record = kept.only();
    ASSERT_EQ(record.recipients.size(), 3U);
    EXPECT_EQ(record.recipients[0].reply, "250 2.1.5 Ok: 0S.1");
    EXPECT_EQ(record.recipients[1].reply, "550 5.1.1 No such recipient here");
    EXPECT_EQ(record.recipients[2].reply, "452 4.2.2 Mailbox full");
    EXPECT_EQ(record.reply, "452 4.2.2 Mailbox full");
}

} // namespace
} // namespace maild::lmtp
