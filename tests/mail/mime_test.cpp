#include "mail/show_parts.hpp"

#include "maild/mail/mime.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

using test::show_parts;

struct StructureCase {
    std::string_view what;
    std::string_view content;
    std::string_view want; // kind and type, body in quotes, lines, children in brackets
};

TEST(Mime, FindsParts) {
    const StructureCase cases[] = {
        {"plain", "A: b\r\n\r\nhello\r\n", R"(text/plain "hello\r\n" 1)"},
        {"empty", "", R"(text/plain "" 0)"},
        {"no line end", "\r\na\r\nb", R"(text/plain "a\r\nb" 2)"},
        {"two parts",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\npreamble\r\n--x\r\n\r\none\r\n--x\r\n"
         "Content-Type: TEXT/Html\r\n\r\n<p>\r\n\r\n--x--\r\nepilogue",
         R"(multipart/mixed [text/plain "one" 1, text/html "<p>\r\n" 1])"},
        {"bare LF", "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x--\n",
         R"(multipart/mixed [text/plain "one" 1])"},
        {"white space behind",
         "Content-Type: multipart/mixed; boundary=\"x \"\r\n\r\n--x \t\r\n\r\none\r\n--x-- \r\n",
         R"(multipart/mixed [text/plain "one" 1])"},
        {"no close",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\none\r\n--x\r\n\r\ntwo\r\n",
         R"(multipart/mixed [text/plain "one" 1, text/plain "two\r\n" 1])"},
        {"nothing behind the delimiter", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x",
         R"(multipart/mixed [text/plain "" 0])"},
        {"empty parts",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n--x\r\n\r\n--x\r\n\r\n\r\n--x--",
         R"(multipart/mixed [text/plain "" 0, text/plain "" 0, text/plain "" 0])"},
        {"header without body",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: a/b\r\n--x--\r\n",
         R"(multipart/mixed [a/b "" 0])"},
        {"outer delimiter ends inner",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: "
         "multipart/alternative; boundary=y\r\n\r\n"
         "--y\r\n\r\none\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
         R"(multipart/mixed [multipart/alternative [text/plain "one" 1], text/plain "two" 1])"},
        {"boundary and its prefix",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; "
         "boundary=x-1\r\n\r\n"
         "--x-1\r\n\r\none\r\n--x-1--\r\n--x-1\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
         R"(multipart/mixed [multipart/mixed [text/plain "one" 1], text/plain "two" 1])"},
        {"outer one longer",
         "Content-Type: multipart/mixed; boundary=x-1\r\n\r\n--x-1\r\nContent-Type: "
         "multipart/mixed; boundary=x\r\n\r\n"
         "--x\r\n\r\none\r\n--x--\r\n--x-1\r\n\r\ntwo\r\n--x-1--\r\n",
         R"(multipart/mixed [multipart/mixed [text/plain "one" 1], text/plain "two" 1])"},
        {"same boundary inside",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: multipart/mixed; "
         "boundary=x\r\n\r\n"
         "--x\r\n\r\none\r\n--x--\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
         R"(multipart/mixed [multipart/mixed [text/plain "one" 1], text/plain "two" 1])"},
        {"boundary that looks closed",
         "Content-Type: multipart/mixed; boundary=\"x--\"\r\n\r\n--x--\r\n\r\none\r\n--x----\r\n",
         R"(multipart/mixed [text/plain "one" 1])"},
        {"boundary in segments",
         "Content-Type: multipart/mixed; boundary*0=a; "
         "boundary*1=b\r\n\r\n--ab\r\n\r\none\r\n--ab--\r\n",
         R"(multipart/mixed [text/plain "one" 1])"},
        {"inside a line",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\n a --x\r\n "
         "--x\r\n-x\r\n--x--\r\n",
         R"(multipart/mixed [text/plain " a --x\r\n --x\r\n-x" 3])"},
        {"text behind a delimiter, RFC 2046 §5.1.1",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x "
         "more\r\n\r\none\r\n--x--more\r\n\r\ntwo\r\n",
         R"(multipart/mixed [text/plain "one" 1])"},
        {"no boundary", "Content-Type: multipart/mixed\r\n\r\n--x\r\n\r\none\r\n--x--\r\n",
         R"(text/plain "--x\r\n\r\none\r\n--x--\r\n" 4)"},
        {"no delimiter", "Content-Type: multipart/mixed; boundary=x\r\n\r\nhello\r\n",
         R"(text/plain "hello\r\n" 1)"},
        {"closed only", "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x--\r\n",
         R"(text/plain "--x--\r\n" 1)"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(show_parts(c.content, parse_message(c.content).root), c.want) << c.what;
}

TEST(Mime, OpensMessages) {
    const StructureCase cases[] = {
        {"embedded", "Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nhello\r\n",
         R"(message/rfc822 "Subject: in\r\n\r\nhello\r\n" 3 [text/plain "hello\r\n" 1])"},
        {"global", "Content-Type: message/global\r\n\r\n\r\nx",
         R"(message/global "\r\nx" 2 [text/plain "x" 1])"},
        {"in a multipart",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: "
         "message/rfc822\r\n\r\n"
         "Content-Type: multipart/mixed; "
         "boundary=y\r\n\r\n--y\r\n\r\none\r\n--y--\r\n--x\r\n\r\ntwo\r\n--x--\r\n",
         R"(multipart/mixed [message/rfc822 )"
         R"("Content-Type: multipart/mixed; boundary=y\r\n\r\n--y\r\n\r\none\r\n--y--" 6 )"
         R"([multipart/mixed [text/plain "one" 1]], text/plain "two" 1])"},
        {"cut off in its header",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: "
         "message/rfc822\r\n\r\n--x--\r\n",
         R"(multipart/mixed [message/rfc822 "" 0 [text/plain "" 0]])"},
        {"digest",
         "Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\nSubject: "
         "in\r\n\r\none\r\n--x\r\n"
         "Content-Type: text/plain\r\n\r\ntwo\r\n--x--\r\n",
         R"(multipart/digest [message/rfc822 "Subject: in\r\n\r\none" 3 [text/plain "one" 1], text/plain "two" 1])"},
        {"others are leaves", "Content-Type: message/partial; id=a\r\n\r\nx\r\n",
         R"(message/partial "x\r\n" 1)"},
    };
    for (const auto& c : cases)
        EXPECT_EQ(show_parts(c.content, parse_message(c.content).root), c.want) << c.what;
}

TEST(Mime, ReadsContentFields) {
    const auto message =
        parse_message("Content-Type: Text/HTML; Charset=\"utf-8\"; name*=utf-8''a%20b\r\n"
                      "Content-Transfer-Encoding: Quoted-Printable\r\n"
                      "Content-ID: <a@b>\r\n"
                      "Content-Description: a\r\n description\r\n"
                      "Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==\r\n"
                      "Content-Disposition: Attachment; filename=\"x y.txt\"\r\n"
                      "Content-Language: en, de (German)\r\n"
                      "Content-Location: http://example.org/\r\n"
                      "Content-Type: image/png\r\n\r\n");
    const auto& part = message.root;
    EXPECT_EQ(part.type + "/" + part.subtype, "text/html") << "the first field counts";
    EXPECT_EQ(part.parameters,
              (std::vector<Parameter>{{"Charset", "utf-8"}, {"name*", "utf-8''a%20b"}}));
    EXPECT_EQ(part.encoding, TransferEncoding::quoted_printable);
    EXPECT_EQ(part.encoding_name, "quoted-printable");
    EXPECT_EQ(part.id, "<a@b>");
    EXPECT_EQ(part.description, "a description");
    EXPECT_EQ(part.md5, "Q2hlY2sgSW50ZWdyaXR5IQ==");
    EXPECT_EQ(part.disposition, (Disposition{"attachment", {{"filename", "x y.txt"}}}));
    EXPECT_EQ(part.languages, (std::vector<std::string>{"en", "de"}));
    EXPECT_EQ(part.location, "http://example.org/");
    EXPECT_EQ(message.root.lines, 0U);
}

TEST(Mime, DefaultsToPlainText) {
    for (const std::string_view type :
         {"", "inline", "/", "/plain", "text/", "text", ";", "=?utf-8?q?x?="}) {
        const auto message =
            parse_message("Content-Type: " + std::string(type) + "; charset=x\r\n\r\n");
        EXPECT_EQ(message.root.type + "/" + message.root.subtype, "text/plain") << type;
    }
    EXPECT_EQ(parse_message("Content-Type: text; charset=x\r\n\r\n").root.parameters.size(), 1U);
}

TEST(Mime, KnowsTransferEncodings) {
    const std::tuple<std::string_view, TransferEncoding, std::string_view> cases[] = {
        {"", TransferEncoding::seven_bit, "7bit"},
        {" 7BIT", TransferEncoding::seven_bit, "7bit"},
        {"8bit;", TransferEncoding::eight_bit, "8bit"},
        {"(c) binary (d)", TransferEncoding::binary, "binary"},
        {"\"base64\"", TransferEncoding::base64, "base64"},
        {"quoted-printable charset=x", TransferEncoding::quoted_printable, "quoted-printable"},
        {"X-uuencode", TransferEncoding::unknown, "x-uuencode"},
    };
    for (const auto& [body, want, name] : cases) {
        const auto part =
            parse_message("Content-Transfer-Encoding: " + std::string(body) + "\r\n\r\n").root;
        EXPECT_EQ(part.encoding, want) << body;
        EXPECT_EQ(part.encoding_name, name) << body;
    }
}

} // namespace
} // namespace maild::mail
