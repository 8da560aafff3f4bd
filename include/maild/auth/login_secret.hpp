#pragma once
// What `auth` derives from the one secret that directory.db keeps for logins: it outlives restarts,
// so that the same name always gets the same answer.

#include "maild/auth/scram.hpp"

#include <string>
#include <string_view>

namespace maild::auth {

class LoginSecret {
public:
    static constexpr std::size_t kSize = 32;              // octets
    explicit LoginSecret(std::string bytes);              // kSize of them
    static LoginSecret make(Random& random);              // a new one
    const std::string& bytes() const { return bytes_; }   // to be kept
    std::string salt_for(std::string_view address) const; // for SCRAM keys, kScramSalt octets
    // What SCRAM shows of a name that is nobody's, or has no keys: as if it had. No proof fits.
    ScramKeys decoy_for(ScramHash hash, std::string_view address) const;

private:
    std::string derive(std::string_view purpose, std::string_view text) const;
    std::string bytes_;
};

} // namespace maild::auth
