#include "maild/auth/login_secret.hpp"

#include "auth/digest.hpp"

#include "maild/base/ensure.hpp"

#include <span>

namespace maild::auth {

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

} // namespace maild::auth
