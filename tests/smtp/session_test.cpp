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

TEST(SmtpSession, EndsWhereSendersAreRefusedWithoutEnd) {
    Conversation with;
    with.backend().sender_error = Errc::not_permitted;
    with.send("EHLO client.example").expect("250");
    for (int i = 0; i < 200 && !with.is_over(); ++i) with.send("MAIL FROM:<a@evil.example>");
    with.expect("421");
    EXPECT_TRUE(with.is_over());
    Conversation later;
    later.backend().sender_error = Errc::no_space; // no fault of the peer's
    later.send("EHLO client.example").expect("250");
    for (int i = 0; i < 200; ++i) later.send("MAIL FROM:<a@example.com>").expect("452");
}

TEST(SmtpSession, OffersExactlyItsExtensions) {
    Conversation with;
    with.send("EHLO client.example");
    EXPECT_EQ(with.reply(),
              "250-mx.example.org\r\n250-PIPELINING\r\n250-SIZE 52428800\r\n250-8BITMIME\r\n"
              "250-SMTPUTF8\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250-DSN\r\n250-DELIVERBY\r\n250-"
              "MT-PRIORITY\r\n"
              "250-LIMITS RCPTMAX=1000\r\n250-STARTTLS\r\n250 ENHANCEDSTATUSCODES\r\n");
    with.start_tls().send("EHLO client.example");
    EXPECT_FALSE(with.reply().contains("STARTTLS"));
    EXPECT_FALSE(with.reply().contains("AUTH"));
    EXPECT_TRUE(with.reply().contains("250-REQUIRETLS\r\n")); // RFC 8689 §2
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

TEST(SmtpSession, EndsAfterSoManyCommands) {
    Conversation with(Service::relay_in, [](Server& server) { server.limits.commands = 4; });
    with.hello();
    with.send("MAIL FROM:<eve@remote.example>").expect("250 2.1.0");
    with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    with.send("RSET").expect("250");
    with.send("MAIL FROM:<eve@remote.example>").expect("421 4.7.0 Too many commands");
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

// Where the chunk ends is not known: its octets must not be commands.
TEST(SmtpSession, ClosesOnBdatThatItCannotFollow) { // HARDENING 17
    for (const auto* line :
         {"BDAT", "BDAT -1", "BDAT 1 FOO", "BDAT 1 LAST x", "BDAT x", "BDAT 1LAST",
          "BDAT 18446744073709551616", "BDAT 99999999999999999999999"}) {
        Conversation with;
        with.hello().send(line, true).expect("501 5.5.4");
        EXPECT_THAT(with.reply(), testing::HasSubstr("\r\n421 4.7.0 ")) << line;
        EXPECT_TRUE(with.is_over()) << line;
    }
}

TEST(SmtpSession, TakesChunks) { // RFC 3030 §2
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example>", true).expect("250");
    with.send("RCPT TO:<ada@example.org>", true).expect("250");
    with.chunk("Subject: x\r\n\r").expect("250 2.0.0 13 octets");
    with.chunk("").expect("250 2.0.0 0 octets");
    with.send("NOOP").expect("250 2.0.0 Ok"); // changes nothing
    with.chunk("\n.\r\n..\r\n", " LAST").expect("250 2.0.0 Ok: ");
    ASSERT_EQ(with.backend().accepted.size(), 1U);
    EXPECT_EQ(with.backend().accepted[0].content, "Subject: x\r\n\r\n.\r\n..\r\n");
    EXPECT_EQ(with.report().size, 21U);
    EXPECT_FALSE(with.session().in_transaction());
    with.send("MAIL FROM:<>").expect("250"); // the next one begins anew
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.chunk("Subject: y", " last").expect("250 2.0.0 Ok: ");
    EXPECT_EQ(with.backend().accepted[1].content, "Subject: y\r\n") << "a line has an end";
}

TEST(SmtpSession, ReadsTheChunksThatItRefuses) { // RFC 3030 §2, HARDENING 15 and 17
    const std::string trick = "RSET\r\nMAIL FROM:<smuggled@remote.example>\r\n";
    Conversation with;
    with.chunk(trick).expect("503 5.5.1 Greet first");
    with.hello();
    with.chunk("", " LAST").expect("503 5.5.1");
    with.chunk(trick, " LAST").expect("503 5.5.1");
    EXPECT_FALSE(with.session().in_transaction());
    with.send("MAIL FROM:<eve@remote.example>").expect("250");
    with.chunk("Subject: first half\r\n").expect("503 5.5.1 Need a valid recipient");
    // Half of a message must not pass for the whole.
    with.send("RCPT TO:<ada@example.org>").expect("503 5.5.1");
    with.chunk("\r\nsecond half\r\n", " LAST").expect("503 5.5.1");
    with.send("DATA").expect("503 5.5.1");
    EXPECT_TRUE(with.backend().accepted.empty());
    with.send("RSET").expect("250");
    with.send("MAIL FROM:<eve@remote.example>").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.chunk("x: y\r\n", " LAST").expect("250");
}

TEST(SmtpSession, KeepsToOneWayOfSending) { // RFC 3030 §2
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example>").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.chunk("a: b\r\n").expect("250");
    with.send("DATA").expect("503 5.5.1");
    with.send("RCPT TO:<bob@example.org>").expect("503 5.5.1");
    with.chunk("", " LAST").expect("250 2.0.0 Ok: ");
    EXPECT_EQ(with.backend().accepted.back().recipients.size(), 1U);
}

TEST(SmtpSession, ForgetsTheChunksAtResets) { // HARDENING 19
    for (const auto* reset : {"RSET", "EHLO client.example"}) {
        Conversation with;
        with.hello();
        for (const auto* line : {"MAIL FROM:<eve@remote.example>", "RCPT TO:<ada@example.org>"})
            with.send(line).expect("250");
        with.chunk("a: b\r\n").expect("250");
        with.send(reset).expect("250");
        EXPECT_EQ(with.host().budget.used(), 0U) << "no octet is kept";
        with.chunk("c: d\r\n", " LAST").expect("503 5.5.1");
        for (const auto* line : {"MAIL FROM:<eve@remote.example>", "RCPT TO:<ada@example.org>"})
            with.send(line).expect("250");
        with.chunk("e: f\r\n", " LAST").expect("250");
        EXPECT_EQ(with.backend().accepted.back().content, "e: f\r\n") << reset;
    }
    Conversation with;
    with.hello();
    for (const auto* line : {"MAIL FROM:<eve@remote.example>", "RCPT TO:<ada@example.org>"})
        with.send(line).expect("250");
    with.chunk("a: b\r\n").expect("250");
    with.send("STARTTLS").expect("503 5.5.1");
}

TEST(SmtpSession, JudgesEachChunk) {
    const auto until_chunk = [](Conversation& with) {
        with.hello();
        with.send("MAIL FROM:<eve@remote.example>").expect("250");
        with.send("RCPT TO:<ada@example.org>").expect("250");
    };
    Conversation smuggler; // HARDENING 2
    until_chunk(smuggler);
    smuggler.chunk("a: b\r\n\r\n.\n").expect("521 5.5.2 bare <LF>");
    EXPECT_TRUE(smuggler.is_over());
    Conversation cut; // a CR at the end of a chunk is judged by the next one
    until_chunk(cut);
    cut.chunk("a: b\r").expect("250");
    cut.chunk("c").expect("521 5.5.2 bare <CR>");
    Conversation open;
    until_chunk(open);
    open.chunk("a: b\r", " LAST").expect("521 5.5.2 bare <CR>");
    Conversation large(Service::relay_in, [](Server& server) { server.limits.message_size = 10; });
    until_chunk(large);
    large.chunk("a: b\r\n").expect("250");
    large.chunk("c: d\r\n").expect("552 5.3.4");
    large.chunk("", " LAST").expect("503 5.5.1");
    EXPECT_TRUE(large.backend().accepted.empty());
    Conversation many(Service::relay_in, [](Server& server) { server.limits.chunks = 5; });
    until_chunk(many);
    for (int i = 0; i < 5; ++i) many.chunk("a").expect("250");
    many.chunk("a").expect("421 4.7.0 Too many chunks");
    EXPECT_TRUE(many.is_over());
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

TEST(Session, TellsALocalUserWhoItIs) {
    Conversation with(Service::local, [](Server& server) {
        server.local = LocalUser{33, "www-data", "example.org"};
        server.tls = nullptr;
    });
    with.hello();
    EXPECT_TRUE(with.reply().contains("250-XLOCAL www-data example.org\r\n")) << with.reply();
    EXPECT_FALSE(with.reply().contains("STARTTLS"));
    EXPECT_FALSE(with.reply().contains("AUTH"));
    with.send("AUTH PLAIN =").expect("502");
    with.send("MAIL FROM:<www-data@example.org>").expect("250");
    Conversation other;
    EXPECT_FALSE(other.hello().reply().contains("XLOCAL"));
}

} // namespace
} // namespace maild::smtp
