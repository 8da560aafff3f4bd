#pragma once
// The grammar of stored password hashes: which scheme a text is of, and whether it is whole and
// affordable.

#include "auth/digest.hpp"

#include "maild/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::auth {

enum class Scheme : std::uint8_t { argon2id, argon2i, crypt, salted_digest };

struct ParsedHash {
    Scheme scheme = Scheme::argon2id;
    std::string text;             // as it is stored
    Digest digest = Digest::sha1; // of salted_digest, like the next two
    std::string expected{};
    std::string salt{};
};

// More would let one login take the memory or the processor of the whole host.
inline constexpr std::uint32_t kMaxArgon2Memory = 256 * 1024; // KiB
inline constexpr std::uint32_t kMaxArgon2Passes = 16;
inline constexpr std::uint32_t kMaxArgon2Lanes = 16;
inline constexpr std::uint32_t kMaxBcryptCost = 14;
inline constexpr std::uint32_t kMaxShaCryptRounds = 1'000'000;
inline constexpr std::size_t kMaxHashLength = 512;

Result<ParsedHash> parse_hash(std::string_view text);

} // namespace maild::auth
