// AUTH (RFC 4954; HARDENING 23, 24, 33 to 36, 40).
#include "smtp/conversation.hpp"
#include "support/scram_client.hpp"

#include "maild/base/encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::smtp {
namespace {

using namespace std::string_literals;
using test::Conversation;

std::string plain(std::string_view authcid, std::string_view password) {
    return base64_encode("\0"s + std::string(authcid) + '\0' + std::string(password));
}
const std::string kRight = plain("ada@example.org", "secret");
const std::string kWrong = plain("ada@example.org", "guess");

Conversation over_tls(const std::function<void(Server&)>& change = {}) {
    Conversation with(Service::submission, change);
    with.start_tls().hello();
    return with;
}

TEST(SmtpLogin, TakesPlainWithInitialResponse) {
    auto with = over_tls();
    with.send("AUTH PLAIN " + kRight).expect("235 2.7.0");
    EXPECT_EQ(with.session().client().identity->address, "ada@example.org");
    with.send("AUTH PLAIN " + kRight).expect("503 5.5.1"); // RFC 4954 §4
    with.send("EHLO client.example");
    EXPECT_FALSE(with.reply().contains("AUTH"));
}

TEST(SmtpLogin, TakesPlainInTwoSteps) {
    auto with = over_tls();
    with.send("AUTH PLAIN").expect("334 \r\n");
    with.send(kRight).expect("235 2.7.0");
}

TEST(SmtpLogin, TakesLogin) {
    auto with = over_tls();
    with.send("auth login").expect("334 VXNlcm5hbWU6\r\n");
    with.send(base64_encode("ada@example.org")).expect("334 UGFzc3dvcmQ6\r\n");
    with.send(base64_encode("secret")).expect("235 2.7.0");
}

TEST(SmtpLogin, IsNeededToSubmit) { // RFC 6409 §4.3
    Conversation plain_text(Service::submission);
    plain_text.hello();
    plain_text.send("MAIL FROM:<ada@example.org>").expect("530 5.7.0 Must issue a STARTTLS");
    auto with = over_tls();
    with.send("MAIL FROM:<ada@example.org>").expect("530 5.7.0 Authentication required");
    with.send("AUTH PLAIN " + kRight).expect("235");
    with.send("MAIL FROM:<bob@example.org>").expect("553 5.7.1"); // not hers
    with.send("MAIL FROM:<ada@example.org>").expect("250");
    with.send("RCPT TO:<eve@remote.example>").expect("250"); // may relay now
}

TEST(SmtpLogin, NeedsTls) { // HARDENING 24
    Conversation with(Service::submission);
    with.hello();
    with.send("AUTH PLAIN " + kRight).expect("538 5.7.11");
    EXPECT_EQ(with.backend().logins, 0U); // not even looked at
}

TEST(SmtpLogin, MayGoInTheClearOverLoopbackIfSo) {
    const auto change = [](Server& server) { server.plaintext = auth::PlaintextPolicy::loopback; };
    Conversation remote(Service::submission, change);
    remote.hello();
    EXPECT_FALSE(remote.reply().contains("AUTH"));
    test::Host host;
    auto server = host.server(Service::submission);
    change(server);
    auto client = test::client_of(Service::submission);
    client.peer.is_loopback = true;
    Session session(server, client);
    const auto replies =
        maild::test::run_task(session.on_line(test::line_of("EHLO client.example"), false));
    EXPECT_TRUE(replies.text.contains("AUTH SCRAM-SHA-256 SCRAM-SHA-1 PLAIN LOGIN\r\n"));
}

TEST(SmtpLogin, IsNoServiceOfPort25) {
    Conversation with;
    with.start_tls().hello();
    with.send("AUTH PLAIN " + kRight).expect("502 5.5.1");
}

TEST(SmtpLogin, NeedsEhloAndNoTransaction) {
    auto with = over_tls();
    with.send("HELO client.example").expect("250");
    with.send("AUTH PLAIN " + kRight).expect("503 5.5.1");
    with.hello().send("AUTH PLAIN " + kRight).expect("235");
    with.send("MAIL FROM:<ada@example.org>").expect("250");
    with.send("AUTH PLAIN " + kRight).expect("503 5.5.1");
    EXPECT_TRUE(with.session().in_transaction());
}

TEST(SmtpLogin, RefusesMalformedExchanges) { // HARDENING 33
    const struct {
        std::string line, want;
    } cases[] = {
        {"AUTH PLAIN =", "501 5.5.2"},
        {"AUTH PLAIN !!!!", "501 5.5.2"},
        {"AUTH PLAIN AGE", "501 5.5.2"},
        {"AUTH PLAIN " + base64_encode("no nul"), "501 5.5.2"},
        {"AUTH PLAIN " + base64_encode("\0a\0b\0c"s), "501 5.5.2"},
        {"AUTH PLAIN " + base64_encode("\0\xff\0b"s), "501 5.5.2"},
        {"AUTH PLAIN " + std::string(12'289, 'A'), "501 5.5.2"},
        {"AUTH PLAIN *", "501 5.7.0"},
        {"AUTH GSSAPI", "504 5.5.4"},
        {"AUTH", "501 5.5.4"},
    };
    for (const auto& test : cases) {
        auto with = over_tls();
        with.send(test.line).expect(test.want);
        EXPECT_EQ(with.backend().logins, 0U) << test.line.substr(0, 80);
        with.send("NOOP").expect("250"); // the exchange is over
    }
}

TEST(SmtpLogin, CanBeCancelledAtEachStep) { // HARDENING 34
    auto with = over_tls([](Server& server) { server.limits.bad_commands = 1000; });
    for (int i = 0; i < 100; ++i) {
        with.send("AUTH PLAIN").expect("334");
        with.send("*").expect("501 5.7.0");
        with.send("AUTH LOGIN").expect("334");
        with.send(base64_encode("ada@example.org")).expect("334");
        with.send("*").expect("501 5.7.0");
    }
    with.send("AUTH PLAIN").expect("334");
    net::Line line;
    line.too_long = true;
    with.send(line).expect("500 5.5.6");
    with.send("AUTH PLAIN").expect("334");
    with.send("RSET").expect("501 5.5.2"); // a response, and none that decodes
    with.send("RSET").expect("250");
}

TEST(SmtpLogin, TellsNoDifferenceBetweenUnknownAndWrong) { // HARDENING 35
    auto with = over_tls();
    with.send("AUTH PLAIN " + kWrong).expect("535 5.7.8");
    const auto reply = with.reply();
    const auto delay = with.delay();
    auto other = over_tls();
    other.send("AUTH PLAIN " + plain("nobody@example.org", "guess"));
    EXPECT_EQ(other.reply(), reply);
    EXPECT_EQ(other.delay(), delay);
    auto empty = over_tls();
    empty.send("AUTH PLAIN " + plain("ada@example.org", "")).expect("535 5.7.8"); // HARDENING 36
}

TEST(SmtpLogin, GetsSlowerAndEnds) { // HARDENING 40
    auto with = over_tls();
    for (const int want : {1000, 2000, 4000, 8000}) {
        with.send("AUTH PLAIN " + kWrong).expect("535 5.7.8");
        EXPECT_EQ(with.delay().count(), want);
    }
    with.send("AUTH PLAIN " + kWrong).expect("421 4.7.0");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpLogin, HoldsTheAnswerBackAsLongAsTheNetworkDeserves) { // HARDENING 40
    auto with = over_tls();
    with.backend().hold_back = std::chrono::milliseconds(3'000);
    for (const int want : {3000, 3000, 4000, 8000}) {
        with.send("AUTH PLAIN " + kWrong).expect("535 5.7.8");
        EXPECT_EQ(with.delay().count(), want);
    }
}

TEST(SmtpLogin, EndsForANetworkThatIsTurnedAway) { // HARDENING 40
    auto with = over_tls();
    with.backend().login_error = Errc::limit_exceeded;
    with.send("AUTH PLAIN " + kRight).expect("421 4.7.0 Too many failed logins from your network");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpLogin, BlamesNobodyWhenItCannotCheck) { // RFC 4954 §6, HARDENING 37
    auto with = over_tls();
    with.backend().login_error = Errc::busy;
    for (int i = 0; i < 8; ++i) {
        with.send("AUTH PLAIN " + kRight).expect("454 4.7.0");
        EXPECT_EQ(with.delay().count(), 0);
    }
    with.backend().login_error.reset();
    with.send("AUTH PLAIN " + kRight).expect("235");
}

TEST(SmtpLogin, IsForgottenAtStartTls) { // RFC 3207 §4.2
    const auto change = [](Server& server) { server.plaintext = auth::PlaintextPolicy::loopback; };
    test::Host host;
    auto server = host.server(Service::submission);
    change(server);
    auto client = test::client_of(Service::submission);
    client.peer.is_loopback = true;
    Session session(server, client);
    const auto say = [&session](const std::string& line) {
        return maild::test::run_task(session.on_line(test::line_of(line), false)).text;
    };
    say("EHLO client.example");
    EXPECT_TRUE(say("AUTH PLAIN " + kRight).starts_with("235"));
    EXPECT_TRUE(say("STARTTLS").starts_with("503")); // after AUTH, HARDENING 23
    session.on_tls({});
    EXPECT_FALSE(session.client().identity);
}

// What is behind "334 ", decoded.
std::string challenge_of(const std::string& reply) {
    EXPECT_TRUE(reply.starts_with("334 ") && reply.ends_with("\r\n")) << reply;
    return base64_decode(reply.substr(4, reply.size() - 6)).value_or("bad base64");
}

TEST(SmtpLogin, TakesScram) { // RFC 5802, RFC 4954 §4
    for (const bool has_initial_response : {false, true}) {
        auto with = over_tls();
        maild::test::ScramClient client("ada@example.org", "secret");
        const auto first = base64_encode(client.first());
        if (has_initial_response)
            with.send("AUTH SCRAM-SHA-256 " + first);
        else
            with.send("AUTH SCRAM-SHA-256").expect("334 \r\n").send(first);
        with.send(base64_encode(client.final(challenge_of(with.reply()))));
        EXPECT_EQ(challenge_of(with.reply()), client.last_word());
        EXPECT_FALSE(with.session().client().identity.has_value());
        with.send("").expect("235 2.7.0");
        EXPECT_EQ(with.session().client().identity->address, "ada@example.org");
    }
}

TEST(SmtpLogin, BindsScramToTheConnection) {
    Conversation with(Service::submission);
    const net::TlsBinding binding{.exporter = std::string(32, 'E'), .end_point = {}};
    with.session().on_tls({"TLSv1.3", "TLS_AES_256_GCM_SHA384", "", binding});
    with.hello();
    EXPECT_TRUE(with.reply().contains("250-AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS "
                                      "SCRAM-SHA-1 PLAIN LOGIN\r\n"));
    for (const char octet : {'X', 'E'}) {
        maild::test::ScramClient client("ada@example.org", "secret", "SHA1");
        client.gs2_header = "p=tls-exporter,,";
        client.binding = std::string(32, octet);
        with.send("AUTH SCRAM-SHA-1-PLUS " + base64_encode(client.first()));
        with.send(base64_encode(client.final(challenge_of(with.reply()))));
        if (octet == 'X')
            with.expect("535 5.7.8");
        else
            EXPECT_EQ(challenge_of(with.reply()), client.last_word());
    }
    with.send("").expect("235 2.7.0");
}

TEST(SmtpLogin, TakesACertificateInPlaceOfAPassword) { // RFC 4422 appendix A
    Conversation with(Service::submission);
    net::TlsBinding binding{.exporter = std::string(32, 'E'), .end_point = {}};
    with.session().on_tls({"TLSv1.3", "TLS_AES_256_GCM_SHA384", "", binding});
    with.hello();
    EXPECT_FALSE(with.reply().contains("EXTERNAL"));
    with.send("AUTH EXTERNAL =").expect("504 5.5.4");
    binding.client_chain = {"ada@example.org"};
    with.session().on_tls({"TLSv1.3", "TLS_AES_256_GCM_SHA384", "", binding});
    with.hello();
    EXPECT_TRUE(with.reply().contains("250-AUTH EXTERNAL SCRAM-SHA-256-PLUS "));
    with.send("AUTH EXTERNAL " + base64_encode("bob@example.org")).expect("535 5.7.8");
    with.send("AUTH EXTERNAL").expect("334 \r\n").send("*").expect("501 5.7.0");
    with.send("AUTH EXTERNAL").expect("334 \r\n").send("").expect("235 2.7.0");
    EXPECT_EQ(with.session().client().identity->address, "ada@example.org");
}

TEST(SmtpLogin, RefusesBadScramAndStaysInStep) {
    auto with = over_tls();
    maild::test::ScramClient wrong("ada@example.org", "guess");
    with.send("AUTH SCRAM-SHA-256 " + base64_encode(wrong.first()));
    with.send(base64_encode(wrong.final(challenge_of(with.reply())))).expect("535 5.7.8");
    with.send("AUTH SCRAM-SHA-256-PLUS " + base64_encode(wrong.first())).expect("504 5.5.4");
    with.send("AUTH SCRAM-SHA-256 " + base64_encode("n,,m=x,n=a,r=b")).expect("501 5.5.2");
    with.send("AUTH SCRAM-SHA-256 =").expect("501 5.5.2");
    with.send("AUTH SCRAM-SHA-256 " + base64_encode(wrong.first())).expect("334");
    with.send("*").expect("501 5.7.0");
    maild::test::ScramClient client("ada@example.org", "secret");
    with.send("AUTH SCRAM-SHA-256 " + base64_encode(client.first()));
    with.send(base64_encode(client.final(challenge_of(with.reply())))).expect("334 ");
    with.send("*").expect("501 5.7.0");
    EXPECT_FALSE(with.session().client().identity.has_value());
    with.send("NOOP").expect("250");
}

TEST(SmtpLogin, OffersNoScramWhereTheHostDoesNot) {
    auto with = over_tls([](Server& server) { server.sasl.scram = false; });
    EXPECT_TRUE(with.reply().contains("250-AUTH PLAIN LOGIN\r\n"));
    with.send("AUTH SCRAM-SHA-256 " + base64_encode("n,,n=a,r=b")).expect("504 5.5.4");
}

TEST(SmtpLogin, TakesAnAccessToken) { // RFC 7628, RFC 4954
    auto with = over_tls();
    EXPECT_FALSE(with.reply().contains("OAUTH"));
    with.send("AUTH OAUTHBEARER").expect("504 5.5.4");
    with = over_tls([](Server& server) {
        server.sasl.bearer =
            std::make_shared<const auth::BearerOffer>(auth::BearerOffer{"mail", {}});
    });
    EXPECT_TRUE(with.reply().contains(" SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN\r\n"));
    const auto wrong = base64_encode("user=ada@example.org\1auth=Bearer wrong\1\1");
    with.send("AUTH XOAUTH2 " + wrong);
    EXPECT_EQ(challenge_of(with.reply()), R"({"status":"401","schemes":"bearer","scope":"mail"})");
    with.send("").expect("535 5.7.8");
    with.send("AUTH XOAUTH2 " + wrong).expect("334 ").send("*").expect("535 5.7.8");
    with.send("AUTH OAUTHBEARER AQ==").expect("501 5.5.2");
    with.backend().login_error = Errc::unavailable;
    with.send("AUTH XOAUTH2 " + wrong).expect("454 4.7.0");
    with.backend().login_error.reset();
    with.send("AUTH OAUTHBEARER").expect("334 \r\n");
    with.send(base64_encode("n,a=ada@example.org,\1auth=Bearer of-ada~example.org\1\1"))
        .expect("235 2.7.0");
    EXPECT_EQ(with.session().client().identity->address, "ada@example.org");
}

} // namespace
} // namespace maild::smtp
