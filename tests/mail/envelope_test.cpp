#include "maild/mail/mime.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

EnvelopeAddress address(const char* name, std::string mailbox, std::string host) {
    return {name == nullptr ? std::nullopt : std::optional<std::string>(name), std::nullopt,
            std::move(mailbox), std::move(host)};
}

using Addresses = std::vector<EnvelopeAddress>;

// The example of RFC 9051 §8.
TEST(Envelope, ShowsTheFieldsOfTheRfc) {
    const auto envelope =
        parse_message(
            "Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\n"
            "From: Terry Gray <gray@cac.washington.example>\r\n"
            "Subject: IMAP4rev2 WG mtg summary and minutes\r\n"
            "To: imap@cac.washington.example\r\n"
            "cc: minutes@CNRI.Reston.VA.US.example, John Klensin <KLENSIN@JCK.COM.example>\r\n"
            "Message-Id: <B27397-0100000@cac.washington.example>\r\n\r\n")
            .envelope;
    const Addresses from = {address("Terry Gray", "gray", "cac.washington.example")};
    EXPECT_EQ(envelope.date, "Wed, 17 Jul 1996 02:23:25 -0700 (PDT)");
    EXPECT_EQ(envelope.subject, "IMAP4rev2 WG mtg summary and minutes");
    EXPECT_EQ(envelope.from, from);
    EXPECT_EQ(envelope.sender, from);
    EXPECT_EQ(envelope.reply_to, from);
    EXPECT_EQ(envelope.to, (Addresses{address(nullptr, "imap", "cac.washington.example")}));
    EXPECT_EQ(envelope.cc, (Addresses{address(nullptr, "minutes", "CNRI.Reston.VA.US.example"),
                                      address("John Klensin", "KLENSIN", "JCK.COM.example")}));
    EXPECT_EQ(envelope.bcc, Addresses{});
    EXPECT_EQ(envelope.in_reply_to, std::nullopt);
    EXPECT_EQ(envelope.message_id, "<B27397-0100000@cac.washington.example>");
}

TEST(Envelope, WritesGroupsWithStartAndEnd) {
    const auto envelope = parse_message("To: A:b@c;, \"x y\" <@r:d@e>, Nobody:;\r\n\r\n").envelope;
    const Addresses want = {
        {std::nullopt, std::nullopt, "A", std::nullopt},
        address(nullptr, "b", "c"),
        {},
        {"x y", "@r", "d", "e"},
        {std::nullopt, std::nullopt, "Nobody", std::nullopt},
        {},
    };
    EXPECT_EQ(envelope.to, want);
}

TEST(Envelope, HasNoNilHostOutsideOfGroups) {
    const auto envelope =
        parse_message("From: root\r\nTo: Ada Lovelace\r\nCc: <>\r\n\r\n").envelope;
    EXPECT_EQ(envelope.from, Addresses{address(nullptr, "root", "")});
    EXPECT_EQ(envelope.to, Addresses{address("Ada Lovelace", "", "")});
    EXPECT_EQ(envelope.cc, Addresses{address(nullptr, "", "")});
}

TEST(Envelope, KeepsRawButUnfoldedText) {
    const auto envelope =
        parse_message("Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\nSubject: other\r\n"
                      "In-Reply-To:\r\nFrom:\r\nSender: s@x\r\n\r\n")
            .envelope;
    EXPECT_EQ(envelope.subject, "=?utf-8?q?a?= =?utf-8?q?b?=") << "the first field counts";
    EXPECT_EQ(envelope.in_reply_to, "") << "there, but empty";
    EXPECT_EQ(envelope.from, Addresses{});
    EXPECT_EQ(envelope.sender, Addresses{address(nullptr, "s", "x")});
    EXPECT_EQ(envelope.reply_to, Addresses{});
}

TEST(Envelope, JoinsRepeatedAddressFields) {
    const auto envelope = parse_message("To: a@b\r\nTo: c@d\r\n\r\n").envelope;
    EXPECT_EQ(envelope.to, (Addresses{address(nullptr, "a", "b"), address(nullptr, "c", "d")}));
}

TEST(Envelope, HoldsNoOctetThatImapCannotSend) {
    using namespace std::string_view_literals;
    const auto envelope =
        parse_message("Subject: a\0b\rc\r\nTo: \"a\0\r\n b\" <c\0@d>\r\n\r\n"sv).envelope;
    EXPECT_EQ(envelope.subject, "abc");
    EXPECT_EQ(envelope.to, Addresses{address("a b", "c", "d")});
}

TEST(Envelope, BelongsToEmbeddedMessagesToo) {
    const auto message =
        parse_message("Subject: out\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n");
    EXPECT_EQ(message.envelope.subject, "out");
    ASSERT_TRUE(message.root.envelope);
    EXPECT_EQ(message.root.envelope->subject, "in");
    EXPECT_EQ(message.root.children.front().envelope, nullptr);
}

} // namespace
} // namespace maild::mail
