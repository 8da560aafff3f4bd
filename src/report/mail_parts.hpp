#pragma once
// What mails with reports are made of.

#include <string>
#include <string_view>

namespace maild::report {

// The DNS lets a name hold anything; a field and a file name do not.
std::string plain(std::string_view text);
// In lines (RFC 2045 §6.8).
std::string base64_lines(std::string_view bytes);

} // namespace maild::report
