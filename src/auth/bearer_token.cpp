#include "maild/auth/bearer_token.hpp"

#include <algorithm>

namespace maild::auth {
namespace {

bool is_among(const std::string& one, const std::vector<std::string>& all) {
    return std::ranges::find(all, one) != all.end();
}

} // namespace

const char* find_fault(const TokenClaims& claims, const BearerRules& rules, WallTime now) {
    const auto seconds = to_unix_seconds(now);
    if (!claims.active) return "the token is not active";
    if (claims.expires && *claims.expires <= seconds) return "the token has expired";
    if (claims.not_before && *claims.not_before > seconds + kClockLeeway.count())
        return "the token is not valid yet";
    if (!rules.issuer.empty() && !claims.issuer.empty() && claims.issuer != rules.issuer)
        return "the token is of another issuer";
    if (!rules.audience.empty() && !is_among(rules.audience, claims.audiences))
        return "the token is for another audience";
    for (const auto& scope : rules.scopes)
        if (!is_among(scope, claims.scopes)) return "the token lacks a scope";
    if (claims.name.empty()) return "the token names nobody";
    // What people choose may be anybody's address, or his name in a domain of ours.
    if (claims.is_free) return "the token names somebody in a claim that people may choose freely";
    if (claims.is_unverified) return "the token's email is not verified";
    return nullptr;
}

std::string address_of(const TokenClaims& claims, const BearerRules& rules) {
    if (rules.domain.empty() || claims.name.contains('@')) return claims.name;
    return claims.name + "@" + rules.domain;
}

std::chrono::seconds believed_for(const TokenClaims& claims, const BearerRules& rules,
                                  WallTime now) {
    if (!claims.expires) return rules.cache;
    // Both are far from the ends of their type: find_fault() and the reader have seen to it.
    const std::chrono::seconds left(*claims.expires - to_unix_seconds(now));
    return std::clamp(left, std::chrono::seconds(0), rules.cache);
}

} // namespace maild::auth
