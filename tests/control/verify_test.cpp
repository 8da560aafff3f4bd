// `mailctl message verify` against a DNS server of its own.
#include "control/verify.hpp"
#include "support/dns_server.hpp"

#include "maild/base/utf8.hpp"
#include "maild/net/resolver.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace maild::control {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class ControlVerify : public testing::Test {
protected:
    ControlVerify() {
        session.invocation.arguments["spf"] = true;
        set("resolver", server.address());
        set("ip", "192.0.2.1");
        set("helo", "client.example");
        set("mail-from", "ada@example.org");
    }
    void set(std::string_view name, std::string_view value) {
        session.invocation.arguments[name] = value;
    }
    void add_txt(std::string_view name, std::string_view text) {
        server.add(name, static_cast<std::uint16_t>(net::DnsType::txt), test::wire_text(text));
    }
    std::string text() {
        const auto reply = run_verify(session);
        return reply.exit == kOk ? std::string(reply.result.at("text").as_string()) : reply.error;
    }

    test::DnsServer server;
    Session session;
};

TEST_F(ControlVerify, SaysTheResultFirstAndThenWhy) {
    add_txt("example.org", "v=spf1 a:mx.example.org -all exp=why.example.org");
    add_txt("why.example.org", "%{i} at %{t}");
    set("now", "2023-11-14T22:13:20Z");
    const auto said = text();
    EXPECT_THAT(said, StartsWith("fail\nmailfrom of example.org is fail by all\n"
                                 "helo of client.example is none: no SPF record"));
    EXPECT_THAT(said, HasSubstr("\nexplanation: 192.0.2.1 at 1700000000\n"));
    EXPECT_THAT(said, HasSubstr("\ndns: TXT example.org: found, \"v=spf1 a:mx.example.org "));
    EXPECT_THAT(said, HasSubstr("\ndns: A mx.example.org: no such name\n"));
    EXPECT_THAT(said, HasSubstr("\nReceived-SPF: fail ("));
    EXPECT_THAT(said, EndsWith("mechanism=all\n"));
    const auto reply = run_verify(session);
    EXPECT_EQ(reply.result.at("spf").as_string(), "fail");
    EXPECT_EQ(reply.result.at("mail_from").at("mechanism").as_string(), "all");
    EXPECT_EQ(reply.result.at("questions").as_array().size(), 4U);
}

TEST_F(ControlVerify, TakesEnvelopesAsTheyAreWritten) {
    add_txt("example.org", "v=spf1 exists:%{l}.l.example.org -all");
    server.add("a b.l.example.org", static_cast<std::uint16_t>(net::DnsType::a),
               test::wire_address("127.0.0.2"));
    server.add("postmaster.l.example.org", static_cast<std::uint16_t>(net::DnsType::a),
               test::wire_address("127.0.0.2"));
    add_txt("xn--bcher-kva.example", "v=spf1 -all");
    struct Case {
        std::string_view sender;
        std::string_view want;
    };
    for (const auto& [sender, want] : {
             Case{"\"a b\"@example.org", "pass\nmailfrom"},
             {"<\"a b\"@example.org>", "pass\nmailfrom"},
             {"@example.org", "pass\nmailfrom"},
             {"other@example.org", "fail\nmailfrom"},
             {"ada@b\xc3\xbc"
              "cher.example",
              "fail\nmailfrom of xn--bcher-kva.example"},
             {"", "none\nhelo"},
             {"<>", "none\nhelo"},
         }) {
        set("mail-from", sender);
        EXPECT_THAT(text(), StartsWith(std::string(want))) << sender;
    }
}

TEST_F(ControlVerify, WhatTheDnsSaysIsHarmlessForTheTerminal) {
    add_txt("example.org", "v=spf1 \x1b[2J");
    EXPECT_THAT(text(), StartsWith("permerror\n"));
    EXPECT_THAT(text(), HasSubstr("\\x1b[2J"));
    EXPECT_EQ(text().find('\x1b'), std::string::npos);
}

TEST_F(ControlVerify, JsonIsUtf8WhateverTheDnsSays) {
    add_txt("example.org", "v=spf1 \x80\xff -all");
    set("helo", "\xfe.example");
    const auto reply = run_verify(session);
    EXPECT_TRUE(is_utf8(format_reply(reply)));
    EXPECT_THAT(std::string(reply.result.at("questions").at(0).at("answer").as_string()),
                HasSubstr("\\x80\\xff -all"));
}

TEST_F(ControlVerify, ASilentServerIsATemporaryError) {
    server.set_fault("example.org", test::DnsFault::servfail);
    EXPECT_THAT(text(), StartsWith("temperror\n"));
}

TEST_F(ControlVerify, SaysWhatIsWrongWithItsArguments) {
    for (const auto& [name, value, want] :
         std::vector<std::tuple<std::string, std::string, std::string>>{
             {"ip", "192.0.2", "--ip"},
             {"ip", "", "--ip"},
             {"now", "yesterday", "--now"},
             {"now", "2026-02-30T00:00:00Z", "--now"},
             {"resolver", "localhost", "localhost"},
         }) {
        const auto before = session;
        set(name, value);
        const auto reply = run_verify(session);
        EXPECT_EQ(reply.exit, kUsage) << name;
        EXPECT_THAT(reply.error, HasSubstr(want));
        session = before;
    }
}

TEST(ControlVerifyTime, IsSecondsOrRfc3339) {
    EXPECT_EQ(parse_verify_time("1700000000"), from_unix_seconds(1'700'000'000));
    EXPECT_EQ(parse_verify_time("2023-11-14T22:13:20Z"), from_unix_seconds(1'700'000'000));
    for (const auto* wrong :
         {"", "-1", "1e9", "999999999999", "2023-11-14", "2023-11-14T24:00:00Z",
          "2023-13-14T22:13:20Z", "2023-11-14 22:13:20Z", "20x3-11-14T22:13:20Z"})
        EXPECT_EQ(parse_verify_time(wrong), std::nullopt) << wrong;
}

} // namespace
} // namespace maild::control
