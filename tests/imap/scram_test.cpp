// AUTHENTICATE with SCRAM (RFC 5802, RFC 9051 §6.2.2).
#include "imap/support/peer.hpp"
#include "support/scram_client.hpp"

#include <gtest/gtest.h>

namespace maild::imap::test {
namespace {

using namespace std::string_view_literals;
using maild::test::ScramClient;

// What is behind "+ ", decoded.
std::string challenge_of(const std::string& said) {
    EXPECT_TRUE(said.starts_with("+ ") && said.ends_with("\r\n")) << said;
    return base64_decode(said.substr(2, said.size() - 4)).value_or("bad base64");
}

TEST(ImapScram, LogsIn) {
    Host host;
    for (const auto* hash : {"SHA1", "SHA256"}) {
        for (const bool has_initial_response : {false, true}) { // RFC 4959
            Client client(host);
            client.take();
            ScramClient scram("imapuser", "password", hash);
            const auto command =
                std::string("a AUTHENTICATE SCRAM-") + (hash == "SHA1"sv ? "SHA-1" : "SHA-256");
            const auto first = base64_encode(scram.first());
            std::string said;
            if (has_initial_response) {
                said = client.say(command + " " + first);
            } else {
                EXPECT_EQ(client.say(command), "+ \r\n");
                said = client.say(first);
            }
            said = client.say(base64_encode(scram.final(challenge_of(said))));
            EXPECT_EQ(challenge_of(said), scram.last_word());
            EXPECT_FALSE(client.dialogue().session().identity().has_value());
            EXPECT_TRUE(client.say("").starts_with("a OK [CAPABILITY "));
            EXPECT_TRUE(client.say("b SELECT INBOX").ends_with("SELECT completed\r\n"));
        }
    }
}

TEST(ImapScram, BindsToTheConnection) {
    Host host;
    Client client(host);
    client.dialogue().session().on_tls({.exporter = {}, .end_point = std::string(32, 'P')});
    client.take();
    EXPECT_TRUE(client.say("a CAPABILITY")
                    .contains(" AUTH=SCRAM-SHA-256-PLUS AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-1-PLUS "
                              "AUTH=SCRAM-SHA-1 "
                              "AUTH=PLAIN AUTH=LOGIN\r\n"));
    for (const char octet : {'X', 'P'}) {
        ScramClient scram("imapuser", "password");
        scram.gs2_header = "p=tls-server-end-point,,";
        scram.binding = std::string(32, octet);
        auto said = client.say("b AUTHENTICATE SCRAM-SHA-256-PLUS " + base64_encode(scram.first()));
        said = client.say(base64_encode(scram.final(challenge_of(said))));
        if (octet == 'X')
            EXPECT_EQ(said, "b NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
        else
            EXPECT_EQ(challenge_of(said), scram.last_word());
    }
    EXPECT_TRUE(client.say("").starts_with("b OK"));
}

TEST(ImapExternal, IsThereOnlyWithACertificate) { // RFC 4422 appendix A
    Host host;
    Client client(host);
    client.dialogue().session().on_tls({.exporter = std::string(32, 'E'), .end_point = {}});
    client.take();
    EXPECT_FALSE(client.say("a CAPABILITY").contains("EXTERNAL"));
    EXPECT_TRUE(client.say("b AUTHENTICATE EXTERNAL =").starts_with("b NO [CANNOT] "));
    client.dialogue().session().on_tls(
        {.exporter = {}, .end_point = {}, .client_chain = {"imapuser"}});
    EXPECT_TRUE(client.say("c CAPABILITY").contains(" AUTH=EXTERNAL AUTH=SCRAM-SHA-256 "));
    EXPECT_EQ(client.say("d AUTHENTICATE EXTERNAL " + base64_encode("another")),
              "d NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
    EXPECT_EQ(client.say("e AUTHENTICATE EXTERNAL"), "+ \r\n");
    EXPECT_TRUE(client.say("*").starts_with("e BAD "));
    EXPECT_EQ(client.say("f AUTHENTICATE EXTERNAL"), "+ \r\n");
    EXPECT_TRUE(client.say(base64_encode("imapuser")).starts_with("f OK [CAPABILITY "));
    EXPECT_EQ(client.dialogue().session().identity()->address, "imapuser");
}

TEST(ImapExternal, IsPutOffWhenNobodyCanSay) {
    Host host;
    Client client(host);
    client.dialogue().session().on_tls(
        {.exporter = {}, .end_point = {}, .client_chain = {"imapuser"}});
    client.take();
    host.backend.failure = Errc::unavailable;
    EXPECT_TRUE(client.say("a AUTHENTICATE EXTERNAL =").starts_with("a NO [UNAVAILABLE] "));
    host.backend.failure.reset();
    EXPECT_TRUE(client.say("b AUTHENTICATE EXTERNAL =").starts_with("b OK "));
}

TEST(ImapScram, FailsAtEachStepAndStaysInStep) {
    Host host;
    Client client(host);
    client.take();
    ScramClient wrong("imapuser", "wrong");
    auto said = client.say("a AUTHENTICATE SCRAM-SHA-256 " + base64_encode(wrong.first()));
    said = client.say(base64_encode(wrong.final(challenge_of(said))));
    EXPECT_EQ(said, "a NO [AUTHENTICATIONFAILED] Authentication failed\r\n");
    EXPECT_TRUE(client.say("b AUTHENTICATE SCRAM-SHA-256-PLUS").starts_with("b NO [CANNOT]"))
        << "without TLS there is nothing to bind to";
    EXPECT_EQ(client.say("c AUTHENTICATE SCRAM-SHA-256 " + base64_encode("n,,m=x,n=a,r=b")),
              "c BAD Malformed response\r\n");
    EXPECT_EQ(client.say("d AUTHENTICATE SCRAM-SHA-256 ="), "d BAD Malformed response\r\n");
    ScramClient scram("imapuser", "password");
    said = client.say("e AUTHENTICATE SCRAM-SHA-256 " + base64_encode(scram.first()));
    EXPECT_EQ(client.say("*"), "e BAD Authentication cancelled\r\n");
    said = client.say("f AUTHENTICATE SCRAM-SHA-256 " + base64_encode(scram.first()));
    EXPECT_EQ(client.say(base64_encode("c=biws,r=,p=AAAA")), "f BAD Malformed response\r\n");
    said = client.say("g AUTHENTICATE SCRAM-SHA-256 " + base64_encode(scram.first()));
    said = client.say(base64_encode(scram.final(challenge_of(said))));
    EXPECT_EQ(challenge_of(said), scram.last_word());
    EXPECT_EQ(client.say("AAAA"), "g BAD Malformed response\r\n");
    EXPECT_FALSE(client.dialogue().session().identity().has_value());
    EXPECT_EQ(client.say("h NOOP"), "h OK NOOP completed\r\n");
}

TEST(ImapScram, IsOfferedWhereAPasswordMayCross) {
    Host host;
    Client client(host, false);
    client.take();
    EXPECT_FALSE(client.say("a CAPABILITY").contains("AUTH="));
    EXPECT_TRUE(client.say("b AUTHENTICATE SCRAM-SHA-256").starts_with("b NO [PRIVACYREQUIRED]"));
    host.server->sasl.scram = false;
    Client other(host);
    other.take();
    EXPECT_TRUE(other.say("a CAPABILITY").contains("IDLE AUTH=PLAIN AUTH=LOGIN\r\n"));
    EXPECT_TRUE(other.say("b AUTHENTICATE SCRAM-SHA-256").starts_with("b NO [CANNOT]"));
}

TEST(ImapBearer, LogsInAndExplainsFailures) { // RFC 7628, RFC 4959
    Host host;
    Client client(host);
    client.take();
    EXPECT_FALSE(client.say("a CAPABILITY").contains("OAUTH"));
    EXPECT_TRUE(client.say("b AUTHENTICATE OAUTHBEARER").starts_with("b NO [CANNOT]"));
    host.server->sasl.bearer = std::make_shared<const auth::BearerOffer>(
        auth::BearerOffer{"mail", "https://id.example/c"});
    EXPECT_TRUE(client.say("c CAPABILITY")
                    .contains(" AUTH=SCRAM-SHA-1 AUTH=OAUTHBEARER AUTH=XOAUTH2 AUTH=PLAIN "));
    const auto wrong = base64_encode("n,,\1auth=Bearer wrong\1\1");
    for (const auto* end : {"AQ==", "*"}) { // both examples of §4.3
        EXPECT_EQ(challenge_of(client.say("d AUTHENTICATE OAUTHBEARER " + wrong)),
                  R"({"status":"invalid_token","scope":"mail",)"
                  R"("openid-configuration":"https://id.example/c"})");
        EXPECT_TRUE(client.say(end).starts_with("d NO [AUTHENTICATIONFAILED]")) << end;
    }
    EXPECT_TRUE(client.say("e AUTHENTICATE XOAUTH2 AAAA").starts_with("e BAD"));
    host.backend.failure = Errc::unavailable;
    EXPECT_TRUE(
        client.say("f AUTHENTICATE OAUTHBEARER " + wrong).starts_with("f NO [UNAVAILABLE]"));
    host.backend.failure.reset();
    EXPECT_EQ(client.say("g AUTHENTICATE XOAUTH2"), "+ \r\n");
    const auto good = base64_encode("user=imapuser\1auth=Bearer of-imapuser\1\1");
    EXPECT_TRUE(client.say(good).starts_with("g OK [CAPABILITY "));
    EXPECT_TRUE(client.say("h SELECT INBOX").ends_with("SELECT completed\r\n"));
}

TEST(ImapBearer, IsNotOfferedInTheClear) {
    Host host;
    host.server->sasl.bearer = std::make_shared<const auth::BearerOffer>();
    Client client(host, false);
    client.take();
    EXPECT_FALSE(client.say("a CAPABILITY").contains("OAUTH"));
    const auto good = base64_encode("n,,\1auth=Bearer of-imapuser\1\1");
    EXPECT_TRUE(
        client.say("b AUTHENTICATE OAUTHBEARER " + good).starts_with("b NO [PRIVACYREQUIRED]"));
    EXPECT_EQ(host.backend.logins, 0);
}

} // namespace
} // namespace maild::imap::test
