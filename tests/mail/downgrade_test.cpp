#include "support/linear.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/downgrade.hpp"
#include "maild/mail/header.hpp"
#include "maild/mail/mime.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace maild::mail {
namespace {

bool is_ascii(std::string_view text) { return std::ranges::none_of(text, ascii::is_8bit); }

TEST(Downgrade, LeavesAsciiAlone) {
    for (const std::string header :
         {"", "\r\n", "Subject: x\r\n\r\n", "no field\r\nA:\r\n b\r\n\r\n",
          "From: a@b,,c:;\nTo: \"x\" <y@z>\n\n", "Subject: =?broken\r\n"})
        EXPECT_EQ(downgrade_header(header), header);
}

struct Case {
    const char* name;
    const char* field; // without CRLF
    const char* want;
};

class DowngradeField : public testing::TestWithParam<Case> {};

TEST_P(DowngradeField, IsWrittenInAscii) {
    const auto& [name, field, want] = GetParam();
    const std::string around = "X-Before: 1\r\n", behind = "X-Behind: 2\r\n\r\n";
    const std::string line = *want == '\0' ? "" : std::string(want) + "\r\n";
    EXPECT_EQ(downgrade_header(around + field + "\r\n" + behind), around + line + behind);
}

INSTANTIATE_TEST_SUITE_P(
    Fields, DowngradeField,
    testing::Values(
        Case{"Subject", "Subject: ä", "Subject: =?UTF-8?B?w6Q=?="},
        Case{"TextAround", "Subject: a ä ö b", "Subject: a =?UTF-8?B?w6Qgw7Y=?= b"},
        Case{"WhatIsEncodedAlready", "Subject: =?utf-8?q?=C3=A4?= ö",
             "Subject: =?UTF-8?B?w6Qgw7Y=?="},
        Case{"NoNameOfAField", "X-Nöte: ä", "X-N??te: ??"},
        Case{"AnyText", "Organization: ä", "Organization: =?UTF-8?B?w6Q=?="},
        Case{"DisplayName", "From: Jörg <j@example.org>",
             "From: =?UTF-8?B?SsO2cmc=?= <j@example.org>"},
        Case{"Neighbours", "To: \"Doe, J.\" <d@example.org>, Jörg <j@example.org>, x@y",
             "To: \"Doe, J.\" <d@example.org>, =?UTF-8?B?SsO2cmc=?= <j@example.org>, x@y"},
        Case{"Domain", "To: a@bücher.example", "To: a@xn--bcher-kva.example"},
        Case{"Localpart", "To: jörg@example.org", "To: =?UTF-8?B?asO2cmdAZXhhbXBsZS5vcmc=?= :;"},
        Case{"LocalpartWithName", "To: Jö <ö@x>", "To: =?UTF-8?B?SsO2IMO2QHg=?= :;"},
        Case{"Group", "Cc: Ä: a@b, ö@x, c@d;", "Cc: =?UTF-8?B?w4Q=?=: a@b, c@d;"},
        Case{"Parameter", "Content-Disposition: attachment; filename=\"ä.txt\"; size=3",
             "Content-Disposition: attachment; filename*=UTF-8''%C3%A4.txt; size=\"3\""},
        Case{"LongParameter", "Content-Type: a/b; name=\"ääääääää\"; boundary=\"=_x y\"",
             "Content-Type: a/b;\r\n name*0*=UTF-8''%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3%A4%C3; "
             "name*1*=%A4;"
             "\r\n boundary=\"=_x y\""},
        Case{"MessageId", "Message-ID: <ä@x>", ""}, Case{"Trace", "Received: from ä by b", ""},
        Case{"NoField", "ä is no field", "?? is no field"},
        Case{"NoUtf8", "Subject: \xe4", "Subject: =?UTF-8?B?w6Q=?="}),
    [](const testing::TestParamInfo<Case>& one) { return std::string(one.param.name); });

// RFC 2047 §2: lines of 76 octets; §5: whole characters in each encoded-word.
TEST(Downgrade, FoldsLongTexts) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += i % 7 == 0 ? "\xf0\x9f\x93\xa7" : "\xe2\x82\xac";
    const auto got = downgrade_header("Subject: " + text + "\r\n\r\n");
    std::size_t begin = 0;
    for (std::size_t end; (end = got.find("\r\n", begin)) != std::string::npos; begin = end + 2)
        EXPECT_LE(end - begin, 76U);
    const auto section = parse_header(got);
    ASSERT_EQ(section.fields.size(), 1U);
    EXPECT_EQ(decoded_header_text(section.fields[0].body), text);
    for (auto at = got.find("?B?"); at != std::string::npos; at = got.find("?B?", at + 3)) {
        const auto word = got.substr(at - 7, got.find("?=", at) + 9 - at);
        EXPECT_EQ(decoded_header_text(word).find("\xef\xbf\xbd"), std::string::npos) << word;
    }
}

TEST(Downgrade, KeepsWhatParametersSay) {
    const std::string field = "Content-Type: multipart/mixed; boundary=\"a;b \\\"c\"; name=\"" +
                              std::string(200, 'x') + "\xc3\xa4" + std::string(200, 'y') + "\"";
    const auto got = downgrade_header(field + "\r\n\r\n");
    EXPECT_TRUE(is_ascii(got));
    const auto parameters = [](const std::string& header) {
        const auto section = parse_header(header);
        return decode_parameters(parse_parameterized(section.fields.at(0).body).parameters);
    };
    EXPECT_EQ(parameters(got), parameters(field));
}

// One field in some other charset does not give the others away.
TEST(Downgrade, LooksAtEachLine) {
    EXPECT_TRUE(has_utf8_line("Subject: Gr\xc3\xbc\xc3\x9f\r\nX-A: \xe9\r\n\r\n"));
    EXPECT_TRUE(has_utf8_line("X-A: \xe9\r\nX-B: a\r\n \xc3\xbc"));
    EXPECT_FALSE(has_utf8_line("X-A: \xe9t\xe9\r\nX-B: b\r\n"));
    EXPECT_FALSE(has_utf8_line("X-B: b\n\n"));
    EXPECT_FALSE(has_utf8_line(""));
}

std::vector<test::Shape> shapes() {
    const auto again = [](std::string begin, std::string text) {
        return [=](std::size_t n) { return begin + test::repeated(text, n) + "\r\n\r\n"; };
    };
    const auto downgrade = [](const std::string& header) {
        const auto out = downgrade_header(header);
        EXPECT_TRUE(is_ascii(out));
        EXPECT_LE(out.size(), 10 * header.size() + 1000);
    };
    return {
        {"words", 60'000, again("Subject:", " \xc3\xa4 a"), downgrade},
        {"fields", 60'000, again("", "A:\xc3\xa4\r\n"), downgrade},
        {"addresses", 60'000, again("To:", "\xc3\xa4,"), downgrade},
        {"groups", 60'000, again("To:", "\xc3\xa4:;,"), downgrade},
        {"segments", 60'000, again("Content-Type: a/b; n=", "\xc3\xa4"), downgrade},
        {"names", 60'000, again("Content-Type: a/b; \xc3\xa4=1", ";a=\xc3\xa4"), downgrade},
    };
}

class DowngradeLinear : public testing::TestWithParam<test::Shape> {};

TEST_P(DowngradeLinear, GrowsNoFasterThanItsInput) {
    EXPECT_LT(test::growth_of(GetParam()), test::kMostGrowth);
}

INSTANTIATE_TEST_SUITE_P(Input, DowngradeLinear, testing::ValuesIn(shapes()),
                         [](const testing::TestParamInfo<test::Shape>& shape) {
                             return std::string(shape.param.name);
                         });

} // namespace
} // namespace maild::mail
