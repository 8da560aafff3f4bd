// What a sender asks of reports about his message: RET, ENVID, NOTIFY and ORCPT (RFC 3461 §4), with
// addresses in UTF-8 (RFC 6533 §3).
#include "smtp/parameters.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>

namespace maild::smtp {
namespace {

constexpr std::size_t kMaxEnvelopeId = 100;        // §4.4
constexpr std::size_t kMaxOriginalRecipient = 500; // §4.2

bool is_printable(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 0x7f; });
}

bool is_atom(char c) { // RFC 5322 §3.2.3
    return ascii::is_alnum(c) || std::string_view("!#$%&'*+-/=?^_`{|}~").contains(c);
}

// HEXPOINT, RFC 6533 §3: upper-case digits without leading zeros, of a character that may stand in
// an address and cannot stand for itself.
std::optional<char32_t> parse_hexpoint(std::string_view digits) {
    if (digits.size() < 2 || digits.size() > 6) return std::nullopt;
    if (digits.size() > 2 && digits.front() == '0') return std::nullopt;
    char32_t point = 0;
    for (const char c : digits) {
        if (!ascii::is_digit(c) && !(c >= 'A' && c <= 'F')) return std::nullopt;
        point = point * 16 + static_cast<char32_t>(ascii::is_digit(c) ? c - '0' : c - 'A' + 10);
    }
    const bool is_special = point == ' ' || point == '+' || point == '=' || point == '\\';
    const bool is_character =
        point >= 0xa0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    return is_special || is_character ? std::optional(point) : std::nullopt;
}

void append_utf8(std::string& out, char32_t point) {
    const auto octet = [&out](char32_t value) { out += static_cast<char>(value); };
    if (point < 0x80) return octet(point);
    if (point < 0x800) {
        octet(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            octet(0xe0 | point >> 12);
        } else {
            octet(0xf0 | point >> 18);
            octet(0x80 | (point >> 12 & 0x3f));
        }
        octet(0x80 | (point >> 6 & 0x3f));
    }
    octet(0x80 | (point & 0x3f));
}

// utf-8-addr-xtext, utf-8-addr-unitext: 1*( QUCHAR / EmbeddedUnicodeChar ). None for what is
// neither.
std::optional<std::string> decode_unitext(std::string_view text) {
    std::string out;
    Cursor in(text);
    while (!in.at_end()) {
        if (in.take("\\x{")) {
            const auto point = parse_hexpoint(in.take_while([](char c) { return c != '}'; }));
            if (!point || !in.take('}')) return std::nullopt;
            append_utf8(out, *point);
            continue;
        }
        const auto plain =
            in.take_while([](char c) { return !std::string_view("\\+= ").contains(c); });
        if (plain.empty()) return std::nullopt;
        out += plain;
    }
    return out;
}

// What does not conform is kept as xtext says, RFC 6533 §3; but nothing that would hide a character
// which may not be there.
std::optional<std::string> decode_utf8_address(std::string_view text, mail::Utf8 utf8) {
    const bool has_8bit = std::ranges::any_of(text, ascii::is_8bit);
    if (has_8bit && (utf8 == mail::Utf8::refused || !is_utf8(text))) return std::nullopt;
    if (auto decoded = decode_unitext(text)) return decoded;
    return text.contains("\\x{") ? std::nullopt : decode_xtext(text);
}

} // namespace

bool take_return_content(std::string_view value, Mail& mail) {
    mail.return_content = ascii::to_upper(value);
    return mail.return_content == "FULL" || mail.return_content == "HDRS";
}

bool take_envelope_id(std::string_view value, Mail& mail) {
    if (value.size() > kMaxEnvelopeId) return false;
    auto decoded = decode_xtext(value);
    if (!decoded || !is_printable(*decoded)) return false;
    mail.envelope_id = std::move(*decoded);
    return true;
}

// notify-esmtp-value = "NEVER" / 1#notify-list-element, §4.1
bool take_notify(std::string_view value, Rcpt& rcpt) {
    constexpr std::string_view kElements[] = {"SUCCESS", "FAILURE", "DELAY"};
    if (ascii::equals_icase(value, "NEVER")) {
        rcpt.notify = "NEVER";
        return true;
    }
    bool is_said[std::size(kElements)] = {};
    Cursor in(value);
    do {
        const auto word = in.take_while([](char c) { return c != ','; });
        const auto* element = std::ranges::find_if(
            kElements, [word](auto known) { return ascii::equals_icase(known, word); });
        if (element == std::end(kElements)) return false;
        is_said[element - kElements] = true;
    } while (in.take(','));
    for (std::size_t i = 0; i < std::size(kElements); ++i) {
        if (!is_said[i]) continue;
        if (!rcpt.notify.empty()) rcpt.notify += ',';
        rcpt.notify += kElements[i];
    }
    return true;
}

// original-recipient-address = addr-type ";" xtext, §4.2
bool take_original_recipient(std::string_view value, mail::Utf8 utf8, Rcpt& rcpt) {
    if (value.size() > kMaxOriginalRecipient) return false;
    Cursor in(value);
    const auto type = in.take_while(is_atom);
    if (type.empty() || !in.take(';') || in.at_end()) return false;
    const bool is_utf8_type = ascii::equals_icase(type, "utf-8");
    auto address = is_utf8_type ? decode_utf8_address(in.rest(), utf8) : decode_xtext(in.rest());
    if (!address || !(is_utf8_type ? is_utf8(*address) : is_printable(*address))) return false;
    rcpt.original_recipient = std::string(type) + ';' + *address;
    return true;
}

} // namespace maild::smtp
