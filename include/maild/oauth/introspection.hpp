#pragma once
// Token introspection (RFC 7662) as values: the request's octets, and what an answer's JSON says.
// Whether that is good enough is judged in `auth` (auth::find_fault).

#include "maild/auth/bearer_token.hpp"
#include "maild/oauth/url.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace maild::oauth {

// How we show who asks: RFC 7662 §2.1 leaves it to the issuer.
enum class ClientAuthentication : std::uint8_t {
    basic,  // client_secret_basic, RFC 6749 §2.3.1
    post,   // client_secret_post: in the body
    bearer, // the secret is a token of its own
};

struct ClientCredentials {
    ClientAuthentication authentication = ClientAuthentication::basic;
    std::string id;
    std::string secret;
};

// POST by HTTP/1.1 (RFC 9112), on a connection that is to stay.
std::string format_request(const Url& endpoint, const ClientCredentials& client,
                           std::string_view token);

inline constexpr std::size_t kMaxClaim = 1'024;     // octets of one text; a longer one is refused
inline constexpr std::size_t kMaxClaimValues = 256; // audiences, or scopes

// `names`: claims, of which the first that is there becomes TokenClaims::name. protocol_error for
// what is no answer of RFC 7662 §2.2: no JSON object, no boolean `active`, a claim of another type.
Result<auth::TokenClaims> parse_answer(std::string_view json, std::span<const std::string> names);

} // namespace maild::oauth
