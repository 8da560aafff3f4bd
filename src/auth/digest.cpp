#include "auth/digest.hpp"

#include "maild/base/ensure.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstddef>

namespace maild::auth {
namespace {

const EVP_MD* method_of(Digest kind) {
    switch (kind) {
    case Digest::sha1: return EVP_sha1();
    case Digest::sha256: return EVP_sha256();
    case Digest::sha512: return EVP_sha512();
    }
    return nullptr;
}

unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }
const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

} // namespace

std::string digest_of(Digest kind, std::string_view bytes) {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    ensure(EVP_Digest(bytes.data(), bytes.size(), octets(out), &size, method_of(kind), nullptr) ==
               1,
           "EVP_Digest");
    out.resize(size);
    return out;
}

std::size_t size_of(Digest kind) {
    return static_cast<std::size_t>(EVP_MD_get_size(method_of(kind)));
}

std::string hmac_of(Digest kind, std::string_view key, std::string_view bytes) {
    std::string out(size_of(kind), '\0');
    unsigned size = 0;
    ensure(HMAC(method_of(kind), key.data(), static_cast<int>(key.size()), octets(bytes),
                bytes.size(), octets(out), &size) != nullptr &&
               size == out.size(),
           "HMAC");
    return out;
}

std::string hmac_sha256(std::string_view key, std::string_view bytes) {
    return hmac_of(Digest::sha256, key, bytes);
}

std::string pbkdf2_of(Digest kind, std::string_view password, std::string_view salt,
                      std::uint32_t rounds) {
    std::string out(size_of(kind), '\0');
    ensure(PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), octets(salt),
                             static_cast<int>(salt.size()), static_cast<int>(rounds),
                             method_of(kind), static_cast<int>(out.size()), octets(out)) == 1,
           "PBKDF2");
    return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace maild::auth
