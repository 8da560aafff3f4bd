#pragma once
// The few things DKIM needs of OpenSSL: SHA-256 piece by piece, public keys as key records have
// them, signatures with either kind of key. A digest that cannot be made is lack of memory or a
// broken library, and ends the process.

#include "maild/base/error.hpp"

#include <openssl/evp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace maild::policy::dkim {

enum class KeyKind : std::uint8_t { rsa, ed25519 };

template <auto Free> struct FreeWith {
    template <class T> void operator()(T* handle) const { Free(handle); }
};
using EvpKey = std::unique_ptr<EVP_PKEY, FreeWith<EVP_PKEY_free>>;

class Sha256 {
public:
    Sha256();
    Sha256(const Sha256& other);
    Sha256& operator=(const Sha256&) = delete;
    Sha256(Sha256&&) noexcept = default;
    Sha256& operator=(Sha256&&) noexcept = default;
    ~Sha256() = default;

    void update(std::string_view piece);
    std::string finish(); // 32 octets; nothing may follow

private:
    std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>> context_;
};

// `bytes` as they are in a key record: for RSA a SubjectPublicKeyInfo, as everybody publishes it
// (RFC 6376 erratum 3017), or an RSAPublicKey, as §3.6.1 has it; for Ed25519 32 octets (RFC 8463
// §4).
Result<EvpKey> public_key(KeyKind kind, std::string_view bytes);
unsigned bits_of(const EVP_PKEY& key);
// rsa-sha256: PKCS #1 v1.5 (RFC 6376 §3.3.2); ed25519-sha256: PureEdDSA of the hash (RFC 8463 §3).
bool verify_digest(EVP_PKEY& key, std::string_view digest, std::string_view signature);

// An unencrypted PEM key, RSA or Ed25519.
Result<EvpKey> private_key(std::string_view pem);
KeyKind kind_of(const EVP_PKEY& key);
// RSA with 2048 bits, or Ed25519.
Result<EvpKey> make_private_key(KeyKind kind);
// PKCS #8, without a passphrase.
std::string pem_of(EVP_PKEY& key);
// Its public half as key records have it, see public_key().
std::string public_bytes(EVP_PKEY& key);
Result<std::string> sign_digest(EVP_PKEY& key, std::string_view digest);

} // namespace maild::policy::dkim
