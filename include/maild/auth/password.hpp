#pragma once
// Password hashes. New ones are argon2id in PHC form; what admins bring from other hosts is
// verified as it is:
//   $argon2id$ $argon2i$   PHC, also behind {ARGON2ID} {ARGON2I}
//   $2a$ $2b$ $2y$         bcrypt, also behind {BLF-CRYPT} {CRYPT}
//   $5$ $6$ $y$j9T$        SHA-256-crypt, SHA-512-crypt, Debian's yescrypt, also behind
//   {SHA256-CRYPT} {SHA512-CRYPT} {CRYPT} {SSHA} {SSHA256} {SSHA512}   salted digests, as Dovecot
//   and LDAP servers write them
// Hashing takes tens of milliseconds and much memory: call hash_password() and verify_password() on
// a pool (net::run_blocking), never on an io_context's thread. Both are safe on several threads at
// once.

#include "maild/auth/sasl.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::auth {

// OWASP's least for argon2id (19 MiB, two passes), which keeps a login near 25 ms of one core:
// hundreds of accounts that all log in after a restart are served in seconds, and later logins come
// from the LoginCache.
struct PasswordCost {
    std::uint32_t memory_kib = 19'456;
    std::uint32_t passes = 2;
    std::uint32_t lanes = 1;
};

// Whether `text` is meant as a hash ("$scheme$…", "{SCHEME}…") and not as a plain password.
bool is_password_hash(std::string_view text);

// A hash in the form in which it is stored. invalid_argument with one sentence for the admin: an
// unknown scheme, a broken hash, or one so costly that verifying it would stop the host.
Result<std::string> parse_password_hash(std::string_view text);

// What an account's password may be: 1 to kMaxPassword octets of UTF-8 without NUL. Otherwise a
// sentence.
Result<void> check_new_password(std::string_view password);

// no_space when the memory is not there.
Result<std::string> hash_password(std::string_view password, const PasswordCost& cost,
                                  Random& random);

// `hash` as parse_password_hash() or hash_password() gave it; anything else never matches. A
// password that can be nobody's (see check_new_password) does not match and costs no hashing.
bool verify_password(std::string_view password, std::string_view hash);

// Whether new hashes are of another kind, so that a login that verified this one can replace it.
bool is_outdated_hash(std::string_view hash);

} // namespace maild::auth
