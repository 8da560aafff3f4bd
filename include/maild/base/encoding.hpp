#pragma once
// Base64 (RFC 4648 §4) and hexadecimal, strict: padding must be right, and nothing else may stand
// between. Percent-encoding (RFC 3986 §2.1).

#include <optional>
#include <string>
#include <string_view>

namespace maild {

std::string base64_encode(std::string_view bytes);
std::optional<std::string> base64_decode(std::string_view text);

std::string hex_encode(std::string_view bytes); // lower case
std::optional<std::string> hex_decode(std::string_view text);

// What is neither an ASCII letter or digit nor one of `plain` becomes %XX, in upper case.
std::string percent_encode(std::string_view bytes, std::string_view plain);

} // namespace maild
