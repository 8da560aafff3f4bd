// How content is put on the wire: dots, line ends, long lines, and what becomes of octets above
// 127.
#include "relay/encoder.hpp"
#include "relay/seven_bit.hpp"

#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::relay {
namespace {

std::string encoded(std::string_view text, bool doubles_dots = true, std::size_t piece = 1) {
    std::string out;
    ContentEncoder encoder(doubles_dots);
    for (std::size_t at = 0; at < text.size(); at += piece)
        encoder.put(text.substr(at, piece), out);
    encoder.finish(out);
    return out;
}

TEST(ContentEncoder, MakesLinesOfCrlf) {
    const struct {
        std::string text;
        std::string want;
    } cases[] = {
        {"", ""},
        {"a\r\nb\r\n", "a\r\nb\r\n"},
        {"a\nb", "a\r\nb\r\n"},
        {"a\rb\r", "a\r\nb\r\n"},
        {"a\r\r\nb", "a\r\n\r\nb\r\n"},
        {"a\n\rb", "a\r\n\r\nb\r\n"},
        {".\r\n..\r\n.a\r\nb.\r\n", "..\r\n...\r\n..a\r\nb.\r\n"},
        {"a\n.\nb", "a\r\n..\r\nb\r\n"}, // what smuggles where a bare LF ends a line
        {"a\r.\rb", "a\r\n..\r\nb\r\n"},
        {std::string("a\0b", 3), std::string("a\0b\r\n", 5)},
    };
    for (const auto& c : cases) {
        EXPECT_EQ(encoded(c.text), c.want);
        EXPECT_EQ(encoded(c.text, true, 1000), c.want);
    }
    EXPECT_EQ(encoded(".a\r\n", false), ".a\r\n");
}

TEST(ContentEncoder, FoldsLinesThatAreTooLong) {
    const std::string longest(kMaxContentLine, 'x');
    EXPECT_EQ(encoded(longest + "\r\n"), longest + "\r\n");
    EXPECT_EQ(encoded(longest + "yz\r\n"), longest + "\r\n yz\r\n");
    EXPECT_EQ(encoded(longest + "yz\r\n", true, 7), longest + "\r\n yz\r\n");
    EXPECT_EQ(encoded("." + longest.substr(1)), "." + ("." + longest.substr(1)) + "\r\n");
    const auto long_out = encoded(std::string(10'000, 'x'), true, 4096);
    EXPECT_EQ(long_out.find("\r\n "), kMaxContentLine);
}

struct Converted {
    bool has_8bit;
    std::string obstacle;
    std::string text;
};

Converted convert(std::string_view message, std::size_t piece = 3) {
    EightBitScan scan;
    for (std::size_t at = 0; at < message.size(); at += piece) scan.put(message.substr(at, piece));
    scan.finish();
    Converted out{scan.has_8bit(), scan.obstacle(), {}};
    SevenBitConverter converter(scan.bodies(), out.text);
    for (std::size_t at = 0; at < message.size(); at += piece)
        converter.put(message.substr(at, piece));
    converter.finish();
    return out;
}

TEST(SevenBit, LeavesAsciiAlone) {
    const std::string message = "Subject: a\r\n\r\nbody\r\n.\r\n";
    const auto out = convert(message);
    EXPECT_FALSE(out.has_8bit);
    EXPECT_EQ(out.text, message);
}

TEST(SevenBit, PutsTextIntoQuotedPrintable) {
    const auto out = convert("Content-Type: text/plain; charset=utf-8\r\n"
                             "Content-Transfer-Encoding: 8bit\r\n\r\n"
                             "gr\xc3\xbc\xc3\x9f \r\na=b\t\r\n");
    EXPECT_TRUE(out.has_8bit);
    EXPECT_EQ(out.text, "Content-Type: text/plain; charset=utf-8\r\n"
                        "MIME-Version: 1.0\r\n"
                        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
                        "gr=C3=BC=C3=9F=20\r\na=3Db=09\r\n");
}

TEST(SevenBit, BreaksLongQuotedPrintableLines) {
    const auto out = convert("\r\n" + std::string(100, 'x') + "\xff" + "\n");
    EXPECT_TRUE(out.text.ends_with("\r\n\r\n" + std::string(75, 'x') + "=\r\n" +
                                   std::string(25, 'x') + "=FF\r\n"))
        << out.text;
}

// The parts of a multipart, decoded.
std::vector<std::string> decoded_leaves(std::string_view message) {
    std::vector<std::string> out;
    const auto parsed = mail::parse_message(message);
    const auto visit = [&](const auto& self, const mail::Part& part) -> void {
        for (const auto& child : part.children) self(self, child);
        if (!part.children.empty()) return;
        mail::TransferDecoder decoder(part.encoding);
        std::string text;
        decoder.update(message.substr(part.body_begin, part.body_end - part.body_begin), text);
        decoder.finish(text);
        out.push_back(text);
    };
    visit(visit, parsed.root);
    return out;
}

TEST(SevenBit, ChangesOnlyThePartsThatNeedIt) {
    const std::string message = "Content-Type: multipart/mixed; boundary=b\r\n"
                                "Content-Transfer-Encoding: 8bit\r\nMIME-Version: 1.0\r\n\r\n"
                                "preamble\r\n--b\r\n\r\nplain\r\n--b\r\n"
                                "Content-Type: text/plain; charset=iso-8859-1\r\n\r\n"
                                "\xfcml\xe4ut \r\nlast\r\n--b\r\n"
                                "Content-Type: application/x\r\nContent-Transfer-Encoding: 8bit\r\n"
                                "\r\n" +
                                std::string(100, '\xee') +
                                "\r\nx\r\n--b\r\n"
                                "Content-Type: message/rfc822\r\n\r\n"
                                "Subject: gr\xc3\xbc\xc3\x9f\r\n\r\n\xc3\xbc\r\n--b--\r\nend\r\n";
    const auto out = convert(message);
    EXPECT_TRUE(std::ranges::none_of(out.text, [](char c) { return c < 0; }));
    EXPECT_EQ(out.obstacle, "");
    EXPECT_EQ(decoded_leaves(out.text), decoded_leaves(message));
    EXPECT_TRUE(out.text.contains("\r\npreamble\r\n--b\r\n\r\nplain\r\n--b\r\n"));
    EXPECT_TRUE(out.text.contains("Content-Transfer-Encoding: 7bit"));
    EXPECT_TRUE(out.text.contains("Subject: =?"));
    EXPECT_FALSE(out.text.contains("8bit"));
    EXPECT_TRUE(out.text.ends_with("\r\n--b--\r\nend\r\n"));
    EXPECT_EQ(convert(message, 1).text, out.text);
    EXPECT_EQ(convert(message, 10'000).text, out.text);
}

TEST(SevenBit, SaysWhatNoEncodingCanHide) {
    EXPECT_NE(convert("Content-Type: multipart/mixed; boundary=b\r\n\r\n\xfc\r\n--b\r\n\r\n--b--")
                  .obstacle,
              "");
    EXPECT_NE(convert("Content-Transfer-Encoding: base64\r\n\r\n\xfc\r\n").obstacle, "");
    EXPECT_NE(convert("a: " + std::string(2 << 20, 'x'), 4096).obstacle, "");
    std::string deep;
    for (int i = 0; i < 200; ++i) {
        const auto name = "b" + std::to_string(i) + "x";
        deep += "Content-Type: multipart/mixed; boundary=" + name + "\r\n\r\n--" + name + "\r\n";
    }
    EXPECT_NE(convert(deep, 4096).obstacle, "");
}

// A boundary of the outer multipart stands where the inner one's header has not ended.
TEST(SevenBit, EndsHeadersAtBoundaries) {
    const std::string message = "Content-Type: multipart/a; boundary=x\r\n\r\n--x\r\n"
                                "Content-Type: multipart/b; boundary=y\r\nSubject: \xc3\xbc\r\n"
                                "--x\r\n\r\n--y\r\n\xc3\xbc\r\n--x--\r\n";
    const auto out = convert(message);
    EXPECT_EQ(out.obstacle, "");
    EXPECT_TRUE(out.text.ends_with("\r\n\r\n--y\r\n=C3=BC\r\n--x--\r\n")) << out.text;
    EXPECT_TRUE(std::ranges::none_of(out.text, [](char c) { return c < 0; }));
}

TEST(SevenBit, ChangesHeadersAloneWhereBodiesMayStay) {
    const std::string message =
        "Subject: \xc3\xbc\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n";
    std::string out;
    SevenBitConverter converter({}, out);
    converter.put(message);
    converter.finish();
    EXPECT_TRUE(out.starts_with("Subject: =?")) << out;
    EXPECT_TRUE(out.ends_with("Content-Transfer-Encoding: 8bit\r\n\r\n\xc3\xbc\r\n")) << out;
}

} // namespace
} // namespace maild::relay
