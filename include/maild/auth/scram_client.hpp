#pragma once
// SCRAM (RFC 5802, RFC 7677), the client's half, without channel binding: for logins of ours at
// another host. The server has to prove that it knows the password, too.

#include "maild/auth/scram.hpp"
#include "maild/base/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::auth {

// A server may ask for more rounds than this only to keep us busy.
inline constexpr std::uint32_t kMostScramIterations = 100'000;

class ScramClient {
public:
    // `nonce`: printable, without a comma, from a source that nobody can guess.
    ScramClient(ScramHash hash, std::string_view name, std::string password, std::string nonce);

    std::string first() const; // client-first-message
    // client-final-message. protocol_error: no server-first-message, or none of this exchange. May
    // take a tenth of a second.
    Result<std::string> final(std::string_view challenge);
    // Whether the server's last message proves it; before final() nothing does.
    bool is_proven_by(std::string_view last_message) const;

private:
    ScramHash hash_;
    std::string bare_;
    std::string password_;
    std::string nonce_;
    std::string proof_of_server_;
};

} // namespace maild::auth
