#pragma once
// The words of a DSN for people: plain English, no codes but a refusing host's own.

#include "maild/delivery/dsn.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::delivery {

// What others have sent, as a part of one line: no control character gets through, and no octet
// that is not UTF-8. At most `most` octets.
std::string one_line(std::string_view text, std::size_t most);

std::string dsn_subject(const Dsn& dsn);
std::string dsn_text(const Dsn& dsn); // lines with CRLF

} // namespace maild::delivery
