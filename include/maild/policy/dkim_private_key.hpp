#pragma once
// Keys with which a domain signs (RFC 6376 §3.3, RFC 8463): made, read, and published in the DNS.
// Copies share the key, which only the process that holds one may see. Thread-safe, as one key is
// never changed.

#include "maild/base/error.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st; // OpenSSL's EVP_PKEY

namespace maild::policy::dkim {

enum class Algorithm : std::uint8_t { rsa_sha256, ed25519_sha256 };

std::string_view name_of(Algorithm algorithm);                   // "rsa-sha256"
std::optional<Algorithm> parse_algorithm(std::string_view text); // that, or "rsa"; likewise ed25519

class PrivateKey {
public:
    // RSA with 2048 bits (RFC 8301 §3.2), which takes up to a second, or Ed25519.
    static Result<PrivateKey> generate(Algorithm algorithm);
    // An unencrypted PEM: RSA of at least 1024 bits (RFC 8301 §3.2) or Ed25519.
    static Result<PrivateKey> from_pem(std::string_view pem);

    Algorithm algorithm() const;
    unsigned bits() const;
    std::string pem() const;        // PKCS #8, without a passphrase
    std::string public_key() const; // as p= has it, in base64: RFC 6376 §3.6.1, RFC 8463 §4
    Signer signer() const;

private:
    explicit PrivateKey(std::shared_ptr<evp_pkey_st> key) : key_(std::move(key)) {}
    std::shared_ptr<evp_pkey_st> key_;
};

// The TXT record that publishes a key, RFC 6376 §3.6.1.
std::string key_record(Algorithm algorithm, std::string_view public_key);

// What the records at a key's name are to a verifier of mail that is signed with it.
enum class Publication : std::uint8_t {
    right,   // this key, for mail and SHA-256
    none,    // no record
    several, // more than one, of which verifiers take any (§3.6.2.2)
    another, // another key, or one that mail is not verified with
    revoked, // an empty p=
};
Publication publication_of(const std::vector<std::string>& records, Algorithm algorithm,
                           std::string_view public_key);

} // namespace maild::policy::dkim
