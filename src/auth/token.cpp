#include "maild/auth/token.hpp"

#include "auth/digest.hpp"

#include "maild/base/ensure.hpp"

#include <type_traits>
#include <utility>

namespace maild::auth {
namespace {

// Keys derived for other purposes from the same secret can never give a token's bytes.
constexpr std::string_view kPurpose = "maild token 2";

// Fixed widths, so that two different tokens never have the same bytes.
std::string signed_bytes(const Token& token) {
    std::string out(kPurpose);
    const auto put = [&out](auto value) {
        const auto number = static_cast<std::uint64_t>(value);
        for (int shift = 0; shift < 64; shift += 8) out += static_cast<char>(number >> shift);
    };
    put(token.account.value);
    put(token.shard.value);
    put(std::to_underlying(token.right));
    put(token.quota_bytes);
    put(token.quota_messages);
    put(token.issued.time_since_epoch().count());
    put(token.expires.time_since_epoch().count());
    put(token.domain.value);
    return out;
}

} // namespace

TokenKey::TokenKey(std::string_view secret) : secret_(secret) {
    ensure(secret.size() >= 16, "a token key of at least 128 bits");
}

void TokenKey::sign(Token& token) const { token.mac = hmac_sha256(secret_, signed_bytes(token)); }

Result<void> TokenKey::verify(const Token& token, WallTime now) const {
    if (!equal_in_constant_time(token.mac, hmac_sha256(secret_, signed_bytes(token))))
        return fail(Errc::not_permitted, "forged token");
    if (now >= token.expires) return fail(Errc::not_permitted, "expired token");
    return {};
}

} // namespace maild::auth
