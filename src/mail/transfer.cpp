#include "maild/base/encoding.hpp"
#include "maild/mail/text.hpp"

#include <array>
#include <cstdint>

namespace maild::mail {
namespace {

constexpr std::uint8_t kPadding = 64;
constexpr std::uint8_t kSpace = 65;
constexpr std::uint8_t kForeign = 66;

// RFC 2045 §6.8
constexpr auto kSextets = [] {
    std::array<std::uint8_t, 256> table{};
    table.fill(kForeign);
    constexpr std::string_view kAlphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
        table[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
    }
    table['='] = kPadding;
    for (const char c : {' ', '\t', '\r', '\n'}) table[static_cast<unsigned char>(c)] = kSpace;
    return table;
}();

// White space that may yet turn out to end a line; a quoted-printable line is 76 long, and what is
// longer is kept.
constexpr std::size_t kMaxHeld = 1024;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }

constexpr auto kEndsPlain = [] {
    std::array<bool, 256> table{};
    for (const char c : {' ', '\t', '\r', '='}) table[static_cast<unsigned char>(c)] = true;
    return table;
}();

} // namespace

void TransferDecoder::update(std::string_view piece, std::string& out) {
    switch (encoding_) {
    case TransferEncoding::base64: return update_base64(piece, out);
    case TransferEncoding::quoted_printable: return update_quoted_printable(piece, out);
    default: out += piece;
    }
}

void TransferDecoder::update_base64(std::string_view piece, std::string& out) {
    out.reserve(out.size() + piece.size() / 4 * 3 + 3);
    for (const char c : piece) {
        const auto sextet = kSextets[static_cast<unsigned char>(c)];
        if (sextet < kPadding) {
            bits_ = bits_ << 6U | sextet;
            if (++sextets_ % 4 != 0) continue;
            const std::array<char, 3> group = {static_cast<char>(bits_ >> 16U),
                                               static_cast<char>(bits_ >> 8U),
                                               static_cast<char>(bits_)};
            out.append(group.data(), group.size());
            bits_ = sextets_ = 0;
        } else if (sextet == kPadding) {
            flush_base64(out); // data behind it begins anew: some senders join encoded pieces
        } else if (sextet == kForeign) {
            damaged_ = true;
        }
    }
}

// Two sextets hold one octet, three hold two; one holds none.
void TransferDecoder::flush_base64(std::string& out) {
    if (sextets_ == 1) damaged_ = true;
    if (sextets_ == 2) out += static_cast<char>(bits_ >> 4U);
    if (sextets_ == 3) {
        out += static_cast<char>(bits_ >> 10U);
        out += static_cast<char>(bits_ >> 2U);
    }
    bits_ = sextets_ = 0;
}

void TransferDecoder::update_quoted_printable(std::string_view piece, std::string& out) {
    while (!piece.empty()) {
        if (state_ == State::text && held_.empty()) {
            std::size_t plain = 0;
            while (plain < piece.size() && !kEndsPlain[static_cast<unsigned char>(piece[plain])])
                ++plain;
            out += piece.substr(0, plain);
            piece.remove_prefix(plain);
            if (piece.empty()) return;
        }
        if (state_ == State::text)
            take_text(piece.front(), out);
        else if (!take_escape(piece.front(), out))
            continue; // no escape: once more, as text
        piece.remove_prefix(1);
    }
}

void TransferDecoder::take_text(char c, std::string& out) {
    if (is_blank(c) && held_.size() < kMaxHeld) {
        held_ += c;
        return;
    }
    if (c == '\n') { // white space at a line's end was added on the way, RFC 2045 §6.7 (3)
        if (held_.ends_with('\r')) out += '\r';
        held_.clear();
    }
    out += held_;
    held_.clear();
    if (c == '=')
        state_ = State::equals;
    else
        out += c;
}

// What follows "=": two digits, or the end of the line with white space before it. False: neither,
// and `c` is text.
bool TransferDecoder::take_escape(char c, std::string& out) {
    if (c == '\n' && state_ != State::digit) {
        held_.clear();
        state_ = State::text;
        return true;
    }
    if (is_blank(c) && state_ != State::digit && held_.size() < kMaxHeld) {
        held_ += c;
        state_ = State::soft_break;
        return true;
    }
    if (state_ != State::soft_break && hex_decode(std::string{'0', c})) {
        if (state_ == State::equals) {
            high_ = c;
            state_ = State::digit;
            return true;
        }
        out += hex_decode(std::string{high_, c}).value();
        state_ = State::text;
        return true;
    }
    give_up_escape(out);
    return false;
}

void TransferDecoder::give_up_escape(std::string& out) {
    damaged_ = true;
    out += '=';
    if (state_ == State::digit) out += high_;
    state_ = State::text;
}

void TransferDecoder::finish(std::string& out) {
    flush_base64(out);
    if (state_ == State::digit) give_up_escape(out);
    held_.clear(); // the end of the content ends a line
    state_ = State::text;
}

std::string decode_transfer(std::string_view bytes, TransferEncoding encoding) {
    TransferDecoder decoder(encoding);
    std::string out;
    out.reserve(bytes.size());
    decoder.update(bytes, out);
    decoder.finish(out);
    return out;
}

} // namespace maild::mail
