#pragma once
// Well-formed UTF-8 (RFC 3629 §4): shortest forms only, no surrogates, nothing above U+10FFFF.

#include <string_view>

namespace maild {

bool is_utf8(std::string_view text);

} // namespace maild
