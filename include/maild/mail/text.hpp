#pragma once
// From octets on the wire to text that can be searched: transfer encodings (RFC 2045 §6),
// encoded-words (RFC 2047), charsets and case folding. Total over all bytes; what cannot be decoded
// becomes U+FFFD, so every text result is valid UTF-8. Pure; charset converters of ICU are cached
// per thread.

#include "maild/mail/mime.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::mail {

// Base64 and quoted-printable, piece by piece; identity for the other encodings. Lenient as RFC
// 2045 §6.7–6.8 asks: foreign octets in base64 are skipped, wrong escapes of quoted-printable stay
// as they are; is_damaged() says so.
class TransferDecoder {
public:
    explicit TransferDecoder(TransferEncoding encoding) : encoding_(encoding) {}

    void update(std::string_view piece, std::string& out); // appends
    void finish(std::string& out);                         // appends what the end of input decides
    bool is_damaged() const {
        return damaged_;
    } // after finish(): BINARY answers UNKNOWN-CTE, RFC 3516 §4.3

private:
    enum class State : std::uint8_t { text, equals, digit, soft_break }; // of quoted-printable

    void update_base64(std::string_view piece, std::string& out);
    void flush_base64(std::string& out);
    void update_quoted_printable(std::string_view piece, std::string& out);
    void take_text(char c, std::string& out);
    bool take_escape(char c, std::string& out);
    void give_up_escape(std::string& out);

    TransferEncoding encoding_;
    State state_ = State::text;
    char high_ = 0; // the first digit of an escape
    bool damaged_ = false;
    std::string held_; // white space that the end of the line would drop; at most 1 KiB
    std::uint32_t bits_ = 0;
    unsigned sextets_ = 0;
};

std::string decode_transfer(std::string_view bytes, TransferEncoding encoding);

// Bytes in a MIME charset to UTF-8. An empty or unknown charset: as UTF-8 if it is valid, otherwise
// as windows-1252.
std::string to_utf8(std::string_view bytes, std::string_view charset);

// The body of an unstructured field, unfolded, its encoded-words decoded (RFC 2047 §6.2: white
// space between two of them goes). Raw 8-bit is taken as UTF-8 or else windows-1252. Also right for
// structured fields that are searched.
std::string decoded_header_text(std::string_view body);

// A text part's body.
std::string decode_text(std::string_view bytes, std::string_view charset,
                        TransferEncoding encoding);

// i;unicode-casemap (RFC 5051), by which mail is compared (RFC 5255 I18NLEVEL=1): title case, then
// decomposed, so that composed and decomposed, full and half width forms meet. Texts are equal if
// their keys are, sort as the octets of their keys do, and one is in another if its key is in the
// other's. Fast where the text is ASCII.
std::string collation_key(std::string_view utf8);

} // namespace maild::mail
