#include "maild/mail/searchable.hpp"

#include <gtest/gtest.h>

namespace maild::mail {
namespace {

std::string in_pieces(std::string_view bytes, TransferEncoding encoding, const char* charset,
                      std::size_t size) {
    FoldedText text(encoding, charset);
    std::string out;
    for (std::size_t at = 0; at < bytes.size(); at += size)
        out += text.update(bytes.substr(at, size));
    return out + text.finish();
}

TEST(Searchable, PiecesAreOneText) {
    struct Case {
        const char* name;
        std::string bytes;
        TransferEncoding encoding;
        const char* charset;
        std::string want;
    };
    const std::vector<Case> cases = {
        {"plain", "One\r\nTwo", TransferEncoding::seven_bit, "us-ascii", "one\r\ntwo"},
        {"quoted-printable", "K=F6nigin=\r\n und\r\n", TransferEncoding::quoted_printable,
         "iso-8859-1", "k\u00f6nigin und\r\n"},
        {"base64", "5Lya6K6u\r\nDQrorrA=\r\n", TransferEncoding::base64, "utf-8",
         "\u4f1a\u8bae\r\n\u8bb0"},
        {"UTF-16, whose line ends are no octets", std::string("\xff\xfe\n\x01\n\x00", 6),
         TransferEncoding::binary, "utf-16", "\u010b\n"},
        {"an unknown charset", "A\xe4\r\n", TransferEncoding::eight_bit, "x-none", "a\u00e4\r\n"},
        {"nothing", "", TransferEncoding::base64, "utf-8", ""},
    };
    for (const auto& [name, bytes, encoding, charset, want] : cases) {
        for (const std::size_t size : {1, 2, 3, 7, 100})
            EXPECT_EQ(in_pieces(bytes, encoding, charset, size), collation_key(want))
                << name << " by " << size;
    }
}

TEST(Searchable, ALineWithoutEndIsCut) {
    FoldedText text(TransferEncoding::seven_bit, "utf-8");
    std::size_t out = 0;
    for (int i = 0; i < 8; ++i) out += text.update(std::string(kSearchedPiece, 'x')).size();
    EXPECT_GT(out, 0U) << "before it is at its end";
    EXPECT_EQ(out + text.finish().size(), 8 * kSearchedPiece);
}

TEST(Searchable, FieldsAreNameAndBody) {
    const auto section =
        parse_header("SUBJECT: =?iso-8859-1?q?=C4pfel?=\r\n und\r\n Birnen\r\nX:\r\n\r\n");
    ASSERT_EQ(section.fields.size(), 2U);
    EXPECT_EQ(folded_field(section.fields[0]), collation_key("subject: \u00e4pfel und birnen"));
    EXPECT_EQ(folded_field(section.fields[1]), "X: ");
}

TEST(Searchable, TypesOfParts) {
    EXPECT_TRUE(text_type("").is_text) << "RFC 2045 §5.2";
    EXPECT_EQ(text_type("").charset, "us-ascii");
    const auto html = text_type("Content-Type: Text/HTML; Charset=\"UTF-8\"\r\n\r\n");
    EXPECT_TRUE(html.is_text && html.is_html);
    EXPECT_EQ(html.charset, "utf-8");
    EXPECT_TRUE(text_type("Content-Type: text\r\n\r\n").is_text);
    EXPECT_FALSE(text_type("Content-Type: image/png\r\n\r\n").is_text);
    EXPECT_FALSE(text_type("Content-Type: multipart/mixed; boundary=b\r\n\r\n").is_text);
}

} // namespace
} // namespace maild::mail
