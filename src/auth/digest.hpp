#pragma once
// The few OpenSSL digests that this module needs, over whole strings. Results are raw octets. A
// failure can only be lack of memory or a broken library, and ends the process.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::auth {

enum class Digest : std::uint8_t { sha1, sha256, sha512 };

std::string digest_of(Digest kind, std::string_view bytes);
std::size_t size_of(Digest kind); // octets
std::string hmac_of(Digest kind, std::string_view key, std::string_view bytes);
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// Hi() of RFC 5802 §2.2, which is PBKDF2 with an output as long as the digest.
std::string pbkdf2_of(Digest kind, std::string_view password, std::string_view salt,
                      std::uint32_t rounds);

// False at once when the lengths differ: those are no secret.
bool equal_in_constant_time(std::string_view a, std::string_view b);

} // namespace maild::auth
