#pragma once
// SHA-256 (FIPS 180-4) of a body: 32 octets.

#include <string>
#include <string_view>

namespace maild::store {

std::string sha256(std::string_view bytes);

} // namespace maild::store
