#pragma once
// Character classes and case for protocol text: ASCII only, independent of any locale.

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace maild::ascii {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr bool is_alpha(char c) { return is_upper(c) || is_lower(c); }
constexpr bool is_alnum(char c) { return is_alpha(c) || is_digit(c); }
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; } // WSP, RFC 5234 B.1
constexpr bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
constexpr bool is_8bit(char c) { return static_cast<unsigned char>(c) >= 0x80; }

constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
constexpr char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; }

void make_lower(std::span<char> text);
void make_upper(std::span<char> text);
std::string to_lower(std::string_view text);
std::string to_upper(std::string_view text);

// Where the first octet with the high bit stands; text.size() when there is none.
std::size_t find_8bit(std::string_view text);
inline bool has_8bit(std::string_view text) { return find_8bit(text) < text.size(); }

constexpr bool equals_icase(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) { return to_lower(x) == to_lower(y); });
}
constexpr bool starts_with_icase(std::string_view text, std::string_view prefix) {
    return text.size() >= prefix.size() && equals_icase(text.substr(0, prefix.size()), prefix);
}

// Without leading and trailing spaces and tabs.
constexpr std::string_view trim(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

} // namespace maild::ascii
