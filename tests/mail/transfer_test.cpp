#include "maild/base/encoding.hpp"
#include "maild/mail/text.hpp"

#include <gtest/gtest.h>

#include <random>

namespace maild::mail {
namespace {

using namespace std::string_view_literals;

constexpr auto kBase64 = TransferEncoding::base64;
constexpr auto kQuoted = TransferEncoding::quoted_printable;

struct TransferCase {
    TransferEncoding encoding;
    std::string_view encoded;
    std::string_view want;
    bool damaged;
};

// In pieces of `size`, which must make no difference.
std::pair<std::string, bool> decode_in_pieces(const TransferCase& c, std::size_t size) {
    TransferDecoder decoder(c.encoding);
    std::string out;
    for (std::size_t i = 0; i < c.encoded.size(); i += size)
        decoder.update(c.encoded.substr(i, size), out);
    decoder.finish(out);
    return {out, decoder.is_damaged()};
}

TEST(Transfer, DecodesWhateverThePieces) {
    const TransferCase cases[] = {
        {kBase64, "", "", false},
        {kBase64, "aGVsbG8=", "hello", false},
        {kBase64, "aGVs\r\nbG8=\r\n", "hello", false},
        {kBase64, "aGVsbG8", "hello", false},
        {kBase64, "aGVsbA==", "hell", false},
        {kBase64, "aGVsbA==aGVsbG8=", "hellhello", false},
        {kBase64, "aGV*sb-G8=", "hello", true},
        {kBase64, "aGVsb", "hel", true},
        {kBase64, "====", "", false},
        {kBase64, "\xff\0\x80"sv, "", true},
        {kQuoted, "", "", false},
        {kQuoted, "hello", "hello", false},
        {kQuoted, "a=20b=3D=3d\r\n", "a b==\r\n", false},
        {kQuoted, "soft =\r\nbreak=\nagain", "soft breakagain", false},
        {kQuoted, "padded= \t\r\nbreak", "paddedbreak", false},
        {kQuoted, "trailing \t \r\nline  \nend  ", "trailing\r\nline\nend", false},
        {kQuoted, "inner  space\tkept", "inner  space\tkept", false},
        {kQuoted, "a=XYb", "a=XYb", true},
        {kQuoted, "a=4", "a=4", true},
        {kQuoted, "a=4Z=41", "a=4ZA", true},
        {kQuoted, "a= b", "a= b", true},
        {kQuoted, "a==41", "a=A", true},
        {kQuoted, "end=", "end", false},
        {kQuoted, "a\rb\r\n", "a\rb\r\n", false},
        {kQuoted, "=E4=\r\n=C3", "\xe4\xc3", false},
        {kQuoted, "\0\xff"sv, "\0\xff"sv, false},
        {TransferEncoding::seven_bit, "a=20 \r\n", "a=20 \r\n", false},
        {TransferEncoding::unknown, "a=20", "a=20", false},
    };
    for (const auto& c : cases) {
        for (const std::size_t size : {1U, 2U, 3U, 5U, 1000U}) {
            const auto [got, damaged] = decode_in_pieces(c, size);
            EXPECT_EQ(got, c.want) << c.encoded << " in pieces of " << size;
            EXPECT_EQ(damaged, c.damaged) << c.encoded << " in pieces of " << size;
        }
        EXPECT_EQ(decode_transfer(c.encoded, c.encoding), c.want) << c.encoded;
    }
}

TEST(Transfer, UndoesBase64OfAllLengths) {
    std::mt19937 random(7);
    for (std::size_t size = 0; size < 200; ++size) {
        std::string bytes(size, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        EXPECT_EQ(decode_transfer(base64_encode(bytes), kBase64), bytes);
    }
}

TEST(Transfer, HoldsLittleOfEndlessWhiteSpace) {
    const std::string spaces(1'000'000, ' ');
    TransferDecoder decoder(kQuoted);
    std::string out;
    decoder.update(spaces, out);
    EXPECT_GE(out.size(), spaces.size() - 2048) << "no line is that long: it is text";
}

} // namespace
} // namespace maild::mail
