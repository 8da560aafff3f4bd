// AUTH with SCRAM (RFC 5802, RFC 5034 §4).
#include "pop3/support/peer.hpp"
#include "support/scram_client.hpp"

#include <gtest/gtest.h>

namespace maild::pop3::test {
namespace {

using maild::test::ScramClient;

// What is behind "+ ", decoded.
std::string challenge_of(const std::string& said) {
    EXPECT_TRUE(said.starts_with("+ ") && said.ends_with("\r\n")) << said;
    return base64_decode(said.substr(2, said.size() - 4)).value_or("bad base64");
}

TEST(Pop3Scram, LogsIn) {
    Host host;
    Client client(host);
    ScramClient scram("ada", "password");
    EXPECT_EQ(client.say("AUTH SCRAM-SHA-256"), "+ \r\n");
    auto said = client.say(base64_encode(scram.first()));
    said = client.say(base64_encode(scram.final(challenge_of(said))));
    EXPECT_EQ(challenge_of(said), scram.last_word());
    EXPECT_EQ(client.session().state(), State::authorization);
    EXPECT_EQ(client.say(""), "+OK Logged in, 0 messages\r\n");
    EXPECT_EQ(client.say("STAT"), "+OK 0 0\r\n");
}

TEST(Pop3Scram, BindsToTheConnection) {
    Host host;
    Client client(host);
    client.session().on_tls({.exporter = std::string(32, 'E'), .end_point = {}});
    EXPECT_TRUE(client.say("CAPA").contains("\r\nSASL SCRAM-SHA-256-PLUS SCRAM-SHA-256 "
                                            "SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN\r\n"));
    for (const char octet : {'X', 'E'}) {
        ScramClient scram("ada", "password");
        scram.gs2_header = "p=tls-exporter,,";
        scram.binding = std::string(32, octet);
        auto said = client.say("AUTH SCRAM-SHA-256-PLUS " + base64_encode(scram.first()));
        said = client.say(base64_encode(scram.final(challenge_of(said))));
        if (octet == 'X')
            EXPECT_EQ(said, "-ERR [AUTH] Authentication failed\r\n");
        else
            EXPECT_EQ(challenge_of(said), scram.last_word());
    }
    EXPECT_TRUE(client.say("").starts_with("+OK Logged in"));
}

TEST(Pop3External, IsThereOnlyWithACertificate) { // RFC 4422 appendix A
    Host host;
    Client client(host);
    client.session().on_tls({.exporter = std::string(32, 'E'), .end_point = {}});
    EXPECT_FALSE(client.say("CAPA").contains("EXTERNAL"));
    EXPECT_TRUE(client.say("AUTH EXTERNAL =").starts_with("-ERR "));
    client.session().on_tls({.exporter = {}, .end_point = {}, .client_chain = {"ada"}});
    EXPECT_TRUE(client.say("CAPA").contains("\r\nSASL EXTERNAL SCRAM-SHA-256 "));
    EXPECT_EQ(client.say("AUTH EXTERNAL " + base64_encode("bob")),
              "-ERR [AUTH] Authentication failed\r\n");
    EXPECT_EQ(client.say("AUTH EXTERNAL"), "+ \r\n");
    EXPECT_TRUE(client.say("*").starts_with("-ERR "));
    EXPECT_EQ(client.say("AUTH EXTERNAL"), "+ \r\n");
    EXPECT_TRUE(client.say("").starts_with("+OK Logged in"));
}

TEST(Pop3Scram, FailsAtEachStepAndStaysInStep) {
    Host host;
    Client client(host);
    ScramClient wrong("ada", "wrong");
    auto said = client.say("AUTH SCRAM-SHA-1 " + base64_encode(wrong.first()));
    said = client.say(base64_encode(wrong.final(challenge_of(said))));
    EXPECT_EQ(said, "-ERR [AUTH] Authentication failed\r\n");
    EXPECT_TRUE(client.say("AUTH SCRAM-SHA-256-PLUS").starts_with("-ERR")) << "no TLS, no binding";
    EXPECT_EQ(client.say("AUTH SCRAM-SHA-256 ="), "-ERR Malformed response\r\n");
    ScramClient scram("ada", "password");
    said = client.say("AUTH SCRAM-SHA-256 " + base64_encode(scram.first()));
    EXPECT_EQ(client.say("*"), "-ERR Authentication cancelled\r\n");
    said = client.say("AUTH SCRAM-SHA-256 " + base64_encode(scram.first()));
    said = client.say(base64_encode(scram.final(challenge_of(said))));
    EXPECT_EQ(client.say(base64_encode("no")), "-ERR Malformed response\r\n");
    EXPECT_EQ(client.session().state(), State::authorization);
    EXPECT_TRUE(client.log_in().starts_with("+OK"));
}

TEST(Pop3Bearer, LogsInAndExplainsFailures) { // RFC 7628, RFC 5034 §4
    Host host;
    Client client(host);
    EXPECT_FALSE(client.say("CAPA").contains("OAUTH"));
    EXPECT_TRUE(client.say("AUTH OAUTHBEARER").starts_with("-ERR "));
    host.server->sasl.bearer =
        std::make_shared<const auth::BearerOffer>(auth::BearerOffer{"mail", {}});
    EXPECT_TRUE(client.say("CAPA").contains(" SCRAM-SHA-1 OAUTHBEARER XOAUTH2 PLAIN LOGIN\r\n"));
    const auto wrong = base64_encode("n,,\1auth=Bearer wrong\1\1");
    EXPECT_EQ(challenge_of(client.say("AUTH OAUTHBEARER " + wrong)),
              R"({"status":"invalid_token","scope":"mail"})");
    EXPECT_EQ(client.say("AQ=="), "-ERR [AUTH] Authentication failed\r\n");
    EXPECT_EQ(client.say("AUTH XOAUTH2 AAAA"), "-ERR Malformed response\r\n");
    host.backend.failure = Errc::unavailable;
    EXPECT_TRUE(client.say("AUTH OAUTHBEARER " + wrong).starts_with("-ERR [SYS/TEMP] "));
    host.backend.failure.reset();
    EXPECT_EQ(client.say("AUTH OAUTHBEARER"), "+ \r\n");
    const auto token = "wrong" + std::string(6'000, '=');
    EXPECT_EQ(challenge_of(client.say(base64_encode("n,,\1auth=Bearer " + token + "\1\1"))),
              R"({"status":"invalid_token","scope":"mail"})")
        << "a long line, and nobody's";
    EXPECT_EQ(client.say(""), "-ERR [AUTH] Authentication failed\r\n");
    EXPECT_TRUE(client.say("AUTH XOAUTH2 " + base64_encode("user=ada\1auth=Bearer of-ada\1\1"))
                    .starts_with("+OK Logged in"));
}

} // namespace
} // namespace maild::pop3::test
