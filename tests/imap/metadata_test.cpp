// METADATA (RFC 5464) over a MemoryStore: limits, octets, and news. What sessions say in order is
// in transcripts/metadata.txt.
#include "imap/support/peer.hpp"

#include <gtest/gtest.h>

namespace maild::imap::test {
namespace {

struct MetadataTest : testing::Test {
    Host host;
    Client client{host};

    MetadataTest() { client.log_in(); }
    static std::string literal(std::string_view octets, std::string_view before = "") {
        return std::string(before) + "{" + std::to_string(octets.size()) + "+}\r\n" +
               std::string(octets);
    }
    std::string set(std::string_view entry, const std::string& value) {
        return client.send("t SETMETADATA INBOX (" + std::string(entry) + " " + value + ")\r\n");
    }
};

TEST_F(MetadataTest, KeepsAnyOctets) {
    std::string octets;
    for (int c = 0; c < 256; ++c) octets += static_cast<char>(c);
    EXPECT_TRUE(set("/private/a", literal(octets, "~")).starts_with("t OK"));
    EXPECT_EQ(client.say("a GETMETADATA INBOX /private/a"),
              "* METADATA INBOX (/private/a ~{256}\r\n" + octets +
                  ")\r\na OK GETMETADATA completed\r\n");
    EXPECT_TRUE(set("/private/a", literal("\xc3\xa9")).starts_with("t OK"));
    EXPECT_TRUE(client.say("b GETMETADATA INBOX /private/a").contains("{2}\r\n\xc3\xa9)\r\n"));
    EXPECT_TRUE(set("/private/a", "\"\"").starts_with("t OK"));
    EXPECT_TRUE(client.say("c GETMETADATA INBOX /private/a").contains("(/private/a \"\")"));
}

TEST_F(MetadataTest, SaysHowLargeAValueMayBe) {
    const std::string refusal =
        "NO [METADATA MAXSIZE " + std::to_string(store::kMaxAnnotationValue) + "]";
    const std::string largest(store::kMaxAnnotationValue, 'x');
    EXPECT_TRUE(set("/private/a", literal(largest)).starts_with("t OK"));
    EXPECT_TRUE(set("/private/a", literal(largest + "x")).starts_with("t " + refusal));
    EXPECT_TRUE(client.say("a GETMETADATA INBOX /private/a").contains(largest));
    // What is not even read: the literal that waits for its "+".
    EXPECT_TRUE(
        client.send("b SETMETADATA INBOX (/private/a {200000}\r\n").starts_with("b " + refusal));
    EXPECT_TRUE(client.say("c NOOP").starts_with("c OK"));
}

TEST_F(MetadataTest, SaysWhenThereAreTooMany) {
    for (std::size_t i = 0; i < store::kMaxAnnotations; ++i)
        ASSERT_TRUE(set("/private/" + std::to_string(i), "\"x\"").starts_with("t OK"));
    EXPECT_TRUE(client.say("a SETMETADATA INBOX (/private/0 NIL /private/y \"1\" /private/z \"2\")")
                    .starts_with("a NO [METADATA TOOMANY]"));
    EXPECT_TRUE(client.say("b GETMETADATA INBOX (/private/0 /private/y)")
                    .starts_with("* METADATA INBOX (/private/0 \"x\" /private/y NIL)"))
        << "all or nothing";
    std::string all = "(DEPTH infinity) INBOX (/private)";
    EXPECT_TRUE(client.say("c GETMETADATA " + all).contains("/private/99 \"x\")\r\nc OK"));
}

TEST_F(MetadataTest, AnswersFaultsOfTheStore) {
    host.store.set_failure(Errc::no_space);
    EXPECT_TRUE(set("/private/a", "\"x\"").starts_with("t NO [UNAVAILABLE]"));
    EXPECT_TRUE(client.say("a GETMETADATA INBOX /private/a").contains("a OK")) << "it can be read";
    EXPECT_TRUE(client.say("b LIST \"\" INBOX RETURN (METADATA (/private/a))")
                    .contains("* METADATA INBOX (/private/a NIL)\r\nb OK"));
}

TEST_F(MetadataTest, WakesAnIdleClient) {
    Client idle(host);
    idle.log_in();
    idle.say("a ENABLE METADATA");
    idle.say("b IDLE");
    set("/private/a", "\"x\"");
    EXPECT_EQ(idle.take(), "* METADATA INBOX /private/a\r\n");
    set("/private/a", "\"x\"");
    set("/private/b", "\"x\"");
    EXPECT_EQ(idle.take(), "* METADATA INBOX /private/a /private/b\r\n");
    Client other(host);
    other.log_in("somebody");
    other.say("a ENABLE METADATA");
    set("/private/a", "NIL");
    EXPECT_EQ(other.say("b NOOP"), "b OK NOOP completed\r\n") << "not of this account";
    EXPECT_EQ(idle.take(), "* METADATA INBOX /private/a\r\n");
    EXPECT_EQ(idle.say("DONE"), "b OK IDLE completed\r\n");
}

TEST_F(MetadataTest, IsToldToWhoAskedInThisLogin) {
    client.say("a ENABLE METADATA");
    Client other(host);
    other.log_in();
    other.say("b SETMETADATA INBOX (/private/a \"x\")");
    client.say("c UNAUTHENTICATE");
    client.log_in();
    other.say("d SETMETADATA INBOX (/private/a \"y\")");
    EXPECT_EQ(client.say("e NOOP"), "e OK NOOP completed\r\n");
}

// Memory for a client that listens to nothing is bounded: it comes back and learns everything.
TEST_F(MetadataTest, EndsASessionThatDoesNotListen) {
    Client deaf(host);
    deaf.log_in();
    deaf.say("a ENABLE METADATA");
    for (int mailbox = 0; mailbox < 11; ++mailbox) {
        const auto name = "m" + std::to_string(mailbox);
        client.say("b CREATE " + name);
        for (int entry = 0; entry < 100; ++entry)
            client.say("c SETMETADATA " + name + " (/private/" + std::to_string(entry) + " \"x\")");
    }
    EXPECT_TRUE(deaf.say("d NOOP").starts_with("* BYE [UNAVAILABLE]"));
    EXPECT_FALSE(deaf.is_open());
}

TEST_F(MetadataTest, IsForThoseWhoAreLoggedIn) {
    Client stranger(host);
    stranger.take();
    for (const auto* command :
         {"a GETMETADATA \"\" /shared/comment", "a SETMETADATA \"\" (/private/a NIL)"})
        EXPECT_TRUE(stranger.say(command).starts_with("a BAD")) << command;
}

} // namespace
} // namespace maild::imap::test
