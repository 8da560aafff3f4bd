#pragma once
// Header text for clients that read US-ASCII only: raw 8-bit octets, which no standard allows there
// without UTF8=ACCEPT, become encoded-words (RFC 2047). Clients that read UTF-8 get what is that.

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::imap {

// `unfolded` as it is if it is US-ASCII. Otherwise decoded as well as can be guessed, and encoded
// as UTF-8 in base64.
std::string to_ascii_text(std::string_view unfolded);
// A domain: its A-labels where it has them (RFC 5890), else as to_ascii_text().
std::string to_ascii_domain(std::string_view domain);

enum class TextForm : std::uint8_t { ascii, utf8 };
std::string to_text(std::string_view unfolded, TextForm form);
std::string to_domain(std::string_view domain, TextForm form);

} // namespace maild::imap
