#include "maild/auth/login_secret.hpp"

#include "auth/digest.hpp"

#include "maild/base/encoding.hpp"
#include "maild/base/ensure.hpp"

#include <array>
#include <span>

namespace maild::auth {
namespace {

constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789"; // 32
constexpr std::size_t kGroups = 7;
constexpr std::size_t kGroup = 4;
constexpr std::size_t kAppPassword = kGroups * (kGroup + 1) - 1;

bool is_separator(std::size_t position) { return position % (kGroup + 1) == kGroup; }

} // namespace

LoginSecret::LoginSecret(std::string bytes) : bytes_(std::move(bytes)) {
    ensure(bytes_.size() == kSize, "a login secret of 256 bits");
}

LoginSecret LoginSecret::make(Random& random) {
    std::string bytes(kSize, '\0');
    random.fill(std::as_writable_bytes(std::span(bytes)));
    return LoginSecret(std::move(bytes));
}

// No purpose contains a NUL, so two of them never share their bytes.
std::string LoginSecret::derive(std::string_view purpose, std::string_view text) const {
    auto bytes = std::string(purpose) + '\0';
    bytes += text;
    return hmac_sha256(bytes_, bytes);
}

std::string LoginSecret::digest_of(AccountId account, std::string_view app_password) const {
    // '/' is no digit: two accounts never share their bytes.
    return hex_encode(
        derive("app password", std::to_string(account.value) + "/" + std::string(app_password)));
}

std::string LoginSecret::salt_for(std::string_view address) const {
    return derive("scram salt", address).substr(0, kScramSalt);
}

ScramKeys LoginSecret::decoy_for(ScramHash hash, std::string_view address) const {
    const auto size = hash == ScramHash::sha1 ? size_of(Digest::sha1) : size_of(Digest::sha256);
    return {.hash = hash,
            .salt = salt_for(address),
            .iterations = kScramIterations,
            .stored_key = derive("scram stored key", address).substr(0, size),
            .server_key = derive("scram server key", address).substr(0, size)};
}

std::string make_app_password(Random& random) {
    std::array<std::byte, kAppPassword> bytes{};
    random.fill(bytes);
    std::string out;
    for (std::size_t i = 0; i < kAppPassword; ++i)
        out += is_separator(i) ? '-'
                               : kLetters[std::to_integer<std::size_t>(bytes[i]) % kLetters.size()];
    return out;
}

bool is_app_password(std::string_view text) {
    if (text.size() != kAppPassword) return false;
    for (std::size_t i = 0; i < text.size(); ++i)
        if (is_separator(i) ? text[i] != '-' : !kLetters.contains(text[i])) return false;
    return true;
}

bool is_same_secret(std::string_view a, std::string_view b) { return equal_in_constant_time(a, b); }

} // namespace maild::auth
