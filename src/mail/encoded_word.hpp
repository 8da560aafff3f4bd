#pragma once
// Encoded-words in text (RFC 2047 §2) to UTF-8, white space at its ends kept.

#include <string>
#include <string_view>

namespace maild::mail {

std::string decode_words(std::string_view unfolded);

} // namespace maild::mail
