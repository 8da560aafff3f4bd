#pragma once
// What `auth` derives from the one secret that directory.db keeps for logins: it outlives restarts,
// so that the same name always gets the same answer.

#include "maild/auth/scram.hpp"

#include <string>
#include <string_view>

namespace maild::auth {

class LoginSecret {
public:
    static constexpr std::size_t kSize = 32;            // octets
    explicit LoginSecret(std::string bytes);            // kSize of them
    static LoginSecret make(Random& random);            // a new one
    const std::string& bytes() const { return bytes_; } // to be kept
    // What is kept of an app password, hexadecimal. A fast keyed digest is enough: argon2id is
    // there for passwords that people choose, and nobody tries 2^140 of these.
    std::string digest_of(AccountId account, std::string_view app_password) const;
    std::string salt_for(std::string_view address) const; // for SCRAM keys, kScramSalt octets
    // What SCRAM shows of a name that is nobody's, or has no keys: as if it had. No proof fits.
    ScramKeys decoy_for(ScramHash hash, std::string_view address) const;

private:
    std::string derive(std::string_view purpose, std::string_view text) const;
    std::string bytes_;
};

// 140 random bits in seven groups of four letters and digits, none that look alike.
std::string make_app_password(Random& random);
bool is_app_password(std::string_view text);                 // has that form
bool is_same_secret(std::string_view a, std::string_view b); // in constant time

} // namespace maild::auth
