// What a sender may ask for beyond delivery: where it is offered, refused, and handed on.
#include "smtp/conversation.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace maild::smtp {
namespace {

using test::Conversation;

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

TEST(SmtpExtensions, HoldsTextInChunksToTheRulesOfText) { // only who says binary may send it
    Conversation with;
    with.hello();
    with.send("MAIL FROM:<> BODY=8BITMIME").expect("250");
    with.send("RCPT TO:<ada@example.org>").expect("250");
    with.chunk("\r\na\nb\r\n", " LAST").expect("521 5.5.2");
    EXPECT_TRUE(with.is_over());
}

} // namespace
} // namespace maild::smtp
