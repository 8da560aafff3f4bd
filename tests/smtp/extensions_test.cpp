// What a sender may ask for beyond delivery: where it is offered, refused, and handed on.
#include "smtp/conversation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace maild::smtp {
namespace {

using test::Conversation;

// A logged-in session of submission.
Conversation submitting() {
    Conversation with(Service::submission);
    with.start_tls();
    with.hello();
    with.send("AUTH PLAIN AGFkYUBleGFtcGxlLm9yZwBzZWNyZXQ=").expect("235");
    return with;
}

TEST(SmtpExtensions, HandsOnWhatASenderWantsToHear) { // RFC 3461
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example> RET=hdrs ENVID=QQ+20314159").expect("250 2.1.0");
    with.send("RCPT TO:<ada@example.org> NOTIFY=delay,success ORCPT=rfc822;Ada+2B@example.org")
        .expect("250 2.1.5");
    with.send("RCPT TO:<bob@example.org>").expect("250 2.1.5");
    with.send("DATA").expect("354");
    with.content("\r\nhello\r\n.\r\n").expect("250 2.0.0");
    const auto& message = with.backend().accepted.at(0);
    EXPECT_EQ(message.mail.return_content, "HDRS");
    EXPECT_EQ(message.mail.envelope_id, "QQ 314159");
    EXPECT_EQ(message.asked,
              (std::vector<std::string>{"SUCCESS,DELAY|rfc822;Ada+@example.org", "|"}));
    EXPECT_EQ(message.begun, with.host().clock.now());
}

TEST(SmtpExtensions, TellsItsLimits) { // RFC 9422
    Conversation with(Service::relay_in, [](Server& server) { server.limits.recipients = 2; });
    with.hello();
    EXPECT_TRUE(with.reply().contains("250-LIMITS RCPTMAX=2\r\n"));
    with.send("MAIL FROM:<>").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.send("RCPT TO:<bob@example.org>").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("452 4.5.3");
}

TEST(SmtpExtensions, RequiresTlsOnlyUnderTls) { // RFC 8689 §2
    Conversation with;
    with.hello();
    EXPECT_FALSE(with.reply().contains("REQUIRETLS"));
    with.send("MAIL FROM:<> REQUIRETLS").expect("530 5.7.0");
    with.start_tls().hello();
    EXPECT_TRUE(with.reply().contains("250-REQUIRETLS\r\n"));
    with.send("MAIL FROM:<> REQUIRETLS").expect("250 2.1.0");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.send("DATA").expect("354");
    with.content(".\r\n").expect("250");
    EXPECT_TRUE(with.backend().accepted.at(0).mail.requiretls);
    Conversation without(Service::relay_in, [](Server& server) { server.tls = nullptr; });
    without.hello().send("MAIL FROM:<> REQUIRETLS").expect("555 5.5.4");
}

TEST(SmtpExtensions, HoldsForThoseWhoSubmit) { // RFC 4865
    auto with = submitting();
    with.send("EHLO client.example");
    EXPECT_TRUE(with.reply().contains("250-FUTURERELEASE 2592000 2023-12-14T22:13:20Z\r\n"));
    const std::string mail = "MAIL FROM:<ada@example.org> ";
    const struct {
        std::string parameters;
        std::string_view want;
    } cases[] = {
        {"HOLDFOR=2592000", "250"},
        {"HOLDFOR=2592001", "501 5.5.4"},
        {"HOLDUNTIL=2023-12-14T22:13:20Z", "250"},
        {"HOLDUNTIL=2023-12-14T22:13:21Z", "501 5.5.4"},
        {"HOLDUNTIL=2023-11-14T22:13:19Z", "501 5.5.4"}, // has passed
        {"HOLDFOR=100 BY=200;R", "250"},
        {"HOLDFOR=100 BY=99;R", "501 5.5.4"},
        {"HOLDFOR=100 BY=-1;N", "501 5.5.4"},
    };
    for (const auto& c : cases) {
        with.send(mail + c.parameters).expect(c.want);
        with.send("RSET");
    }
}

TEST(SmtpExtensions, HoldsForNobodyElse) {
    Conversation with;
    with.hello();
    EXPECT_FALSE(with.reply().contains("FUTURERELEASE"));
    with.send("MAIL FROM:<> HOLDFOR=1").expect("555 5.5.4");
    Conversation off(Service::submission,
                     [](Server& server) { server.limits.hold_most = std::chrono::seconds(0); });
    off.start_tls().hello();
    EXPECT_FALSE(off.reply().contains("FUTURERELEASE"));
}

TEST(SmtpExtensions, TakesBinaryInChunksAlone) { // RFC 3030 §3
    using namespace std::string_literals;
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<eve@remote.example> BODY=BINARYMIME").expect("250 2.1.0");
    with.send("RCPT TO:<ada@example.org>").expect("250 2.1.5");
    with.send("DATA").expect("503 5.5.1");
    with.chunk("Content-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\r\na\0b\r"s)
        .expect("250 2.0.0");
    with.chunk("\nc\n", " LAST").expect("250 2.0.0 Ok");
    const auto& message = with.backend().accepted.at(0);
    EXPECT_EQ(message.content,
              "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYQBiDQpjCg==\r\n");
    EXPECT_EQ(message.header_size, 56U);
    EXPECT_FALSE(message.has_8bit);
    EXPECT_EQ(with.host().budget.used(), 0U);
}

TEST(SmtpExtensions, RefusesBinaryThatNoPartCanHold) {
    using namespace std::string_literals;
    const struct {
        std::string content;
        std::string_view want;
    } cases[] = {
        {"Subject: \0\r\n\r\nx"s, "554 5.6.0"},
        {"Subject: a\nb\r\n\r\nx", "554 5.6.0"},
        {"\r\n" + std::string(900, '\0'), "552 5.3.4"}, // in base64 it is too large
        {"\r\nsmall", "250 2.0.0"},
    };
    for (const auto& c : cases) {
        Conversation with(Service::relay_in,
                          [](Server& server) { server.limits.message_size = 1000; });
        with.hello();
        with.send("MAIL FROM:<> BODY=BINARYMIME").expect("250");
        with.send("RCPT TO:<ada@example.org>").expect("250");
        with.chunk(c.content, " LAST").expect(c.want);
        EXPECT_FALSE(with.is_over());
    }
}

// It is there twice while it is put into lines: who has begun must not fail for want of that.
TEST(SmtpExtensions, ClaimsForBinaryWhatItBecomes) {
    const std::string content = "\r\n" + std::string(8'000'000, '\0');
    Conversation with;
    auto& budget = with.host().budget;
    net::MemoryBudget::Lease other(budget);
    with.hello();
    with.send("MAIL FROM:<> BODY=BINARYMIME SIZE=8000002").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.send("BDAT " + std::to_string(content.size()) + " LAST", true);
    maild::test::run_task(with.session().wait_for_chunk_room(100'000));
    EXPECT_FALSE(other.grow_to(budget.largest() - 10'000'000)) << "it would not be finished";
    EXPECT_TRUE(other.grow_to(budget.largest() - 21'000'000));
    with.octets(content).expect("250 2.0.0 Ok");
    EXPECT_EQ(with.backend().accepted.size(), 1U);
    EXPECT_EQ(budget.used(), other.size());
}

// 452 would call it back for ever.
TEST(SmtpExtensions, RefusesForGoodBinaryThatNeverFits) {
    Conversation with;
    const auto most = with.host().budget.largest() / 5 * 2;
    with.hello();
    with.send("MAIL FROM:<> SIZE=" + std::to_string(most + 1)).expect("250");
    with.send("RSET").expect("250");
    with.send("MAIL FROM:<> BODY=BINARYMIME SIZE=" + std::to_string(most + 1)).expect("552 5.3.4");
    with.send("MAIL FROM:<> BODY=BINARYMIME").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.chunk(std::string(most + 1, '\0'), " LAST").expect("552 5.3.4");
    EXPECT_EQ(with.host().budget.used(), 0U);
}

TEST(SmtpExtensions, HoldsTextInChunksToTheRulesOfText) { // only who says binary may send it
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<> BODY=8BITMIME").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.chunk("\r\na\nb\r\n", " LAST").expect("521 5.5.2");
    EXPECT_TRUE(with.is_over());
}

TEST(SmtpExtensions, RefusesWhatComesTooLate) { // RFC 2852
    const struct {
        std::string_view parameter, want;
    } cases[] = {{"BY=60;R", "554 5.4.7"}, {"BY=60;N", "250"}, {"BY=62;R", "250"}};
    for (const auto& c : cases) {
        Conversation with;
        with.hello().send("MAIL FROM:<> " + std::string(c.parameter)).expect("250");
        with.send("RCPT TO:<ada@example.org>").expect("250");
        with.send("DATA").expect("354");
        with.host().clock.advance(std::chrono::seconds(61));
        with.content("\r\nhello\r\n.\r\n").expect(c.want);
    }
}

TEST(SmtpExtensions, SaysWhichPriorityAMessageHas) { // RFC 6710
    const struct {
        std::string parameter;
        std::optional<std::int8_t> given;
        std::string_view want;
    } cases[] = {
        {"", std::nullopt, "250 2.0.0 Ok: 0S.1"},
        {" MT-PRIORITY=5", 5, "250 2.0.0 Ok: 0S.1"},
        {" MT-PRIORITY=5", 0, "250 2.3.6 0 is the priority it has here. Ok: 0S.1"},
        {" MT-PRIORITY=-3", -3, "250 2.0.0"},
    };
    for (const auto& c : cases) {
        Conversation with;
        with.backend().priority = c.given;
        with.hello().send("MAIL FROM:<>" + c.parameter).expect("250");
        with.send("RCPT TO:<ada@example.org>").expect("250");
        with.send("DATA").expect("354");
        with.content(".\r\n").expect(c.want);
    }
}

} // namespace
} // namespace maild::smtp
