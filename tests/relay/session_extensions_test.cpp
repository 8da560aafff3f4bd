// What a session makes of the server's extensions: TLS, logins, parameters, octets above 127.
#include "relay/commands.hpp"
#include "relay/session_fixture.hpp"
#include "support/scram_client.hpp"

#include "maild/auth/scram.hpp"

#include <gmock/gmock.h>

namespace maild::relay {
namespace {

using ::testing::HasSubstr;

const net::CertificateAndKey& identity() {
    static const auto made =
        net::make_self_signed({"mx.example.net"}, 3, SystemClock().now()).value();
    return made;
}

class SessionTls : public SessionTest {
protected:
    std::string start_tls(const std::string& name = "mx.example.net") {
        const auto context = net::ClientTls::create(identity().certificate).value();
        return told(test::finish(io_, session_->start_tls(*context, name)));
    }
    // Behind STARTTLS, with this in the second EHLO's answer.
    void secure(const std::string& offers, const std::string& then, SessionOptions options = {}) {
        start(R"(
            S: 220 mx
            C? EHLO
            S: 250-mx
            S: 250 STARTTLS
            C: STARTTLS
            S: 220 go on
            TLS
            C: EHLO client.example
            S: 250-mx
            )" + offers +
                  "\nS: 250 X-END\n" + then,
              std::move(options), &identity());
        ASSERT_EQ(open(), "good");
        ASSERT_EQ(start_tls(), "good");
    }
    std::string login(const Credentials& credentials) {
        return told(test::finish(io_, session_->login(credentials)));
    }
};

TEST_F(SessionTls, ForgetsWhatWasOfferedInPlainText) {
    secure("S: 250-PIPELINING", R"(
        C? MAIL
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go on
        C.
        S: 250 taken
        C: QUIT)");
    EXPECT_FALSE(session_->capabilities().starttls);
    EXPECT_TRUE(session_->capabilities().pipelining);
    EXPECT_EQ(session_->stream().tls()->version, "TLSv1.3");
    EXPECT_EQ(send(envelope_to({"a@example.net"})), Told{"delivered"});
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTls, RefusesWhatWasSaidBehindTheReplyToStarttls) {
    for (const auto* injected : {"S\\ 220 go on\\r\\n250 injected\\r\\n", "S\\ 220 go on\\r\\n2"}) {
        start(std::string("S: 220 mx\nC? EHLO\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n") +
                  injected,
              {}, &identity());
        EXPECT_EQ(open(), "good");
        EXPECT_EQ(start_tls(), "deferred 0 4.7.5 STARTTLS") << injected;
        EXPECT_FALSE(session_->is_usable());
        EXPECT_EQ(finish(), "");
    }
}

TEST_F(SessionTls, SaysWhyThereIsNone) {
    const std::string begin = "S: 220 mx\nC? EHLO\nS: 250-mx\nS: 250 STARTTLS\nC: STARTTLS\n";
    const struct {
        const char* script;
        const char* name;
        const char* want;
        const char* words;
    } cases[] = {
        {"S: 454 4.7.0 not now", "mx.example.net", "deferred 454 4.7.0 STARTTLS", "not now"},
        {"S: 502 5.5.1 never", "mx.example.net", "deferred 502 5.5.1 STARTTLS", "never"},
        {"S: 220 go on\nX", "mx.example.net", "deferred 0 4.7.5 STARTTLS", ""},
        {"S: 220 go on\nTLS", "mx.example.com", "deferred 0 4.7.5 STARTTLS", "hostname mismatch"},
        {"S: 220 go on\nS: 220 plain text", "mx.example.net", "deferred 0 4.7.5 STARTTLS", ""},
        {"X", "mx.example.net", "deferred 0 4.4.2 STARTTLS", "lost"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.script);
        start(begin + c.script, {}, &identity());
        EXPECT_EQ(open(), "good");
        EXPECT_EQ(start_tls(c.name), c.want);
        EXPECT_FALSE(session_->is_usable());
        finish();
    }
}

TEST_F(SessionTls, MayBeginWithTls) {
    start("TLS\nS: 220 mx\nC: EHLO client.example\nS: 250 mx\nC: QUIT", {}, &identity());
    const auto context = net::ClientTls::create(identity().certificate).value();
    EXPECT_EQ(told(test::finish(io_, session_->wrap_tls(*context, "mx.example.net"))), "good");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTls, LogsInByPlainAndLogin) {
    secure("S: 250-AUTH LOGIN PLAIN", "C: AUTH PLAIN AGFubgBzZXNhbWU=\nS: 235 2.7.0 welcome");
    EXPECT_EQ(login({"ann", "sesame"}), "good");
    EXPECT_EQ(finish(), "");
    secure("S: 250-AUTH LOGIN", R"(
        C: AUTH LOGIN
        S: 334 VXNlcm5hbWU6
        C: YW5u
        S: 334 no base64 at all!
        C: c2VzYW1l
        S: 235 2.7.0 welcome)");
    EXPECT_EQ(login({"ann", "sesame"}), "good");
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTls, SaysWhyALoginFailed) {
    secure("S: 250-AUTH PLAIN", "C? AUTH PLAIN \nS: 535 5.7.8 no");
    EXPECT_EQ(login({"ann", "sesame"}), "deferred 535 5.7.8 AUTH");
    EXPECT_FALSE(session_->is_usable());
    EXPECT_EQ(finish(), "");
    secure("S: 250-AUTH XOAUTH2", "");
    EXPECT_EQ(login({"ann", "sesame"}), "deferred 0 4.7.8 AUTH");
    EXPECT_EQ(finish(), "");
    secure("S: 250-AUTH PLAIN", "C? AUTH PLAIN \nS: 334 \nC: *\nS: 501 cancelled");
    EXPECT_EQ(login({"ann", "sesame"}), "deferred 0 4.7.8 AUTH");
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, LogsInUnderTlsAlone) {
    const std::string begin = "S: 220 mx\nC? EHLO\nS: 250-mx\nS: 250 AUTH PLAIN\n";
    start(begin);
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(told(test::finish(io_, session_->login({"ann", "sesame"}))), "deferred 0 4.7.8 AUTH");
    EXPECT_EQ(finish(), "");
    start(begin + "C? AUTH PLAIN \nS: 235 welcome");
    EXPECT_EQ(open(), "good");
    const Credentials plain{.name = "ann", .password = "sesame", .allows_plain_text = true};
    EXPECT_EQ(told(test::finish(io_, session_->login(plain))), "good");
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, LongResponsesWaitToBeAskedFor) {
    const Credentials plain{
        .name = "ann", .password = std::string(400, 'p'), .allows_plain_text = true};
    start("S: 220 mx\nC? EHLO\nS: 250-mx\nS: 250 AUTH PLAIN\nC: AUTH PLAIN\nS: 334\nC? AGFubgBw\n"
          "S: 235 welcome");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(told(test::finish(io_, session_->login(plain))), "good");
    EXPECT_EQ(finish(), "");
}

// The peer is deaf to what the client proves; what it proves itself is made here.
TEST_F(SessionTest, LogsInByScramAndWantsAProof) {
    std::array<std::byte, 18> octets{};
    test::SeededRandom(7).fill(octets);
    const auto nonce = base64_encode({reinterpret_cast<const char*>(octets.data()), octets.size()});
    test::ScramClient twin("ann", "sesame");
    twin.nonce = nonce;
    const auto challenge = "r=" + nonce + "server,s=" + base64_encode("salt") + ",i=4096";
    const auto final = twin.final(challenge);
    const std::string begin = "S: 220 mx\nC? EHLO\nS: 250-mx\nS: 250 AUTH PLAIN SCRAM-SHA-256\n"
                              "C: AUTH SCRAM-SHA-256 " +
                              base64_encode(twin.first()) + "\nS: 334 " + base64_encode(challenge) +
                              "\nC: " + base64_encode(final) + "\n";
    const Credentials credentials{.name = "ann", .password = "sesame", .allows_plain_text = true};
    const struct {
        std::string rest;
        const char* want;
    } cases[] = {
        {"S: 334 " + base64_encode(twin.last_word()) + "\nC: \nS: 235 welcome", "good"},
        {"S: 334 " + base64_encode("v=AAAA") + "\nC: *\nS: 501 so", "deferred 0 4.7.8 AUTH"},
        {"S: 235 welcome", "deferred 0 4.7.8 AUTH"},
        {"S: 535 5.7.8 no", "deferred 535 5.7.8 AUTH"},
    };
    for (const auto& c : cases) {
        random_ = test::SeededRandom(7);
        start(begin + c.rest);
        EXPECT_EQ(open(), "good");
        EXPECT_EQ(told(test::finish(io_, session_->login(credentials))), c.want) << c.rest;
        EXPECT_EQ(finish(), "");
    }
}

Capabilities offering(std::vector<std::string> keywords) {
    Reply reply{250, std::nullopt, {"mx"}};
    for (auto& keyword : keywords) reply.lines.push_back(std::move(keyword));
    return parse_capabilities(reply);
}

TEST(Commands, CarryWhatIsOffered) {
    Envelope e = envelope_to({"bob@example.net"});
    e.envelope_id = "a+b=c d";
    e.return_content = "HDRS";
    e.is_8bit = true;
    e.requires_tls = true;
    e.deliver_by = DeliverBy{.left = 60s, .traces = true};
    e.priority = -3;
    e.recipients[0].notify = "SUCCESS,FAILURE";
    e.recipients[0].original_recipient = "rfc822;b+b@example.net";
    EXPECT_EQ(format_mail(e, 9, offering({})), "MAIL FROM:<ann@example.org>");
    EXPECT_EQ(format_rcpt(e.recipients[0], offering({})), "RCPT TO:<bob@example.net>");
    const auto all =
        offering({"SIZE", "8BITMIME", "DSN", "REQUIRETLS", "DELIVERBY", "MT-PRIORITY"});
    EXPECT_EQ(format_mail(e, 9, all),
              "MAIL FROM:<ann@example.org> SIZE=9 BODY=8BITMIME RET=HDRS ENVID=a+2Bb+3Dc+20d "
              "REQUIRETLS BY=60;NT MT-PRIORITY=-3");
    EXPECT_EQ(format_rcpt(e.recipients[0], all),
              "RCPT TO:<bob@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;b+2Bb@example.net");
    e.is_smtputf8 = true;
    e.reverse_path.clear();
    EXPECT_EQ(format_mail(e, 9, offering({"8BITMIME", "SMTPUTF8"})),
              "MAIL FROM:<> BODY=8BITMIME SMTPUTF8");
}

TEST(Commands, WriteInternationalizedOriginalRecipients) {
    EXPECT_EQ(encode_original_recipient("utf-8;\xc3\xbc+x@\xe4\xbe\x8b.example", false),
              "utf-8;\\x{FC}\\x{2B}x@\\x{4F8B}.example");
    EXPECT_EQ(encode_original_recipient("utf-8;\xc3\xbc=x", true), "utf-8;\xc3\xbc\\x{3D}x");
    EXPECT_EQ(encode_original_recipient("utf-8;\xf0\x9f\x98\x80", false), "utf-8;\\x{1F600}");
    EXPECT_EQ(encode_original_recipient("x400;a=b", false), "x400;a+3Db");
}

TEST(Commands, NameObstacles) {
    const auto obstacle = [](const Envelope& e, std::vector<std::string> keywords,
                             bool is_encrypted = true) {
        const auto found = find_obstacle(e, 1000, offering(std::move(keywords)), is_encrypted);
        return found ? found->status : std::string();
    };
    auto e = envelope_to({"bob@example.net"});
    EXPECT_EQ(obstacle(e, {}), "");
    EXPECT_EQ(obstacle(e, {"SIZE 999"}), "5.3.4");
    EXPECT_EQ(obstacle(e, {"SIZE 1000"}), "");
    auto strict = e;
    strict.requires_tls = true;
    EXPECT_EQ(obstacle(strict, {}), "5.7.30");
    EXPECT_EQ(obstacle(strict, {"REQUIRETLS"}, false), "5.7.10");
    EXPECT_EQ(obstacle(strict, {"REQUIRETLS"}), "");
    strict.reverse_path.clear(); // a bounce, RFC 8689 §4.4
    EXPECT_EQ(obstacle(strict, {}), "");
    auto urgent = e;
    urgent.deliver_by = DeliverBy{.left = 60s, .returns = true};
    EXPECT_EQ(obstacle(urgent, {}), "5.3.3");
    EXPECT_EQ(obstacle(urgent, {"DELIVERBY 120"}), "5.3.3");
    EXPECT_EQ(obstacle(urgent, {"DELIVERBY"}), "");
    urgent.deliver_by->returns = false;
    EXPECT_EQ(obstacle(urgent, {}), "");
    e.reverse_path = "\xc3\xbc@example.org";
    EXPECT_EQ(obstacle(e, {}), "5.6.7");
    EXPECT_EQ(obstacle(e, {"SMTPUTF8"}), "");
    e.reverse_path = "a@example.org>\r\nRCPT TO:<b@example.org";
    EXPECT_EQ(obstacle(e, {}), "5.1.7");
    EXPECT_EQ(find_obstacle(Recipient{.address = "no address"}, {})->status, "5.1.3");
    EXPECT_EQ(find_obstacle(Recipient{.address = "\xc3\xbc@example.org"}, {})->status, "5.6.7");
}

class SessionContent : public SessionTest {
protected:
    // What the server gets of it when it offers this, or the outcome.
    std::string sent(const std::string& offer, Envelope envelope, const std::string& text) {
        start("S: 220 mx\nC? EHLO\nS: 250-mx\nS: 250 " + offer +
              "\nC? MAIL\nS: 250 OK\nC? RCPT\nS: 250 OK\nC: DATA\nS: 354 go on\nC.\nS: 250 taken");
        EXPECT_EQ(open(), "good");
        const auto outcome = send(envelope, text).front();
        const auto words = outcomes_.front().words;
        finish();
        return outcome == "delivered" ? peer_->content() : outcome + ": " + words;
    }
};

TEST_F(SessionContent, IsEncodedForServersWithout8BitMime) {
    auto e = envelope_to({"a@example.net"});
    e.is_8bit = true;
    const std::string text = "Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n";
    EXPECT_EQ(sent("8BITMIME", e, text), text + ".\r\n");
    EXPECT_THAT(sent("X", e, text), HasSubstr("\r\n\r\n=C3=BC\r\n.\r\n"));
    EXPECT_THAT(sent("X", e, "Content-Transfer-Encoding: base64\r\n\r\n\xc3\xbc\r\n"),
                HasSubstr("failed 0 5.6.3 MAIL FROM: the server does not take octets above 127"));
    const std::string ascii = "Subject: x\r\n\r\n.dot\r\n";
    EXPECT_EQ(sent("X", e, ascii), "Subject: x\r\n\r\n..dot\r\n.\r\n");
}

TEST_F(SessionContent, HasItsHeaderDowngradedWithoutSmtputf8) {
    auto e = envelope_to({"a@example.net"});
    e.is_8bit = e.is_smtputf8 = true;
    const std::string text = "Subject: \xc3\xbc\r\n\r\n\xc3\xbc\r\n";
    EXPECT_EQ(sent("SMTPUTF8", e, text).substr(0, 9), "Subject: ");
    const auto ascii_header = sent("8BITMIME", e, text);
    EXPECT_TRUE(ascii_header.starts_with("Subject: =?")) << ascii_header;
    EXPECT_TRUE(ascii_header.ends_with("\r\n\r\n\xc3\xbc\r\n.\r\n")) << ascii_header;
    e.recipients[0].address = "\xc3\xbc@example.net";
    EXPECT_THAT(sent("8BITMIME", e, text), HasSubstr("failed 0 5.6.7 RCPT TO"));
}

TEST_F(SessionTest, AsksAndSendsNothing) {
    start(std::string(kPipelined) + R"(
        C: MAIL FROM:<ann@example.org> SIZE=1000
        S: 250 2.1.0 OK
        C: RCPT TO:<bob@example.net>
        S: 250 2.1.5 OK
        C: RCPT TO:<eve@example.net>
        S: 550 5.1.1 nobody
        C: RSET
        S: 250 2.0.0 OK
        C: MAIL FROM:<ann@example.org> SIZE=1000
        S: 450 4.7.1 later
        C: QUIT
        S: 221 bye)");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(ask_about(envelope_to({"bob@example.net", "eve@example.net"})),
              (Told{"delivered", "failed 550 5.1.1 RCPT TO"}));
    EXPECT_EQ(ask_about(envelope_to({"bob@example.net"})), (Told{"deferred 450 4.7.1 MAIL FROM"}));
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, AServerThatLeavesHasTakenNobody) {
    start(std::string(kPipelined) + R"(
        C: MAIL FROM:<ann@example.org> SIZE=1000
        S: 250 2.1.0 OK
        C: RCPT TO:<bob@example.net>
        S: 421 4.3.2 closing)");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(ask_about(envelope_to({"bob@example.net", "eve@example.net"})),
              (Told{"deferred 421 4.3.2 RCPT TO", "deferred 421 4.3.2 RCPT TO"}));
    EXPECT_FALSE(session_->is_usable());
}

} // namespace
} // namespace maild::relay
