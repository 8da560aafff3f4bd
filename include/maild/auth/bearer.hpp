#pragma once
// What a client says by OAUTHBEARER (RFC 7628 §3.1) or XOAUTH2 (Google's older form of it), and
// what it hears when its token is refused. Pure; the token is only carried here: an issuer says
// whose it is (bearer_token.hpp). `host` and `port` are read and not compared: a bearer token is
// signed over neither, and a host of many domains does not know by which name it was called.

#include "maild/auth/identity.hpp"
#include "maild/base/cursor.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace maild::auth {

// Octets of one token. IMAP's lines before a login (8 KiB of base64) hold less.
inline constexpr std::size_t kMaxBearerToken = 8'192;

// What a client is told to get a better token with, as `[oauth]` has it; each may be empty.
struct BearerOffer {
    std::string scope;                // one is preferred (RFC 7628 §3.2.2)
    std::string openid_configuration; // an URL
};

// client-resp of RFC 7628 §3.1. An empty token is legal: so a client asks which scope it needs
// (§4.3). Channel bindings ("p=") are not defined for it.
Result<BearerLogin, SyntaxError> parse_oauthbearer(std::string_view message);
// "user=" address ^A "auth=Bearer " token ^A ^A; keys in any order.
Result<BearerLogin, SyntaxError> parse_xoauth2(std::string_view message);

// The challenge of a refused token: JSON, RFC 7628 §3.2.2.
std::string format_oauthbearer_error(const BearerOffer& offer);
std::string format_xoauth2_error(const BearerOffer& offer);

} // namespace maild::auth
