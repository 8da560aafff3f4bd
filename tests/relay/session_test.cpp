// Sessions by transcripts: what is said, in which groups, and what becomes of each recipient.
#include "relay/session_fixture.hpp"

#include <gmock/gmock.h>

namespace maild::relay {
namespace {

using ::testing::HasSubstr;

TEST_F(SessionTest, DeliversInOneGroup) {
    start(std::string(kPipelined) + R"(
        C: MAIL FROM:<ann@example.org> SIZE=20
        C: RCPT TO:<bob@example.net>
        C: RCPT TO:<eve@example.net>
        C: DATA
        S: 250 2.1.0 OK
        S: 250 2.1.5 OK
        S: 250 2.1.5 OK
        S: 354 go on
        C.
        S: 250 2.0.0 taken as 42
        C: QUIT
        S: 221 bye)");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"bob@example.net", "eve@example.net"})),
              (Told{"delivered", "delivered"}));
    EXPECT_EQ(outcomes_[0].words, "250 2.0.0 taken as 42");
    EXPECT_EQ(outcomes_[0].host, "mx.example.net");
    EXPECT_TRUE(session_->is_usable());
    EXPECT_EQ(finish(), "");
    EXPECT_EQ(peer_->content(), "Subject: x\r\n\r\nbody\r\n.\r\n");
}

TEST_F(SessionTest, WaitsForEachReplyWithoutPipelining) {
    start(R"(
        S: 220-mx
        S: 220 ESMTP
        C: EHLO client.example
        S: 500 what?
        C: HELO client.example
        S: 250 mx
        C: MAIL FROM:<ann@example.org>
        S: 250 OK
        C: RCPT TO:<bob@example.net>
        S: 550 5.1.1 nobody
        C: RCPT TO:<eve@example.net>
        S: 251 will forward
        C: DATA
        S: 354 go on
        C.
        S: 250 taken
        C: QUIT)");
    EXPECT_EQ(open(), "good");
    EXPECT_FALSE(session_->capabilities().is_extended);
    EXPECT_EQ(send(envelope_to({"bob@example.net", "eve@example.net"})),
              (Told{"failed 550 5.1.1 RCPT TO", "delivered"}));
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, TellsRecipientsApart) {
    start(std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C? RCPT
        C? RCPT
        C: DATA
        S: 250 OK
        S: 550-5.1.1 no
        S: 550 5.1.1 such user
        S: 452 too many
        S: 250 OK
        S: 354 go on
        C.
        S: 554 5.6.0 spam
        C: MAIL FROM:<> SIZE=20
        C? RCPT
        C: DATA
        S: 250 OK
        S: 450 4.2.0 later
        S: 503 5.5.1 no recipients
        C: RSET
        S: 250 OK
        C? MAIL
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go on
        C.
        S: 250 taken)");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net", "b@example.net", "c@example.net"})),
              (Told{"failed 550 5.1.1 RCPT TO", "deferred 452 4.0.0 RCPT TO",
                    "failed 554 5.6.0 end of data"}));
    EXPECT_EQ(outcomes_[0].words, "550 5.1.1 no such user");
    EXPECT_EQ(outcomes_[2].scope, Scope::message);
    auto bounce = envelope_to({"a@example.net"});
    bounce.reverse_path.clear();
    EXPECT_EQ(send(bounce), (Told{"deferred 450 4.2.0 RCPT TO"}));
    EXPECT_EQ(send(envelope_to({"a@example.net"})), (Told{"delivered"}));
    EXPECT_EQ(session_->transactions(), 3U);
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, SendsADotAloneWhenNobodyIsLeft) {
    start(std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C: DATA
        S: 250 OK
        S: 550 5.1.1 no
        S: 354 go on
        C.
        S: 554 5.5.1 no recipients
        C: RSET
        S: 250 OK
        C? MAIL
        C? RCPT
        C: DATA
        S: 550 5.7.1 no mail from you
        S: 503 5.5.1 no MAIL
        S: 503 5.5.1 no RCPT
        C: QUIT)");
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net"})), (Told{"failed 550 5.1.1 RCPT TO"}));
    EXPECT_EQ(send(envelope_to({"a@example.net"})), (Told{"failed 550 5.7.1 MAIL FROM"}));
    EXPECT_EQ(outcomes_[0].scope, Scope::message);
    EXPECT_EQ(finish(), "");
    EXPECT_EQ(peer_->content(), ".\r\n");
}

TEST_F(SessionTest, SplitsGroupsThatAreLarge) {
    std::string script = kPipelined;
    std::vector<std::string> addresses;
    const std::string long_name(60, 'x');
    for (int i = 0; i < 100; ++i)
        addresses.push_back(long_name + std::to_string(i) + "@example.net");
    // Groups of at most 4 KiB: 45 commands, and no reply before all of a group is there.
    std::size_t octets = std::string("MAIL FROM:<ann@example.org> SIZE=20\r\n").size();
    script += "C? MAIL\n";
    std::string replies = "S: 250 OK\n";
    for (const auto& address : addresses) {
        const auto size = std::string("RCPT TO:<>\r\n").size() + address.size();
        if (octets + size > 4096) {
            script += replies;
            replies.clear();
            octets = 0;
        }
        octets += size;
        script += "C: RCPT TO:<" + address + ">\n";
        replies += "S: 250 OK\n";
    }
    script += "C: DATA\n" + replies + "S: 354 go on\nC.\nS: 250 taken\n";
    start(script);
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to(addresses)), Told(100, "delivered"));
    EXPECT_EQ(finish(), "");
}

TEST_F(SessionTest, HearsFarewellsAnywhere) {
    const std::string all = std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 354 go on
        C.
        S: 250 taken)";
    const auto lines = test::lines_of(all);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (!lines[i].starts_with("S: ") || lines[i][6] == '-') continue;
        SCOPED_TRACE(std::to_string(i) + " " + lines[i]);
        // Before a multiline reply, not in its midst.
        auto at = i;
        while (at > 0 && lines[at - 1].starts_with("S: 250-")) --at;
        std::vector<std::string> script(lines.begin(), lines.begin() + static_cast<long>(at));
        script.push_back("S: 421 4.3.2 shutting down");
        script.push_back("X");
        start_lines(script);
        const auto opened = open();
        if (opened == "good") {
            for (const auto& outcome : send(envelope_to({"a@example.net", "b@example.net"})))
                EXPECT_THAT(outcome, HasSubstr("deferred 421 4.3.2"));
            EXPECT_EQ(outcomes_.size(), 2U);
            EXPECT_EQ(outcomes_[1].scope, Scope::host);
        } else {
            EXPECT_THAT(opened, HasSubstr("deferred 421 4.3.2"));
        }
        EXPECT_FALSE(session_->is_usable());
        EXPECT_EQ(finish(), "");
    }
}

// The peer vanishes before each of its replies, in pipelined and in single steps: everything is
// deferred, and "may be delivered twice" is said behind the final dot alone.
TEST_F(SessionTest, SurvivesALostConnectionAtEachStep) {
    const std::string single = R"(
        S: 220 mx
        C: EHLO client.example
        S: 250 mx
        C? MAIL
        S: 250 OK
        C? RCPT
        S: 250 OK
        C? RCPT
        S: 250 OK
        C: DATA
        S: 354 go on
        C.
        S: 250 taken)";
    const std::string grouped = std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 250 OK
        S: 354 go on
        C.
        S: 250 taken)";
    for (const auto& all : {single, grouped}) {
        const auto lines = test::lines_of(all);
        for (std::size_t i = 0; i < lines.size(); ++i) {
            SCOPED_TRACE(std::to_string(i) + " " + lines[i]);
            std::vector<std::string> script(lines.begin(), lines.begin() + static_cast<long>(i));
            script.push_back("X");
            start_lines(script);
            const auto opened = open();
            if (opened == "good") {
                const auto outcomes = send(envelope_to({"a@example.net", "b@example.net"}));
                EXPECT_EQ(outcomes.size(), 2U);
                for (const auto& outcome : outcomes)
                    EXPECT_THAT(outcome, HasSubstr("deferred 0 4.4.2"));
                const bool is_sent = i + 1 == lines.size();
                for (const auto& outcome : outcomes_) {
                    EXPECT_TRUE(is_sent == outcome.may_be_duplicate || i + 2 >= lines.size());
                    EXPECT_THAT(outcome.words, HasSubstr("the connection was lost"));
                }
            } else {
                EXPECT_THAT(opened, HasSubstr("deferred 0 4.4.2"));
            }
            EXPECT_FALSE(session_->is_usable());
            EXPECT_EQ(finish(), "");
        }
    }
}

TEST_F(SessionTest, HasTimeouts) {
    const std::string all = std::string(kPipelined) + R"(
        C? MAIL
        C? RCPT
        C: DATA
        S: 250 OK
        S: 250 OK
        S: 354 go on
        C.
        S: 250 taken)";
    const auto lines = test::lines_of(all);
    SessionOptions options;
    options.timeouts = {.greeting = 20ms,
                        .hello = 20ms,
                        .tls = 20ms,
                        .login = 20ms,
                        .mail = 20ms,
                        .rcpt = 20ms,
                        .data = 20ms,
                        .block = 20ms,
                        .content_end = 20ms,
                        .quit = 20ms};
    const std::size_t silent[] = {0, 2, 10, 12, 14};
    for (const auto i : silent) {
        SCOPED_TRACE(std::to_string(i));
        std::vector<std::string> script(
            lines.begin(), lines.begin() + static_cast<long>(std::min(i, lines.size() - 1)));
        script.push_back("W");
        start_lines(script, options);
        const auto opened = open();
        if (opened == "good")
            EXPECT_THAT(send(envelope_to({"a@example.net"})).front(),
                        HasSubstr("deferred 0 4.4.2"));
        else
            EXPECT_THAT(opened, HasSubstr("deferred 0 4.4.2"));
        finish();
    }
    std::vector<std::string> unanswered(lines.begin(), lines.end() - 1);
    unanswered.push_back("W");
    start_lines(unanswered, options);
    EXPECT_EQ(open(), "good");
    EXPECT_EQ(send(envelope_to({"a@example.net"})).front(), "deferred 0 4.4.2 end of data (twice)");
    EXPECT_THAT(outcomes_[0].words, HasSubstr("delivered twice"));
    finish();
}

TEST_F(SessionTest, RefusesJunk) {
    const struct {
        const char* greeting;
        const char* want;
    } cases[] = {
        {"S: SSH-2.0-OpenSSH_9.2", "deferred 0 4.5.0 greeting"},
        {"S: HTTP/1.1 400 Bad Request", "deferred 0 4.5.0 greeting"},
        {"S\\ 220 a\\n250 b\\r\\n", "deferred 0 4.5.0 greeting"},
        {"S\\ 220-a\\r\\n221 b\\r\\n", "deferred 0 4.5.0 greeting"},
        {"S: 250 not a greeting", "deferred 250 2.0.0 greeting"},
        {"S: 354 go on", "deferred 354 4.5.0 greeting"},
        {"S: 554 no mail here", "failed 554 5.0.0 greeting"},
        {"S: 521 5.3.2 no mail here", "failed 521 5.3.2 greeting"},
        {"S: 421 busy", "deferred 421 4.0.0 greeting"},
        {"X", "deferred 0 4.4.2 greeting"},
    };
    for (const auto& c : cases) {
        SCOPED_TRACE(c.greeting);
        start(c.greeting);
        EXPECT_EQ(open(), c.want);
        EXPECT_FALSE(session_->is_usable());
        EXPECT_EQ(finish(), "");
    }
    std::string endless;
    for (int i = 0; i < 101; ++i) endless += "S: 220-more\n";
    start(endless);
    EXPECT_EQ(open(), "deferred 0 4.5.0 greeting");
    finish();
    start("S\\ 220 " + std::string(100'000, 'x'));
    EXPECT_EQ(open(), "deferred 0 4.5.0 greeting");
    finish();
}

} // namespace
} // namespace maild::relay
