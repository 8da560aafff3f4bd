#include "policy/spf_macro.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"
#include "maild/net/resolver.hpp"

#include <algorithm>
#include <vector>

namespace maild::policy::spf {
namespace {

constexpr std::string_view kDelimiters = ".-+,/_=";
constexpr std::size_t kAllParts = 1000; // a domain has at most 127 (§7.3 wants 128)

// One step of a macro-string: literal octets, or a macro-expand.
struct Piece {
    std::string_view literal; // also what "%%", "%_" and "%-" stand for
    char letter = '\0';       // in lower case; '\0': literal
    bool escapes = false;     // written in upper case: URL escaping, §7.3
    bool reverses = false;
    std::size_t keep = kAllParts; // so many parts from the right
    std::string_view delimiters;
    bool is_expand = false; // macro-expand of the grammar, "%%" included
};

bool is_literal(char c) { return c >= 0x21 && c <= 0x7e && c != '%'; }

bool is_macro_letter(char letter, MacroUse use) {
    return std::string_view("slodiphv").contains(letter) ||
           (use == MacroUse::explanation && std::string_view("crt").contains(letter));
}

// transformers = *DIGIT [ "r" ]; a number must not be zero (§7.3).
bool take_transformers(Cursor& in, Piece& piece) {
    const auto digits = in.take_while(ascii::is_digit);
    if (!digits.empty()) {
        piece.keep = 0;
        for (const char c : digits)
            piece.keep = std::min(piece.keep * 10 + static_cast<std::size_t>(c - '0'), kAllParts);
        if (piece.keep == 0) return false;
    }
    piece.reverses = in.take('r') || in.take('R');
    return true;
}

// macro-expand, behind its "%".
bool take_expand(Cursor& in, MacroUse use, Piece& piece) {
    piece.is_expand = true;
    if (in.take('%')) return piece.literal = "%", true;
    if (in.take('_')) return piece.literal = " ", true;
    if (in.take('-')) return piece.literal = "%20", true;
    if (!in.take('{')) return false;
    const auto letter = in.take_bytes(1);
    if (letter.empty() || !is_macro_letter(ascii::to_lower(letter[0]), use)) return false;
    piece.letter = ascii::to_lower(letter[0]);
    piece.escapes = ascii::is_upper(letter[0]);
    if (!take_transformers(in, piece)) return false;
    piece.delimiters = in.take_while([](char c) { return kDelimiters.contains(c); });
    return in.take('}');
}

std::optional<Piece> take_piece(Cursor& in, MacroUse use) {
    Piece piece;
    if (in.take('%')) {
        if (!take_expand(in, use, piece)) return std::nullopt;
        return piece;
    }
    piece.literal = in.take_while(
        [use](char c) { return is_literal(c) || (use == MacroUse::explanation && c == ' '); });
    if (piece.literal.empty()) return std::nullopt;
    return piece;
}

// toplabel = ( *alphanum ALPHA *alphanum ) / ( 1*alphanum "-" *( alphanum / "-" ) alphanum )
bool is_toplabel(std::string_view label) {
    if (label.empty() || label.front() == '-' || label.back() == '-') return false;
    return std::ranges::all_of(label, [](char c) { return ascii::is_alnum(c) || c == '-'; }) &&
           !std::ranges::all_of(label, ascii::is_digit);
}

// "i": IPv4 as ever, IPv6 as nibbles between dots.
std::string dotted(const net::IpAddress& ip) {
    if (ip.is_v4()) return net::format_ip(ip);
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    std::string out;
    for (const auto byte : ip.bytes) {
        if (!out.empty()) out += '.';
        out += {kDigits[byte >> 4U], '.', kDigits[byte & 15U]};
    }
    return out;
}

std::string value_of(char letter, const MacroValues& values) {
    switch (letter) {
    case 's': return values.local_part + "@" + values.sender_domain;
    case 'l': return values.local_part;
    case 'o': return values.sender_domain;
    case 'd': return values.domain;
    case 'i': return dotted(values.ip);
    case 'p': return values.validated.empty() ? "unknown" : values.validated;
    case 'h': return values.helo;
    case 'c': return net::format_ip(values.ip);
    case 'r': return values.receiver.empty() ? "unknown" : values.receiver;
    case 't': return std::to_string(values.now);
    default: return values.ip.is_v4() ? "in-addr" : "ip6"; // v
    }
}

// §7.3: split at the delimiters, turn round, keep the right-hand parts, join with dots.
std::string transform(const std::string& value, const Piece& piece) {
    if (piece.delimiters.empty() && !piece.reverses && piece.keep == kAllParts) return value;
    const auto delimiters = piece.delimiters.empty() ? std::string_view(".") : piece.delimiters;
    std::vector<std::string_view> parts;
    std::string_view rest = value;
    for (;;) {
        const auto end = rest.find_first_of(delimiters);
        parts.push_back(rest.substr(0, end));
        if (end == rest.npos) break;
        rest.remove_prefix(end + 1);
    }
    if (piece.reverses) std::ranges::reverse(parts);
    const auto first = parts.size() - std::min(parts.size(), piece.keep);
    std::string out;
    for (auto i = first; i < parts.size(); ++i) {
        if (i > first) out += '.';
        out += parts[i];
    }
    return out;
}

std::string text_of(const Piece& piece, const MacroValues& values) {
    if (piece.letter == '\0') return std::string(piece.literal);
    auto text = transform(value_of(piece.letter, values), piece);
    return piece.escapes ? percent_encode(text, "-._~") : text; // RFC 3986 §2.3
}

} // namespace

bool is_macro_string(std::string_view text, MacroUse use) {
    Cursor in(text);
    while (!in.at_end()) {
        if (!take_piece(in, use)) return false;
    }
    return true;
}

bool is_explain_string(std::string_view text) {
    return is_macro_string(text, MacroUse::explanation);
}

bool is_domain_spec(std::string_view text) {
    Cursor in(text);
    Piece last;
    while (!in.at_end()) {
        const auto piece = take_piece(in, MacroUse::domain);
        if (!piece) return false;
        last = *piece;
    }
    if (last.is_expand) return true;
    // domain-end = "." toplabel [ "." ], in what stands behind the last macro
    auto tail = last.literal;
    if (tail.ends_with('.')) tail.remove_suffix(1);
    const auto dot = tail.rfind('.');
    return dot != tail.npos && is_toplabel(tail.substr(dot + 1));
}

bool uses_validated_name(std::string_view text) {
    Cursor in(text);
    while (!in.at_end()) {
        const auto piece = take_piece(in, MacroUse::explanation);
        if (!piece) return false;
        if (piece->letter == 'p') return true;
    }
    return false;
}

std::optional<std::string> expand(std::string_view text, const MacroValues& values) {
    const bool is_ascii = !ascii::has_8bit(values.local_part);
    Cursor in(text);
    std::string out;
    while (!in.at_end()) {
        const auto piece = take_piece(in, MacroUse::explanation);
        if (!piece) return std::nullopt;
        if (!is_ascii && (piece->letter == 'l' || piece->letter == 's')) return std::nullopt;
        out += text_of(*piece, values);
        if (out.size() > 2 * kMaxExpansion) out.erase(0, out.size() - kMaxExpansion);
    }
    return out;
}

std::optional<std::string> expand_domain(std::string_view text, const MacroValues& values) {
    const auto expanded = expand(text, values);
    if (!expanded) return std::nullopt;
    std::string_view name = *expanded;
    if (name.ends_with('.')) name.remove_suffix(1);
    while (name.size() > net::kMaxDnsName && name.contains('.'))
        name.remove_prefix(name.find('.') + 1);
    return std::string(name); // still too long: no name, which does not exist
}

} // namespace maild::policy::spf
