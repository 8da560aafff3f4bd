#pragma once
// Whether an issuer's answer about a bearer token (RFC 7662 §2.2) lets somebody in, and who is
// asked for one. The answer is judged in `auth`; where it was read (HTTP, JSON), nothing is
// decided.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::auth {

// What an issuer says. Texts are as they came, and only bounded.
struct TokenClaims {
    bool active = false;
    std::optional<std::int64_t> expires;    // exp, in seconds since the epoch
    std::optional<std::int64_t> not_before; // nbf
    std::string issuer;                     // iss, empty where it is not told
    std::vector<std::string> audiences;     // aud
    std::vector<std::string> scopes;        // scope, at its spaces
    // The first of the configured claims that the answer has; empty without any.
    std::string name;
    bool is_unverified = false; // the name is an `email` with "email_verified": false
    // The name is no `email`, and was not the only claim asked for: people may choose it freely,
    // and it names nobody.
    bool is_free = false;
};

template <class Codec> void describe(Codec& codec, TokenClaims& c) {
    codec(c.active, c.expires, c.not_before, c.issuer, c.audiences, c.scopes, c.name,
          c.is_unverified, c.is_free);
}

// `[oauth]` of the configuration, which explains each. Empty: not asked for.
struct BearerRules {
    std::string issuer;
    std::string audience;
    std::vector<std::string> scopes; // each must be there
    std::string domain;              // of names without one
    std::chrono::seconds cache{300}; // how long an answer is believed, at most
};

// Clocks of two hosts, for `nbf` (RFC 7519 §4.1.5); for `exp` the issuer's word is enough.
inline constexpr std::chrono::seconds kClockLeeway{60};

// Null when these claims are good at `now`; else what is wrong, for the log.
const char* find_fault(const TokenClaims& claims, const BearerRules& rules, WallTime now);
// The address that the claims name: with the rules' domain where they have none.
std::string address_of(const TokenClaims& claims, const BearerRules& rules);
// How long good claims may be believed without asking again.
std::chrono::seconds believed_for(const TokenClaims& claims, const BearerRules& rules,
                                  WallTime now);

class Introspector {
public:
    virtual ~Introspector() = default;
    // An error says nothing about the token: the issuer could not be asked, or made no sense.
    virtual net::Task<Result<TokenClaims>> introspect(std::string token) = 0;
};

} // namespace maild::auth
