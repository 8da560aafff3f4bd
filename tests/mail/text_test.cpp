#include "maild/base/utf8.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>
#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <array>

namespace maild::mail {
namespace {

using namespace std::string_view_literals;

using Pairs = std::vector<std::pair<std::string_view, std::string_view>>;

TEST(HeaderText, DecodesEncodedWords) {
    const Pairs cases = {
        {"plain", "plain"},
        {"=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "Grüße"},
        {"=?ISO-8859-1?Q?Andr=E9?= Pirard", "André Pirard"},
        {"=?utf-8?B?R3LDvMOfZQ==?=", "Grüße"},
        {"=?utf-8?B?R3LDvMOfZQ?=", "Grüße"},
        {"=?us-ascii*en?q?Doe?=", "Doe"},
        {"(=?utf-8?q?a?= =?utf-8?q?b?=)", "(ab)"},
        {"=?utf-8?q?a?=\r\n =?iso-8859-1?q?=E4?= c", "aä c"},
        {"=?utf-8?q?a?=  b  =?utf-8?q?c?=", "a  b  c"},
        {"=?utf-8?q?a_b=5Fc?=", "a b_c"},
        {"=?utf-8?q?this is wrong?=", "this is wrong"},
        {"x=?utf-8?q?a?=y", "xay"},
        {"=?utf-8?q?=C3?= =?utf-8?q?=A4?=",
         "ä"}, // a character split between words, as some senders do
        {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"},
        {"=?gb2312?B?1tDOxA==?=", "中文"},
        {"=?koi8-r?Q?=D0=D2=C9=D7=C5=D4?=", "привет"},
        {"=?windows-1252?q?=80?=", "€"},
        {"=?iso-8859-1?q?=80?=", "€"}, // labels of Windows text
    };
    for (const auto& [body, want] : cases) EXPECT_EQ(decoded_header_text(body), want) << body;
}

TEST(HeaderText, SurvivesGarbage) {
    const Pairs cases = {
        {"=?utf-8?B?=?=", ""},
        {"=?utf-8?q?open", "=?utf-8?q?open"},
        {"=?utf-8?x?a?=", "=?utf-8?x?a?="},
        {"=??q?a?=", "=??q?a?="},
        {"=?", "=?"},
        {"=?=?utf-8?q?a?=", "=?a"},
        {"=?utf-8?q?=?utf-8?q?a?=?=", "=?utf-8?q?a?="}, // nested: the first "?=" ends it
        {"=?x-unknown?q?a=E4?=", "aä"},
        {"=?x-\0?q?a?="sv, "a"},
        {"=?utf-8?q?=C3?=", "\ufffd"},
        {"=?utf-8?q?=C0=AF?=", "\ufffd\ufffd"},
        {"=?utf-8?q?=ED=A0=80?=", "\ufffd\ufffd\ufffd"},
        {"=?utf-8?q?=0D=0AX:_y?=", "  X: y"},
        {"=?utf-8?q?=00?=", " "},
        {"=?../../etc/passwd?q?a?=", "a"},
        {"=?utf-16,version=1?q?a?=", "a"},
        {"raw \xe4", "raw ä"},
        {"raw ä", "raw ä"},
    };
    for (const auto& [body, want] : cases) EXPECT_EQ(decoded_header_text(body), want) << body;
}

TEST(HeaderText, IsLinearInOpenWords) {
    std::string body;
    for (int i = 0; i < 200'000; ++i) body += "=?a?q?x "; // quadratic, if each looked for its end
    EXPECT_EQ(decoded_header_text(body).size(), body.size() - 1);
    const std::string one = "=?utf-8?q?" + std::string(10'000'000, 'x') + "?=";
    EXPECT_EQ(decoded_header_text(one).size(), 10'000'000U);
}

struct CharsetCase {
    std::string_view charset;
    std::string_view bytes;
    std::string_view want;
};

TEST(Charset, BecomesUtf8) {
    const CharsetCase cases[] = {
        {"utf-8", "ä", "ä"},
        {"UTF8", "ä", "ä"},
        {"utf-8",
         "a\xff"
         "b",
         "a\ufffd"
         "b"},
        {"utf-8", "\xf0\x9f\x98", "\ufffd"},
        {"", "ä", "ä"},
        {"", "\xe4", "ä"},
        {"us-ascii", "\xe4", "ä"},
        {"x-unknown", "\xe4", "ä"},
        {"ISO-8859-15", "\xa4", "€"},
        {"iso-8859-2", "\xb1", "ą"},
        {"windows-1251", "\xef", "п"},
        {"shift_jis", "\x93\xfa\x96\x7b", "日本"},
        {"euc-jp", "\xc6\xfc\xcb\xdc", "日本"},
        {"big5", "\xa4\xa4", "中"},
        {"gb18030", "\x94\x39\xda\x33", "💩"},
        {"ks_c_5601-1987", "\xc7\xd1", "한"},
        {"utf-16be", "\xd8\x3d\xdc\xa9"sv, "💩"},
        {"utf-16le", "a\0b\0"sv, "ab"},
        {"utf-16be", "\xd8\x3d"sv, "\ufffd"},
        {"utf-7", "+AOQ-", "ä"},
        {" utf-8 ", "x", "x"},
        {"a/b", "x", "x"},
    };
    for (const auto& c : cases) EXPECT_EQ(to_utf8(c.bytes, c.charset), c.want) << c.charset;
}

// Surrogate pairs and multi-octet characters stay whole at the borders of the internal buffer.
TEST(Charset, SplitsNothingInLongTexts) {
    std::string bytes;
    std::string want;
    bytes.append("\0a", 2);
    want += "a";
    for (int i = 0; i < 20'000; ++i) {
        bytes.append("\xd8\x3d\xdc\xa9", 4);
        want += "💩";
    }
    EXPECT_EQ(to_utf8(bytes, "utf-16be"), want);
}

TEST(Charset, OpensMoreThanItKeeps) {
    for (int round = 0; round < 2; ++round) {
        for (int i = 1; i <= 16; ++i) {
            if (i == 12) continue; // there is no part 12
            EXPECT_EQ(to_utf8("a", "iso-8859-" + std::to_string(i)), "a");
        }
        EXPECT_EQ(to_utf8("\xef", "windows-1251"), "п");
        EXPECT_EQ(to_utf8("\xd0", "koi8-r"), "п");
    }
}

TEST(Text, UndoesTransferEncodingAndCharset) {
    EXPECT_EQ(decode_text("Gr=FC=DFe", "iso-8859-1", TransferEncoding::quoted_printable), "Grüße");
    EXPECT_EQ(decode_text("R3LDvMOf\r\nZQ==\r\n", "utf-8", TransferEncoding::base64), "Grüße");
    EXPECT_EQ(decode_text("Grüße", "utf-8", TransferEncoding::eight_bit), "Grüße");
    EXPECT_EQ(decode_text("\xfc", "", TransferEncoding::unknown), "ü");
}

// RFC 5051: which texts are one.
TEST(CollationKey, ForgetsCaseAndForms) {
    const Pairs cases = {
        {"", ""},
        {"Hello WORLD 123", "hello world 123"},
        {"GRÜßE", "grüße"},
        {"ΣΊΣΥΦΟΣ", "σίσυφος"},                                         // the final one too
        {"A\u0308", "ä"},                                               // decomposed
        {"\uff21\uff11", "a1"},                                         // full width
        {"\uff76\uff9e", "ガ"},                                         // half width katakana
        {"한국어", "\u1112\u1161\u11ab\u1100\u116e\u11a8\u110b\u1165"}, // of jamo
        {"ПРИВЕТ", "привет"},
        {"Ⅷ", "viii"},
        {"a\u0323\u0301", "a\u0301\u0323"}, // marks in another order
        {"\U00010400", "\U00010428"},       // beyond the BMP
        {"\xff", "\ufffd"},
    };
    for (const auto& [text, same] : cases)
        EXPECT_EQ(collation_key(text), collation_key(same)) << text;
    EXPECT_NE(collation_key("ß"), collation_key("ss")) << "one character for one";
    EXPECT_NE(collation_key("a"), collation_key("ä"));
}

// Page by page it is what ICU makes of the whole.
TEST(CollationKey, IsThatOfEachCharacter) {
    UErrorCode status = U_ZERO_ERROR;
    const auto* decomposing = icu::Normalizer2::getNFKDInstance(status);
    ASSERT_TRUE(U_SUCCESS(status));
    for (UChar32 c = 1; c < 0x30000; ++c) {
        if (U_IS_SURROGATE(c)) continue;
        std::string text, want;
        icu::UnicodeString(c).toUTF8String(text);
        decomposing->normalize(icu::UnicodeString(::u_totitle(c)), status).toUTF8String(want);
        ASSERT_EQ(collation_key(text), want) << c;
    }
}

TEST(Text, IsAlwaysValidUtf8) {
    constexpr std::array<std::string_view, 8> charsets = {
        "utf-8", "", "iso-2022-jp", "gb18030", "utf-7", "utf-16", "big5", "hz"};
    std::string bytes;
    for (int i = 0; i < 4096; ++i) bytes += static_cast<char>(i * 7919 >> 3);
    for (const auto charset : charsets) {
        EXPECT_TRUE(is_utf8(to_utf8(bytes, charset))) << charset;
        EXPECT_TRUE(is_utf8(collation_key(to_utf8(bytes, charset)))) << charset;
    }
    EXPECT_TRUE(is_utf8(decoded_header_text(bytes)));
}

} // namespace
} // namespace maild::mail
