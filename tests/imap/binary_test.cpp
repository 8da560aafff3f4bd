// BINARY (RFC 3516) where transcripts do not reach: NUL octets, and parts that are large.
#include "imap/support/peer.hpp"

#include "maild/base/encoding.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace maild::imap::test {
namespace {

using namespace std::string_literals;

std::string literal8(std::string_view message) {
    return "~{" + std::to_string(message.size()) + "+}\r\n" + std::string(message);
}

TEST(ImapBinary, AppendsAndFetchesNulOctets) {
    Host host;
    Client client(host);
    client.log_in();
    const auto message = "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\n\0\x80\n"s;
    EXPECT_TRUE(client.send("a APPEND INBOX " + literal8(message) + "\r\n").starts_with("a OK"));
    client.say("b SELECT INBOX");
    EXPECT_EQ(
        client.say("c FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])"),
        "* 1 FETCH (BINARY.SIZE[1] 3 BINARY[1] ~{3}\r\n\0\x80\n)\r\nc OK FETCH completed\r\n"s);
    EXPECT_EQ(client.say("d FETCH 1 BINARY.PEEK[1]<1.9>"),
              "* 1 FETCH (BINARY[1]<1> {2}\r\n\x80\n)\r\nd OK FETCH completed\r\n");
    EXPECT_FALSE(client.say("e FETCH 1 (BODY.PEEK[] BINARY.PEEK[])").contains('\0'));
    EXPECT_TRUE(client.say("f FETCH 1 BODY").contains("\"base64\" 6"));
}

TEST(ImapBinary, RefusesNulOctetsThatItCannotKeep) {
    Host host;
    Client client(host);
    client.log_in();
    EXPECT_TRUE(
        client.send("a APPEND INBOX {8+}\r\na: b\r\n\r\0\r\n"s).starts_with("a NO [UNKNOWN-CTE]"));
    EXPECT_TRUE(client.send("b APPEND INBOX " + literal8("a: \0\r\n\r\n"s) + "\r\n")
                    .starts_with("b NO [UNKNOWN-CTE]"));
    // The second of two: none is appended.
    EXPECT_TRUE(client.send("c APPEND INBOX {5+}\r\na: b\n " + literal8("\0"s) + "\r\n")
                    .starts_with("c NO [UNKNOWN-CTE]"));
    EXPECT_TRUE(client.say("d STATUS INBOX (MESSAGES)").contains("MESSAGES 0"));
    EXPECT_TRUE(client.send("e LOGOUT\r\n").contains("e OK"));
}

TEST(ImapBinary, RefusesWhatGrowsBeyondTheLimit) {
    Host host;
    auto limited = *host.server;
    limited.limits.message_size = 1000;
    host.server = std::make_shared<Server>(limited);
    Client client(host);
    client.log_in();
    EXPECT_TRUE(client.send("a APPEND INBOX " + literal8("\r\n" + std::string(900, '\0')) + "\r\n")
                    .starts_with("a NO [TOOBIG]"));
    EXPECT_TRUE(client.send("b APPEND INBOX " + literal8("\r\n" + std::string(600, '\0')) + "\r\n")
                    .starts_with("b OK"));
    EXPECT_EQ(client.say("c APPEND INBOX ~{1001}"), "c NO [TOOBIG] The message is too large\r\n");
}

// Three million octets that are no text, and their base64 in lines.
struct Large {
    Large() {
        std::uint32_t random = 7;
        while (octets.size() < 3'000'000) {
            random = random * 1664525 + 1013904223;
            octets += static_cast<char>(1 + random / 65536 % 255);
        }
        for (std::size_t i = 0; i < octets.size(); i += 57)
            encoded += base64_encode(std::string_view(octets).substr(i, 57)) + "\r\n";
    }
    std::string octets;
    std::string encoded;
};

TEST(ImapBinary, DecodesLargePartsInPieces) {
    const Large large;
    Host host;
    Client client(host);
    client.log_in();
    const auto message = "Content-Transfer-Encoding: base64\r\n\r\n" + large.encoded;
    EXPECT_TRUE(client.send(append_command("a", "INBOX", message)).contains("a OK"));
    client.say("b SELECT INBOX");
    client.output().flushes = 0;
    const auto size = std::to_string(large.octets.size());
    EXPECT_TRUE(client.say("c FETCH 1 (BINARY.SIZE[1] BINARY.PEEK[1])") ==
                "* 1 FETCH (BINARY.SIZE[1] " + size + " BINARY[1] {" + size + "}\r\n" +
                    large.octets + ")\r\nc OK FETCH completed\r\n");
    EXPECT_GT(client.output().flushes, 10);
    for (const auto& [offset, length] : {std::pair{0, 10},
                                         {262'143, 300'000},
                                         {2'999'999, 1},
                                         {1'000'000, 1'999'999},
                                         {3'000'000, 5}}) {
        const auto want =
            large.octets.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(length));
        const auto item = std::to_string(offset) + "." + std::to_string(length);
        EXPECT_TRUE(client.say("d FETCH 1 BINARY.PEEK[1]<" + item + ">") ==
                    "* 1 FETCH (BINARY[1]<" + std::to_string(offset) + "> {" +
                        std::to_string(want.size()) + "}\r\n" + want +
                        ")\r\nd OK FETCH completed\r\n")
            << item;
    }
}

// Damage at the end is found before the beginning is sent.
TEST(ImapBinary, FindsDamageBeforeItAnswers) {
    const Large large;
    Host host;
    Client client(host);
    client.log_in();
    const auto message = "Content-Transfer-Encoding: base64\r\n\r\n" + large.encoded + "*";
    EXPECT_TRUE(client.send(append_command("a", "INBOX", message)).contains("a OK"));
    client.say("b SELECT INBOX");
    EXPECT_EQ(client.say("c FETCH 1 (BINARY.PEEK[1] BINARY.SIZE[1])"),
              "c NO [UNKNOWN-CTE] Some of these parts cannot be decoded\r\n");
    EXPECT_TRUE(client.say("d FETCH 1 BINARY.PEEK[1]<0.4>").contains("d OK"));
}

} // namespace
} // namespace maild::imap::test
