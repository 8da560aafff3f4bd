// `mailctl message verify` and `message sign` of whole messages, against a DNS server of their own.
#include "control/verify.hpp"
#include "support/dns_server.hpp"
#include "support/temp_dir.hpp"

#include "maild/net/resolver.hpp"

#include <boost/json/serialize.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace maild::control {
namespace json = boost::json;
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

// RFC 8463 §A.2 and its message, §A.3, both signatures with it.
constexpr auto* kPem = "-----BEGIN PRIVATE KEY-----\n"
                       "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                       "-----END PRIVATE KEY-----\n";
constexpr auto* kRecord = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

class ControlVerifyMessage : public testing::Test {
protected:
    ControlVerifyMessage() {
        set("resolver", server.address());
        set("domain", "football.example.com");
        set("selector", "brisbane");
        set("key", write("key.pem", kPem));
        add_txt("brisbane._domainkey.football.example.com", kRecord);
        add_txt("_dmarc.example.com", "v=DMARC1; p=reject; sp=quarantine");
    }
    void set(std::string_view name, std::string_view value) {
        session.invocation.arguments[name] = value;
    }
    std::string write(const std::string& name, std::string_view text) {
        const auto path = directory / name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    void add_txt(std::string_view name, std::string_view text) {
        server.add(name, static_cast<std::uint16_t>(net::DnsType::txt), test::wire_text(text));
    }
    std::string text_of(const Reply& reply) {
        return reply.exit == kOk ? std::string(reply.result.at("text").as_string()) : reply.error;
    }
    std::string signed_message() {
        set("file",
            write("letter.eml", "From: joe@football.example.com\nSubject: dinner\n\nHi.\n"));
        return text_of(run_sign(session));
    }
    std::string verified(std::string_view message) {
        set("file", write("signed.eml", message));
        return text_of(run_verify(session));
    }

    test::DnsServer server;
    test::TempDir directory;
    Session session;
};

TEST_F(ControlVerifyMessage, VerifiesWhatItSigned) {
    set("now", "1528637909");
    const auto message = signed_message();
    EXPECT_THAT(message, StartsWith("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;"));
    EXPECT_THAT(message, HasSubstr("t=1528637909;"));
    EXPECT_THAT(message, HasSubstr("\r\n\r\nHi.\r\n"));
    const auto said = verified(message);
    EXPECT_THAT(said, StartsWith("spf=none reason=\"no client was given (--ip)\"\n"
                                 "dkim=pass reason=\"signature and body hash are right\" "
                                 "header.d=football.example.com header.s=brisbane"));
    EXPECT_THAT(said, HasSubstr("\ndmarc=pass reason=\"DKIM aligned with football.example.com\" "
                                "header.from=football.example.com policy.dmarc=quarantine\n"));
    EXPECT_THAT(said, HasSubstr("\narc=none reason=\"there is no chain\"\n"));
    EXPECT_THAT(said, HasSubstr("\norganizational domain: example.com\n"
                                "policy of example.com: v=DMARC1; p=reject; sp=quarantine\n"));
    EXPECT_THAT(said, HasSubstr("\ndns: TXT brisbane._domainkey.football.example.com: found"));
    const auto reply = run_verify(session);
    EXPECT_EQ(reply.result.at("dkim").as_array().at(0).at("result").as_string(), "pass");
    EXPECT_EQ(reply.result.at("dmarc").at("dkim_aligned").as_string(), "football.example.com");
    EXPECT_EQ(reply.result.at("arc").at("result").as_string(), "none");
    EXPECT_EQ(json::serialize(reply.result.at("dmarc").at("authors")),
              R"(["football.example.com"])");
}

// Whom a reader may take for the author, where there is more than one.
TEST_F(ControlVerifyMessage, NamesAllDomainsInFrom) {
    const auto message = "From: <a@one.example>, <b@two.example>\r\n\r\nx\r\n";
    (void)verified(message);
    const auto reply = run_verify(session);
    EXPECT_EQ(json::serialize(reply.result.at("dmarc").at("authors")),
              R"(["one.example","two.example"])");
}

TEST_F(ControlVerifyMessage, JoinsSpf) {
    add_txt("mail.example.com", "v=spf1 ip4:192.0.2.1 -all");
    set("ip", "192.0.2.1");
    set("helo", "client.example");
    set("mail-from", "joe@mail.example.com");
    const auto message = signed_message() + "more";
    const auto said = verified(message);
    EXPECT_THAT(said, StartsWith("spf=pass reason=\"by ip4:192.0.2.1\" "
                                 "smtp.mailfrom=mail.example.com\ndkim=fail "));
    EXPECT_THAT(said, HasSubstr("\ndmarc=pass reason=\"SPF aligned with football.example.com\""));
    set("ip", "192.0.2.2");
    EXPECT_THAT(verified(message), HasSubstr("\ndmarc=fail "));
}

TEST_F(ControlVerifyMessage, IsHarmlessWithHostileMessages) {
    const auto said = verified("DKIM-Signature: v=1; a=rsa-sha256; d=a.example; s=\x1b[31m; h=from;"
                               " i=\x1b@a.example; bh=AAAA; b=AAAA\r\nFrom: \x1b\xff\r\n\r\n");
    EXPECT_THAT(said, HasSubstr("\ndkim=neutral "));
    EXPECT_THAT(said, HasSubstr("\ndmarc=permerror "));
    EXPECT_THAT(said, Not(HasSubstr("\x1b")));
    EXPECT_THAT(verified(""), HasSubstr("dkim=none reason=\"the message is not signed\"\n"
                                        "dmarc=permerror reason=\"there is no From\""));
}

TEST_F(ControlVerifyMessage, RefusesWrongArguments) {
    set("file", write("letter.eml", "From: joe@football.example.com\n\n"));
    set("min-rsa", "many");
    EXPECT_EQ(run_verify(session).exit, kUsage);
    set("min-rsa", "2048");
    EXPECT_EQ(run_verify(session).exit, kOk);
    set("mail-from", "joe@example.com");
    EXPECT_EQ(run_verify(session).exit, kUsage); // without --ip
    set("ip", "nowhere");
    EXPECT_EQ(run_verify(session).exit, kUsage);
    set("ip", "192.0.2.1");
    set("now", "yesterday");
    EXPECT_EQ(run_verify(session).exit, kUsage);
    EXPECT_EQ(run_sign(session).exit, kUsage);
    set("now", "1");
    set("file", directory / "missing");
    EXPECT_NE(run_verify(session).exit, kOk);
    EXPECT_NE(run_sign(session).exit, kOk);
    set("file", write("letter.eml", "To: joe@football.example.com\n\n"));
    EXPECT_EQ(run_sign(session).exit, kBadData);
    set("key", write("key.pem", "no key"));
    EXPECT_EQ(run_sign(session).exit, kBadData);
    set("key", "");
    EXPECT_EQ(run_sign(session).exit, kUsage);
}

} // namespace
} // namespace maild::control
