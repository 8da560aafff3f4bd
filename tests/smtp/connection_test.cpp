// Whole connections over socket pairs: what a peer sees on the wire (HARDENING 5, 7, 18, 20 to 22).
#include "smtp/wire.hpp"
#include "support/tls_client.hpp"

#include "maild/net/certificate.hpp"
#include "maild/net/local_signer.hpp"

#include <algorithm>
#include <random>

namespace maild::smtp {
namespace {

using namespace std::chrono_literals;
using maild::test::TlsClient;
using test::kGreeting;
using test::Wire;

TEST(SmtpConnection, AnswersAPipelinedGroupAtOnce) { // RFC 2920 §3.2
    Wire wire;
    wire.until_content();
    EXPECT_EQ(wire.transact("Subject: x\r\n\r\nhello\r\n.\r\n", "\r\n").substr(0, 10),
              "250 2.0.0 ");
    wire.send("QUIT\r\n");
    EXPECT_EQ(wire.read_rest(), "221 2.0.0 Bye\r\n");
    ASSERT_EQ(wire.backend().accepted.size(), 1U);
    EXPECT_EQ(wire.backend().accepted[0].content, "Subject: x\r\n\r\nhello\r\n");
}

// RFC 2920: what has come at once can be looked up at once. Each is answered for itself.
TEST(SmtpConnection, LooksAGroupOfRecipientsUpTogether) {
    Wire wire;
    wire.read_until(kGreeting);
    wire.send("EHLO client.example\r\n");
    wire.read_until("250 ENHANCEDSTATUSCODES\r\n");
    wire.send("MAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nrcpt to:<nobody@example.org>\r\n"
              "RCPT TO:<@>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n");
    const auto replies = wire.read_until("354 ");
    using List = std::vector<std::string>;
    EXPECT_EQ(wire.backend().looked_up,
              (List{"ada@example.org nobody@example.org bob@example.org"}));
    EXPECT_LT(replies.find("550 5.1.1"), replies.find("501 "));
    wire.transact("\r\nhello\r\n.\r\n", "250 2.0.0");
    EXPECT_EQ(wire.backend().accepted.at(0).recipients,
              (List{"ada@example.org", "bob@example.org"}));

    wire.send("MAIL FROM:<>\r\nRCPT TO:<ada@example.org>\r\nRSET\r\nMAIL FROM:<>\r\n"
              "RCPT TO:<bob@example.org>\r\nRCPT TO:<ada@example.org>\r\nRSET\r\nNOOP\r\n");
    wire.read_until("250 2.0.0 Ok\r\n250 2.0.0 Ok\r\n");
    EXPECT_EQ(wire.backend().looked_up.size(), 2U) << "one alone is no group";
    EXPECT_EQ(wire.backend().looked_up.back(), "bob@example.org ada@example.org");
}

TEST(SmtpConnection, TakesTheNextTransactionBehindTheDot) {
    Wire wire;
    wire.until_content();
    wire.send("\r\nhello\r\n.\r\nMAIL FROM:<>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n");
    wire.read_until("354 ");
    wire.transact("\r\nagain\r\n.\r\n", "250 2.0.0");
    ASSERT_EQ(wire.backend().accepted.size(), 2U);
    EXPECT_EQ(wire.backend().accepted[1].content, "\r\nagain\r\n");
}

TEST(SmtpConnection, SeesTheSameInSingleOctets) {
    Wire wire;
    wire.read_until(kGreeting);
    const auto slowly = [&wire](std::string_view bytes, std::string_view end) {
        for (const char& c : bytes) {
            wire.send({&c, 1});
            wire.turn(0ms);
        }
        return wire.read_until(end);
    };
    slowly("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    slowly("MAIL FROM:<>\r\n", "250 2.1.0");
    slowly("RCPT TO:<ada@example.org>\r\n", "250 2.1.5");
    slowly("DATA\r\n", "354");
    slowly("a\r\n..b\r\n.\r\n", "250 2.0.0");
    EXPECT_EQ(wire.backend().accepted.at(0).content, "a\r\n.b\r\n");
}

// What a peer hears from greeting to end, its octets cut at random by `seed`; 0 sends each group as
// one. Between groups it waits, as RFC 2920 §3.1 has it.
std::string hear_all(unsigned seed) {
    struct Group {
        std::string_view bytes;
        std::string_view until;
    };
    constexpr Group kGroups[] = {
        {"EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n"},
        {"XYZZY\r\nMAIL FROM:<eve@remote.example> SIZE=-1\r\nMAIL FROM:<eve@remote.example>\r\n"
         "RCPT TO:<nobody@\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n",
         "354 "},
        {"Subject: x\r\n\r\n..\r\n.x\r\nhello\r\n.\r\nMAIL FROM:<>\r\nNO\rOP\r\n"
         "RCPT TO:<ada@example.org>\r\nDATA\r\n",
         "354 "},
        {"Subject: y\r\n\r\na\n.\nb\r\n.\r\nRSET\r\nQUIT\r\n", "521 5.5.2"},
    };
    std::minstd_rand random(seed);
    Wire wire;
    auto heard = wire.read_until(kGreeting);
    for (auto [bytes, until] : kGroups) {
        while (!bytes.empty()) {
            const auto size = seed == 0 ? bytes.size() : std::min(bytes.size(), 1 + random() % 12);
            wire.send(bytes.substr(0, size));
            if (seed != 0) wire.turn(0ms);
            bytes.remove_prefix(size);
        }
        heard += wire.read_until(until);
    }
    return heard +
           wire.read_rest(); // nothing: RSET and QUIT behind the smuggled content are not read
}

TEST(SmtpConnection, SaysTheSameHoweverOctetsAreCut) {
    const auto want = hear_all(0);
    for (unsigned seed = 1; seed <= 50; ++seed) EXPECT_EQ(hear_all(seed), want) << "seed " << seed;
}

TEST(SmtpConnection, SaysThatItTimedOut) { // RFC 5321 §3.8, §4.5.3.2.7
    Wire wire(Service::relay_in, [](Server& server) { server.limits.command_timeout = 50ms; });
    EXPECT_EQ(wire.read_rest(), std::string(kGreeting) + "421 4.4.2 Timeout\r\n");
}

TEST(SmtpConnection, StoresNothingOfContentThatStops) { // HARDENING 18
    Wire wire(Service::relay_in, [](Server& server) { server.limits.data_timeout = 50ms; });
    wire.until_content();
    wire.send("Subject: x\r\n\r\nhel");
    EXPECT_TRUE(wire.read_rest().ends_with("421 4.4.2 Timeout\r\n"));
    Wire closed;
    closed.until_content();
    closed.send("Subject: x\r\n\r\nhel");
    closed.close();
    closed.turn(20ms);
    EXPECT_EQ(closed.gate().count(), 0U);
    EXPECT_TRUE(wire.backend().accepted.empty());
    EXPECT_TRUE(closed.backend().accepted.empty());
}

TEST(SmtpConnection, EndsContentThatTrickles) {
    Wire wire;
    wire.until_content();
    wire.send("Subject: x\r\n");
    wire.turn(5ms);
    wire.clock().advance(200s); // 180 s are free, then 500 octets a second
    wire.send("y");
    EXPECT_TRUE(wire.read_rest().ends_with("421 4.4.2 Timeout\r\n"));
}

TEST(SmtpConnection, KeepsWhatWasStoredWhenThePeerIsGone) { // HARDENING 20
    Wire wire;
    wire.until_content();
    wire.send("\r\nhello\r\n.\r\n");
    wire.close();
    wire.turn(20ms);
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
    EXPECT_EQ(wire.gate().count(), 0U);
}

TEST(SmtpConnection, ClosesOnSmuggledContent) { // HARDENING 1
    Wire wire;
    wire.until_content();
    wire.send("a\r\n\n.\nMAIL FROM:<admin@example.org>\r\nRCPT "
              "TO:<bob@example.org>\r\nDATA\r\n\r\n.\r\n");
    EXPECT_TRUE(wire.read_rest().ends_with("521 5.5.2 bare <LF> received\r\n"));
    EXPECT_TRUE(wire.backend().accepted.empty());
}

TEST(SmtpConnection, EndsLinesWithoutEnd) { // HARDENING 7
    Wire wire;
    wire.read_until(kGreeting);
    EXPECT_EQ(wire.transact("NOOP " + std::string(2100, 'x') + "\r\n", "\r\n"),
              "500 5.5.6 Line too long\r\n");
    EXPECT_EQ(wire.transact("NOOP " + std::string(50'000, 'x') + "\r\n", "\r\n"),
              "500 5.5.6 Line too long\r\n");
    wire.send(std::string(100'000, 'x'));
    EXPECT_EQ(wire.read_rest(), "500 5.5.6 Line too long\r\n421 4.7.0 Line without end\r\n");
}

TEST(SmtpConnection, EndsContentWithoutEnd) {
    Wire wire(Service::relay_in, [](Server& server) { server.limits.message_size = 20'000; });
    wire.until_content();
    wire.send(std::string(50'000, 'x'));
    EXPECT_TRUE(wire.read_rest().ends_with("552 5.3.4 Message too large\r\n"));
}

TEST(SmtpConnection, TurnsAwayWhoTalksFirst) { // HARDENING 5
    Wire wire(Service::relay_in,
              [](Server& server) { server.limits.greeting_pause_loopback = 2s; });
    wire.send("EHLO client.example\r\nMAIL FROM:<>\r\n");
    EXPECT_EQ(wire.read_rest(), "554 5.5.1 Input before the greeting\r\n");
    Wire quiet(Service::relay_in,
               [](Server& server) { server.limits.greeting_pause_loopback = 20ms; });
    EXPECT_EQ(quiet.read_until("\r\n"), kGreeting);
}

TEST(SmtpConnection, SaysWhyItStopsBetweenTransactions) {
    Wire wire;
    wire.read_until(kGreeting);
    wire.gate().kick(wire.gate().sessions().at(0).id);
    EXPECT_EQ(wire.read_rest(), "421 4.3.2 The administrator ended this session\r\n");
}

TEST(SmtpConnection, FinishesItsTransactionBeforeItStops) {
    Wire wire;
    wire.until_content();
    wire.send("\r\nhel");
    wire.turn(5ms);
    wire.gate().kick(wire.gate().sessions().at(0).id);
    wire.turn(5ms);
    wire.send("lo\r\n.\r\n");
    const auto rest = wire.read_rest();
    EXPECT_TRUE(rest.starts_with("250 2.0.0") || rest.contains("\r\n250 2.0.0")) << rest;
    EXPECT_TRUE(rest.ends_with("421 4.3.2 The administrator ended this session\r\n"));
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
}

TEST(SmtpConnection, DelaysAnswersToHarvesters) {
    Wire wire(Service::relay_in, [](Server& server) {
        server.limits.free_rcpt_failures = 0;
        server.limits.rcpt_failure_delay = 30ms;
    });
    wire.read_until(kGreeting);
    wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    wire.transact("MAIL FROM:<>\r\n", "250");
    const auto begin = std::chrono::steady_clock::now();
    wire.transact("RCPT TO:<nobody@example.org>\r\n", "550 5.1.1");
    EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
}

// A certificate and its key, for as long as a test.
struct Certified {
    net::CertificateAndKey made =
        net::make_self_signed({"mx.example.org"}, 1, SystemClock().now()).value();
    std::unique_ptr<net::LocalSigner> signer = net::LocalSigner::create(made.key).value();
    std::shared_ptr<net::TlsContext> context =
        net::TlsContext::create(
            {.certificate_chain = made.certificate, .certificate = 0, .alpn = {}}, *signer)
            .value();
};

// AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ= is NUL ada@example.org NUL secret.
constexpr std::string_view kLogin = "AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=\r\n";

void submit(TlsClient& tls) {
    tls.write("EHLO client.example\r\n");
    EXPECT_TRUE(tls.read_until("250 ENHANCEDSTATUSCODES\r\n")
                    .contains("AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 "
                              "SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN\r\n"));
    tls.write(kLogin);
    EXPECT_EQ(tls.read_until("\r\n"), "235 2.7.0 Authentication successful\r\n");
    tls.write("MAIL FROM:<ada@example.org>\r\nRCPT TO:<eve@remote.example>\r\nDATA\r\n");
    EXPECT_TRUE(tls.read_until("<CR><LF>\r\n").contains("354 "));
    tls.write("Subject: x\r\n\r\nover TLS\r\n.\r\n");
    EXPECT_TRUE(tls.read_until("\r\n").starts_with("250 2.0.0"));
    tls.write("QUIT\r\n");
    EXPECT_EQ(tls.read_until("\r\n"), "221 2.0.0 Bye\r\n");
}

TEST(SmtpConnection, SubmitsOverStartTls) { // RFC 3207
    const Certified certified;
    Wire wire(Service::submission, [&](Server& server) { server.tls = certified.context; });
    wire.read_until(kGreeting);
    EXPECT_TRUE(wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n")
                    .contains("STARTTLS"));
    EXPECT_EQ(wire.transact("STARTTLS\r\n", "\r\n"), "220 2.0.0 Ready to start TLS\r\n");
    wire.with_client([](UniqueFd peer) {
        TlsClient tls(std::move(peer));
        EXPECT_EQ(tls.handshake(), "");
        submit(tls);
    });
    ASSERT_EQ(wire.backend().accepted.size(), 1U);
    EXPECT_EQ(wire.backend().accepted[0].content, "Subject: x\r\n\r\nover TLS\r\n");
}

TEST(SmtpConnection, SubmitsOverImplicitTls) { // RFC 8314 §3.3
    const Certified certified;
    Wire wire(Service::submission, [&](Server& server) {
        server.tls = certified.context;
        server.implicit_tls = true;
    });
    wire.with_client([](UniqueFd peer) {
        TlsClient tls(std::move(peer));
        EXPECT_EQ(tls.handshake(), "");
        EXPECT_EQ(tls.read_until("\r\n"), kGreeting);
        submit(tls);
    });
    EXPECT_EQ(wire.backend().accepted.size(), 1U);
}

TEST(SmtpConnection, ClosesOnCommandsInjectedBehindStartTls) { // RFC 3207 §5, HARDENING 21
    const Certified certified;
    Wire wire(Service::submission, [&](Server& server) { server.tls = certified.context; });
    wire.read_until(kGreeting);
    wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    wire.send("STARTTLS\r\nEHLO injected.example\r\n");
    EXPECT_EQ(wire.read_rest(), "421 4.7.0 Input before the reply to wait for\r\n");
}

TEST(SmtpConnection, ReadsNoPlainTextAsHandshake) { // HARDENING 22
    const Certified certified;
    Wire wire(Service::submission, [&](Server& server) { server.tls = certified.context; });
    wire.read_until(kGreeting);
    wire.transact("EHLO client.example\r\n", "250 ENHANCEDSTATUSCODES\r\n");
    wire.transact("STARTTLS\r\n", "220 2.0.0 Ready to start TLS\r\n");
    wire.send("EHLO injected.example\r\nQUIT\r\n");
    EXPECT_FALSE(wire.read_rest().contains("250"));
}

} // namespace
} // namespace maild::smtp
