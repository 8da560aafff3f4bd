// What is put into base64, and what is not (RFC 3516 §4.4, RFC 3030 §3).
#include "maild/mail/binary_content.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace maild::mail {
namespace {

using namespace std::string_literals;

struct NulCase {
    std::string_view name;
    std::string content;
    std::optional<std::string> want;
};

TEST(BinaryContent, KeepsNulOctetsAsBase64) {
    const auto cases = std::to_array<NulCase>({
        {"none", "a: b\r\n\r\nc\r\n", "a: b\r\n\r\nc\r\n"},
        {"root", "a: b\r\n\r\nc\0d"s,
         "a: b\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYwBk\r\n"},
        {"binary root",
         "Content-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\nX: y\r\n\r\n\0\r\n"s,
         "MIME-Version: 1.0\r\nX: y\r\nContent-Transfer-Encoding: base64\r\n\r\nAA0K\r\n"},
        {"encoding named twice",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\ncontent-transfer-encoding: "
         "base64\r\n\r\n\0"s,
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n"},
        {"no header", "\r\n\0"s,
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n"},
        {"one part of two",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: "
         "a/b\r\n\r\n\0\r\n--x--\r\n"s,
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: "
         "a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n--x--\r\n"},
        {"inside of a message", "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\n\0\r\n"s,
         "Content-Type: message/rfc822\r\n\r\nSubject: inner\r\nContent-Transfer-Encoding: "
         "base64\r\n\r\nAA0K\r\n"},
        {"header", "a: \0\r\n\r\nc\r\n"s, {}},
        {"preamble",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\n\0\r\n--x\r\n\r\ntext\r\n--x--\r\n"s,
         {}},
        {"encoded part", "Content-Transfer-Encoding: base64\r\n\r\nYQ==\0"s, {}},
        {"unknown encoding", "Content-Transfer-Encoding: uuencode\r\n\r\n\0"s, {}},
        {"header that is none", " folded\r\n\r\n\0"s,
         " folded\r\nMIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAA==\r\n"},
    });
    for (const auto& [name, content, want] : cases) EXPECT_EQ(without_nul(content), want) << name;
}

TEST(BinaryContent, EncodesInLinesOfSeventySix) {
    const auto content = without_nul("\r\n" + std::string(100, '\0'));
    ASSERT_TRUE(content);
    const auto body = content->substr(content->find("\r\n\r\n") + 4);
    EXPECT_EQ(body.find("\r\n"), 76U);
    EXPECT_EQ(decode_transfer(body, TransferEncoding::base64), std::string(100, '\0'));
}

TEST(BinaryContent, BecomesLinesThatDecodeToIt) {
    const auto long_line = std::string(999, 'x');
    const auto cases = std::to_array<NulCase>({
        {"text", "a: b\r\n\r\nc\r\n", "a: b\r\n\r\nc\r\n"},
        {"text without its last line end", "a: b\r\n\r\nc", "a: b\r\n\r\nc\r\n"},
        {"nothing", "", ""},
        {"binary root", "Content-Transfer-Encoding: binary\r\nMIME-Version: 1.0\r\n\r\n\0\r"s,
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nAA0=\r\n"},
        {"bare line ends", "MIME-Version: 1.0\r\n\r\na\nb\r\n",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYQpiDQo=\r\n"},
        {"binary that is text",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\nab\r\n",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: 8bit\r\n\r\nab\r\n"},
        {"binary that ends without a line end",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\nab",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYWI=\r\n"},
        {"parts, one of them binary",
         "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
         "boundary=x\r\nContent-Transfer-Encoding: "
         "binary\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: "
         "a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n\r\r\n--x--\r\n",
         "MIME-Version: 1.0\r\nContent-Type: multipart/mixed; "
         "boundary=x\r\nContent-Transfer-Encoding: "
         "8bit\r\n\r\n--x\r\n\r\ntext\r\n--x\r\nContent-Type: "
         "a/b\r\nContent-Transfer-Encoding: base64\r\n\r\nDQ==\r\n--x--\r\n"},
        {"encoded already",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYWI=\r\n",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYWI=\r\n"},
        {"bare line end in a header", "a: b\nc: d\r\n\r\nx\r\n", {}},
        {"NUL in a header", "a: \0\r\n\r\nx\r\n"s, {}},
        {"bare line end in a preamble",
         "Content-Type: multipart/mixed; boundary=x\r\n\r\na\nb\r\n--x\r\n\r\ny\r\n--x--\r\n",
         {}},
        {"bare line end in base64",
         "MIME-Version: 1.0\r\nContent-Transfer-Encoding: base64\r\n\r\nYWI=\n",
         {}},
    });
    for (const auto& [name, content, want] : cases)
        EXPECT_EQ(without_binary(content), want) << name;
    const auto got = without_binary(
        "MIME-Version: 1.0\r\nContent-Transfer-Encoding: binary\r\n\r\n" + long_line + "\r\n");
    ASSERT_TRUE(got && got->contains("Content-Transfer-Encoding: base64\r\n"));
    const auto body = got->substr(got->find("\r\n\r\n") + 4);
    EXPECT_EQ(decode_transfer(body, TransferEncoding::base64), long_line + "\r\n");
}

} // namespace
} // namespace maild::mail
