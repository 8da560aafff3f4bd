#include "pop3/limits.hpp"
#include "pop3/support/peer.hpp"

#include <gtest/gtest.h>

namespace maild::pop3::test {
namespace {

using namespace std::chrono_literals;

std::string message(std::string_view subject) {
    return "Subject: " + std::string(subject) + "\r\n\r\nbody\r\n";
}

std::string stuffed(std::string_view content) {
    std::string out;
    Transfer transfer(content.size(), std::nullopt);
    transfer.append(out, content);
    return out;
}

std::string retrieved(std::string_view content) {
    return "+OK " + std::to_string(content.size()) + " octets\r\n" + stuffed(content);
}

TEST(Pop3Session, TakesNoPasswordInTheClear) {
    Host host;
    host.server->plaintext = auth::PlaintextPolicy::never;
    host.pretend_tls();
    Client client(host);
    const auto capabilities = client.say("CAPA");
    EXPECT_TRUE(capabilities.contains("\r\nSTLS\r\n"));
    EXPECT_FALSE(capabilities.contains("\r\nUSER\r\n"));
    EXPECT_FALSE(capabilities.contains("SASL"));
    EXPECT_EQ(client.say("USER ada"), "-ERR Use STLS first\r\n");
    EXPECT_EQ(client.say("PASS password"), "-ERR Use STLS first\r\n");
    EXPECT_EQ(client.say("AUTH PLAIN AGFkYQBwYXNzd29yZA=="), "-ERR Use STLS first\r\n");
    EXPECT_EQ(host.backend.logins, 0);
    EXPECT_TRUE(client.say("STLS").starts_with("+OK"));
    EXPECT_EQ(client.session().expects(), Expects::tls);
    client.session().on_tls({});
    const auto under_tls = client.say("CAPA");
    EXPECT_FALSE(under_tls.contains("STLS"));
    EXPECT_TRUE(under_tls.contains("\r\nSASL SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN\r\n"));
    EXPECT_EQ(client.say("STLS"), "-ERR TLS is active already\r\n");
    EXPECT_TRUE(client.log_in().starts_with("+OK"));
}

TEST(Pop3Session, ForgetsAtStlsWhatWasSaidInTheClear) { // RFC 2595 §4
    Host host;
    host.pretend_tls();
    Client client(host);
    client.say("USER ada");
    client.say("STLS");
    client.session().on_tls({});
    EXPECT_EQ(client.say("PASS password"), "-ERR USER comes first\r\n");
}

TEST(Pop3Session, EndsWhenSomethingFollowsStls) { // HARDENING 21
    Host host;
    host.pretend_tls();
    Client client(host);
    EXPECT_EQ(client.say("STLS", true), "-ERR Nothing may follow STLS\r\n");
    EXPECT_FALSE(client.is_open());
}

TEST(Pop3Session, RefusesStlsWithoutCertificateAndBehindUtf8) {
    Host host;
    Client client(host);
    EXPECT_TRUE(client.say("STLS").starts_with("-ERR"));
    host.pretend_tls();
    client.say("UTF8");
    EXPECT_EQ(client.say("STLS"), "-ERR STLS comes before UTF8\r\n"); // RFC 6856 §2.1
}

TEST(Pop3Session, GuessingGetsSlowerAndEnds) {
    Host host;
    Client client(host);
    for (const auto delay : {2s, 4s, 8s}) {
        EXPECT_TRUE(client.is_open());
        client.say("USER ada");
        EXPECT_EQ(client.say("PASS wrong"), "-ERR [AUTH] Authentication failed\r\n");
        EXPECT_EQ(client.delay(), delay);
    }
    EXPECT_FALSE(client.is_open());
}

TEST(Pop3Session, OurFaultsAreNoGuesses) {
    Host host;
    Client client(host);
    for (const auto code : {Errc::busy, Errc::unavailable, Errc::timed_out, Errc::io}) {
        host.backend.failure = code;
        for (int i = 0; i < 5; ++i) EXPECT_TRUE(client.log_in().starts_with("-ERR [SYS/TEMP] "));
        EXPECT_EQ(client.delay(), 0ms);
    }
    host.backend.failure.reset();
    host.store.set_failure(Errc::io);
    EXPECT_TRUE(client.log_in().starts_with("-ERR [SYS/TEMP] "));
    host.store.set_failure(std::nullopt);
    EXPECT_TRUE(client.log_in().starts_with("+OK"));
}

TEST(Pop3Session, HoldsTheAnswerBackAsLongAsTheNetworkDeserves) { // HARDENING 40
    Host host;
    Client client(host);
    host.backend.hold_back = 5s;
    for (const auto want : {5s, 5s, 8s}) {
        client.say("USER ada");
        EXPECT_EQ(client.say("PASS wrong"), "-ERR [AUTH] Authentication failed\r\n");
        EXPECT_EQ(client.delay(), want);
    }
}

TEST(Pop3Session, EndsForANetworkThatIsTurnedAway) { // HARDENING 40
    Host host;
    Client client(host);
    host.backend.failure = Errc::limit_exceeded;
    EXPECT_EQ(client.log_in(),
              "-ERR [SYS/TEMP] Too many failed logins from your network, try again later\r\n");
    EXPECT_FALSE(client.is_open());
}

TEST(Pop3Session, EndsAfterTenCommandsThatAreNone) {
    Host host;
    Client client(host);
    for (unsigned i = 1; i < Limits().bad_commands; ++i) client.say("XYZZY");
    client.say("CAPA"); // one that is starts anew
    for (unsigned i = 1; i < Limits().bad_commands; ++i) {
        EXPECT_TRUE(client.say(i % 2 == 0 ? "RETR x" : "RETR 1").starts_with("-ERR"));
        EXPECT_TRUE(client.is_open()) << i;
    }
    EXPECT_EQ(client.say("XYZZY"), "-ERR Too many errors\r\n");
    EXPECT_FALSE(client.is_open());
}

TEST(Pop3Session, SendsBrowsersAway) {
    Host host;
    Client client(host);
    EXPECT_EQ(client.say("POST / HTTP/1.1"), "-ERR This is a POP3 server\r\n");
    EXPECT_FALSE(client.is_open());
}

TEST(Pop3Session, RefusesLinesThatAreNone) {
    Host host;
    Client client(host);
    net::Line long_line = line_of("CAPA");
    long_line.too_long = true;
    EXPECT_EQ(client.say(long_line), "-ERR The line is too long\r\n");
    EXPECT_TRUE(client.say(std::string_view("CAPA\0", 5)).starts_with("-ERR"));
    EXPECT_TRUE(client.say("CA\rPA").starts_with("-ERR"));
    client.say("AUTH PLAIN");
    EXPECT_EQ(client.say(long_line), "-ERR Malformed response\r\n");
    EXPECT_TRUE(client.say("CAPA").starts_with("+OK"));
}

TEST(Pop3Session, DeletesAtQuitAndNowhereElse) { // RFC 1939 §6
    Host host;
    host.append({message("1"), message("2"), message("3")});
    {
        Client client(host);
        client.log_in();
        client.say("DELE 1");
        client.say("RETR 2");
    } // gone without QUIT
    EXPECT_EQ(host.inbox(), "1 2 3");
    Client client(host);
    client.log_in();
    client.say("DELE 1");
    client.say("RSET");
    client.say("DELE 3");
    client.say("RETR 2");
    client.say("TOP 1 5");
    EXPECT_EQ(host.inbox(), "1 2 3");
    EXPECT_EQ(client.say("QUIT"), "+OK Goodbye\r\n");
    EXPECT_FALSE(client.is_open());
    EXPECT_EQ(host.inbox(), "1 2s") << "what was retrieved is seen, TOP is no retrieval";
    EXPECT_EQ(client.session().removed(), 1U);
    EXPECT_EQ(client.session().retrieved(), 1U);
}

TEST(Pop3Session, SaysWhenItCouldNotDelete) {
    Host host;
    host.append({message("1")});
    Client client(host);
    client.log_in();
    client.say("DELE 1");
    host.store.set_failure(Errc::io);
    EXPECT_TRUE(client.say("QUIT").starts_with("-ERR [SYS/TEMP]"));
    EXPECT_FALSE(client.is_open());
    host.store.set_failure(std::nullopt);
    EXPECT_EQ(host.inbox(), "1");
    EXPECT_EQ(client.session().removed(), 0U);
}

TEST(Pop3Session, LeavesMailThatImapMarkedAlone) {
    Host host;
    host.append({message("1"), message("2")});
    Client client(host);
    client.log_in();
    client.say("DELE 2");
    host.append({message("came meanwhile")});
    EXPECT_EQ(client.say("STAT"), "+OK 1 20\r\n") << "numbers do not change";
    client.say("QUIT");
    EXPECT_EQ(host.inbox(), "1 3");
}

TEST(Pop3Session, KeepsNumbersWhenAnotherSessionExpunges) {
    Host host;
    host.append({message("1"), message("2"), message("3")});
    Client client(host);
    client.log_in();
    host.other().expunge(1);
    EXPECT_EQ(client.say("STAT"), "+OK 3 60\r\n");
    EXPECT_EQ(client.say("RETR 1"), "-ERR There is no such message\r\n");
    EXPECT_EQ(client.say("RETR 2"), retrieved(message("2")));
    client.say("DELE 1");
    client.say("DELE 2");
    EXPECT_EQ(client.say("QUIT"), "+OK Goodbye\r\n");
    EXPECT_EQ(host.inbox(), "3");
}

TEST(Pop3Session, IsOneForEachMaildrop) { // RFC 1939 §4
    Host host;
    auto first = std::make_unique<Client>(host);
    Client second(host);
    first->log_in();
    EXPECT_TRUE(second.log_in().starts_with("-ERR [IN-USE]"));
    EXPECT_TRUE(second.log_in("bob").starts_with("+OK")) << "another's maildrop";
    Client third(host);
    first.reset();
    EXPECT_TRUE(third.log_in().starts_with("+OK"));
    third.say("QUIT");
}

TEST(Pop3Session, EndsWhenTheStoreIsLost) {
    Host host;
    host.append({message("1")});
    Client client(host);
    client.log_in();
    client.say("DELE 1");
    host.store.lose_sessions();
    EXPECT_TRUE(client.session().is_lost());
    EXPECT_TRUE(client.say("QUIT").starts_with("-ERR [SYS/TEMP]"));
    EXPECT_FALSE(client.is_open());
    EXPECT_EQ(host.inbox(), "1");
}

TEST(Pop3Session, SendsLargeMessagesInPieces) {
    Host host;
    std::string large = "Subject: large\r\n\r\n";
    for (int i = 0; large.size() < 3 * kPiece; ++i) large += "." + std::to_string(i) + "\r\n";
    host.append({message("1"), large, message("3")});
    Client client(host);
    client.log_in();
    EXPECT_EQ(client.say("RETR 1"), retrieved(message("1")));
    EXPECT_EQ(client.say("RETR 2"), retrieved(large));
    EXPECT_GE(client.pieces(), 3);
    EXPECT_EQ(client.say("RETR 3"), retrieved(message("3")));
    EXPECT_EQ(client.say("TOP 2 1"), "+OK " + std::to_string(large.size()) +
                                         " octets\r\nSubject: large\r\n\r\n..0\r\n.\r\n");
    EXPECT_EQ(client.say("TOP 2 0"),
              "+OK " + std::to_string(large.size()) + " octets\r\nSubject: large\r\n\r\n.\r\n");
}

// Messages of the sizes where one way of reading ends and the next begins.
TEST(Pop3Session, SendsEachMessageAsItIsInAnyOrder) {
    Host host;
    std::vector<std::string> contents;
    for (const std::size_t size :
         {std::size_t{30}, store::kMaxInlineContent - 1, store::kMaxInlineContent,
          store::kMaxInlineContent + 1, std::size_t{40}, std::size_t{50}, std::size_t{60}}) {
        std::string content = "Subject: " + std::to_string(size) + "\r\n\r\n";
        content.resize(size, 'x');
        host.append({content});
        contents.push_back(std::move(content));
    }
    Client client(host);
    client.log_in();
    const auto retr = [&](std::size_t number) {
        EXPECT_EQ(client.say("RETR " + std::to_string(number)), retrieved(contents[number - 1]))
            << number;
    };
    for (std::size_t i = 1; i <= contents.size(); ++i) retr(i);
    for (std::size_t i = contents.size(); i > 0; --i) retr(i);
    client.say("DELE 2");
    client.say("DELE 6");
    for (const std::size_t number : {1, 3, 4, 5, 7, 5, 5, 1}) retr(number);
}

// RFC 6856 §2.1: longer or shorter than what is stored, and read on at the right place.
TEST(Pop3Session, SendsASurrogateInTheHeadersPlaceAlone) {
    Host host;
    std::string body;
    for (int i = 0; body.size() < 3 * kPiece; ++i) body += std::to_string(i) + "\xc3\xa4\r\n";
    const std::string longer = "Subject: \xc3\xa4\r\n\r\n",
                      shorter = "Date: \xc3\xa4\r\nA: b\r\n\r\n";
    host.append({longer + body, shorter + body, longer + "x\r\n", "Date: \xc3\xa4\r\n"});
    Client client(host);
    client.log_in();
    EXPECT_EQ(client.say("RETR 1"), retrieved("Subject: =?UTF-8?B?w6Q=?=\r\n\r\n" + body));
    EXPECT_EQ(client.say("RETR 2"), retrieved("A: b\r\n\r\n" + body));
    EXPECT_EQ(client.say("RETR 3"), retrieved("Subject: =?UTF-8?B?w6Q=?=\r\n\r\nx\r\n"));
    EXPECT_EQ(client.say("RETR 4"), retrieved(""));
}

// Octets as LIST says them: RFC 1939 §11, and no dot-stuffing in it.
TEST(Pop3Session, SizesAreWhatIsSent) {
    Host host;
    host.append({"a: b\r\n\r\n.\r\n..\r\n"});
    Client client(host);
    client.log_in();
    EXPECT_EQ(client.say("LIST 1"), "+OK 1 15\r\n");
    EXPECT_EQ(client.say("RETR 1"), "+OK 15 octets\r\na: b\r\n\r\n..\r\n...\r\n.\r\n");
}

} // namespace
} // namespace maild::pop3::test
