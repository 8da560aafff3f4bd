#include "imap/ascii_text.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/address.hpp"
#include "maild/mail/text.hpp"

#include <algorithm>
#include <cstring>

namespace maild::imap {

namespace {

// RFC 2047 §2: an encoded-word has at most 75 characters. "=?utf-8?B?" and "?=" take 12, 60 remain
// for base64.
constexpr std::size_t kOctetsInWord = 45;

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

// At most kOctetsInWord, and no character is split (RFC 2047 §5).
std::size_t word_length(std::string_view utf8) {
    auto length = std::min(utf8.size(), kOctetsInWord);
    while (length < utf8.size() && length > 1 && is_continuation(utf8[length])) --length;
    return length;
}

// Eight octets at a time: every header that is fetched goes through here.
bool is_ascii(std::string_view text) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    std::uint64_t word = 0;
    while (text.size() >= sizeof word) {
        std::memcpy(&word, text.data(), sizeof word);
        if ((word & kHighBits) != 0) return false;
        text.remove_prefix(sizeof word);
    }
    return std::ranges::none_of(text, ascii::is_8bit);
}

} // namespace

std::string to_ascii_text(std::string_view unfolded) {
    if (is_ascii(unfolded)) return std::string(unfolded);
    // Words that are encoded already must not be encoded twice.
    const auto decoded = mail::decoded_header_text(unfolded);
    std::string_view rest = decoded;
    std::string out;
    while (!rest.empty()) {
        const auto length = word_length(rest);
        if (!out.empty()) out += ' ';
        out += "=?utf-8?B?" + base64_encode(rest.substr(0, length)) + "?=";
        rest.remove_prefix(length);
    }
    return out;
}

std::string to_ascii_domain(std::string_view domain) {
    if (is_ascii(domain)) return std::string(domain);
    const auto parsed = mail::Domain::parse(domain);
    return parsed ? parsed->ascii() : to_ascii_text(domain);
}

std::string to_text(std::string_view unfolded, TextForm form) {
    const bool is_as_it_is = form == TextForm::utf8 && is_utf8(unfolded);
    return is_as_it_is ? std::string(unfolded) : to_ascii_text(unfolded);
}

std::string to_domain(std::string_view domain, TextForm form) {
    const bool is_as_it_is = form == TextForm::utf8 && is_utf8(domain);
    return is_as_it_is ? std::string(domain) : to_ascii_domain(domain);
}

} // namespace maild::imap
