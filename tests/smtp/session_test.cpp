// Greeting, order of commands, pipelining, counters (RFC 5321 §4.1.4, §4.3; HARDENING 5 to 15).
#include "smtp/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace maild::smtp {
namespace {

using namespace std::string_literals;
using test::Conversation;

TEST(SmtpSession, GreetsAndLeaves) {
    Conversation with;
    with.expect("220 mx.example.org ESMTP");
    with.send("HELO client.example").expect("250 mx.example.org\r\n");
    with.send("QUIT").expect("221 2.0.0");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpSession, OffersExactlyItsExtensions) {
    Conversation with;
    with.send("EHLO client.example");
    EXPECT_EQ(with.reply(),
              "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n"
              "250-SMTPUTF8\r\n250-STARTTLS\r\n250 ENHANCEDSTATUSCODES\r\n");
    with.start_tls().send("EHLO client.example");
    EXPECT_FALSE(with.reply().contains("STARTTLS"));
    EXPECT_FALSE(with.reply().contains("AUTH"));
}

TEST(SmtpSession, OffersLoginUnderTlsAlone) { // HARDENING 24
    Conversation with(Service::submission);
    with.send("EHLO client.example");
    EXPECT_FALSE(with.reply().contains("AUTH"));
    with.start_tls().send("EHLO client.example");
    EXPECT_TRUE(with.reply().contains("250-AUTH SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN\r\n"));
}

TEST(SmtpSession, AnswersWhatNeedsNoGreeting) {
    Conversation with;
    with.send("NOOP").expect("250 2.0.0");
    with.send("HELP").expect("214 2.0.0");
    with.send("VRFY ada").expect("252 2.1.5");
    with.send("RSET").expect("250 2.0.0");
    with.send("EXPN list").expect("502 5.5.1");
    with.send("ETRN example.org").expect("502 5.5.1");
    with.send("MAIL FROM:<>").expect("503 5.5.1");
    with.send("STARTTLS").expect("503 5.5.1");
    with.send("LHLO client.example").expect("500 5.5.1");
}

TEST(SmtpSession, RefusesCommandsOutOfOrder) { // HARDENING 15
    Conversation with;
    with.hello();
    with.send("RCPT TO:<ada@example.org>").expect("503 5.5.1");
    with.send("DATA").expect("503 5.5.1");
    with.send("MAIL FROM:<>").expect("250");
    with.send("DATA").expect("503 5.5.1");
    with.send("MAIL FROM:<>").expect("503 5.5.1"); // nested
    with.send("STARTTLS").expect("503 5.5.1");
    with.send("AUTH PLAIN AGEAYg==").expect("503 5.5.1");
    with.send("VRFY ada")
        .expect("252 2.1.5"); // allowed any time, RFC 5321 §4.1.4, and changes nothing
    with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    with.send("DATA").expect("354");
}

TEST(SmtpSession, ForgetsTheTransactionAtRsetAndGreeting) {
    for (const auto* reset : {"RSET", "EHLO client.example", "HELO client.example"}) {
        Conversation with;
        with.hello();
        with.send("MAIL FROM:<>");
        with.send("RCPT TO:<ada@example.org>").expect("250");
        with.send(reset).expect("250");
        EXPECT_FALSE(with.session().in_transaction());
        with.send("RCPT TO:<ada@example.org>").expect("503 5.5.1");
        with.send("DATA").expect("503 5.5.1");
    }
}

TEST(SmtpSession, RefusesLongLines) { // HARDENING 7
    Conversation with;
    with.send("NOOP " + std::string(2041, 'x')).expect("250"); // 2 048 with CRLF
    with.send("NOOP " + std::string(2042, 'x')).expect("500 5.5.6");
    net::Line line;
    line.text = "NOOP";
    line.too_long = true;
    with.send(line).expect("500 5.5.6");
}

TEST(SmtpSession, RefusesNulAndBareLineEnds) { // HARDENING 8
    Conversation with;
    with.send("NOOP\0x"s).expect("500 5.5.2");
    with.send("NOOP\rQUIT").expect("500 5.5.2");
    with.send("NOOP\nQUIT").expect("500 5.5.2");
    with.send("NOOP \x80").expect("250");
    EXPECT_FALSE(with.is_over());
}

TEST(SmtpSession, EndsAfterTenMistakes) { // HARDENING 9
    Conversation with;
    for (int i = 0; i < 10; ++i) with.send("XYZZY", true).expect("500 5.5.2");
    with.send("XYZZY").expect("421 4.7.0");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpSession, CountsMistakesAnewAfterAMessage) {
    Conversation with;
    with.hello();
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 10; ++i) with.send("XYZZY").expect("500");
        with.until_data().content("\r\n.\r\n").expect("250");
    }
}

TEST(SmtpSession, EndsWhenItIsOnlyKeptBusy) {
    Conversation with;
    for (int i = 0; i < 100; ++i) with.send("NOOP").expect("250");
    with.send("NOOP").expect("421 4.7.0");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpSession, TurnsBrowsersAway) { // HARDENING 9, ALPACA
    for (const auto* line : {"GET / HTTP/1.1", "POST / HTTP/1.1", "Host: mx.example.org"}) {
        Conversation with;
        with.send(line, true).expect("421 4.7.0");
        EXPECT_TRUE(with.is_over()) << line;
    }
}

TEST(SmtpSession, ClosesOnBdatBecauseItsChunkFollows) { // HARDENING 17
    Conversation with;
    with.hello().send("BDAT 86 LAST", true).expect("502 5.5.1");
    EXPECT_THAT(with.reply(), testing::HasSubstr("\r\n421 4.7.0 ")); // says that it closes
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpSession, TakesPipelinedGroups) { // RFC 2920 §3.1
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example>", true).expect("250");
    with.send("RCPT TO:<ada@example.org>", true).expect("250");
    with.send("RCPT TO:<bob@example.org>", true).expect("250");
    with.send("DATA").expect("354");
}

TEST(SmtpSession, EndsWhenInputRunsAhead) { // RFC 2920 §3.1, HARDENING 6 and 21
    for (const auto* line :
         {"DATA", "EHLO client.example", "NOOP", "VRFY ada", "STARTTLS", "AUTH PLAIN"}) {
        Conversation with(Service::submission);
        with.hello();
        with.send(line, true).expect("421 4.7.0");
        EXPECT_TRUE(with.is_over()) << line;
        EXPECT_NE(with.session().expects(), Expects::tls_handshake);
    }
}

TEST(SmtpSession, AllowsNoPipeliningWithoutEhlo) { // HARDENING 6
    Conversation with;
    with.send("HELO client.example").expect("250");
    with.send("MAIL FROM:<>", true).expect("421 4.7.0");
    EXPECT_TRUE(with.is_over());
    Conversation early;
    early.send("EHLO client.example", true).expect("421 4.7.0");
}

TEST(SmtpSession, ReadsNothingBehindQuit) {
    Conversation with;
    with.hello();
    with.send("QUIT", true).expect("221");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpSession, EchoesNothingOfItsPeer) { // HARDENING 10
    Conversation with;
    for (const auto* line :
         {"EHLO client.evil", "MAIL FROM:<evil@evil.example>", "RCPT TO:<evil@evil.example>",
          "VRFY evil", "evil", "HELP evil", "AUTH evil"}) {
        with.send(line);
        EXPECT_FALSE(with.reply().contains("evil")) << with.reply();
    }
}

TEST(SmtpSession, ForgetsEverythingAtStartTls) { // RFC 3207 §4.2, HARDENING 23
    Conversation with;
    with.hello();
    with.send("STARTTLS").expect("220 2.0.0");
    EXPECT_EQ(with.session().expects(), Expects::tls_handshake);
    with.start_tls();
    EXPECT_EQ(with.session().expects(), Expects::command);
    EXPECT_TRUE(with.session().client().hello.empty());
    with.send("MAIL FROM:<>").expect("503 5.5.1");
    with.hello();
    with.send("STARTTLS").expect("503 5.5.1"); // twice
}

TEST(SmtpSession, KnowsNoStartTlsWithoutCertificate) {
    Conversation with(Service::relay_in, [](Server& server) { server.tls = nullptr; });
    with.hello();
    EXPECT_FALSE(with.reply().contains("STARTTLS"));
    with.send("STARTTLS").expect("502 5.5.1");
}

} // namespace
} // namespace maild::smtp
