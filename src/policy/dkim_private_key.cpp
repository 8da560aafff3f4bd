#include "maild/policy/dkim_private_key.hpp"

#include "policy/dkim_crypto.hpp"
#include "policy/dkim_key.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/encoding.hpp"

#include <array>
#include <utility>

namespace maild::policy::dkim {
namespace {

struct Names {
    Algorithm algorithm;
    KeyKind kind;
    std::string_view full;      // a=
    std::string_view kind_name; // k=
};
constexpr std::array kNames = {
    Names{Algorithm::rsa_sha256, KeyKind::rsa, "rsa-sha256", "rsa"},
    Names{Algorithm::ed25519_sha256, KeyKind::ed25519, "ed25519-sha256", "ed25519"}};

const Names& names_of(Algorithm algorithm) {
    return algorithm == Algorithm::rsa_sha256 ? kNames[0] : kNames[1];
}

} // namespace

std::string_view name_of(Algorithm algorithm) { return names_of(algorithm).full; }

std::optional<Algorithm> parse_algorithm(std::string_view text) {
    for (const auto& names : kNames)
        if (ascii::equals_icase(text, names.full) || ascii::equals_icase(text, names.kind_name))
            return names.algorithm;
    return std::nullopt;
}

Result<PrivateKey> PrivateKey::generate(Algorithm algorithm) {
    auto made = make_private_key(names_of(algorithm).kind);
    if (!made) return std::unexpected(std::move(made.error()));
    return PrivateKey({made->release(), EVP_PKEY_free});
}

Result<PrivateKey> PrivateKey::from_pem(std::string_view pem) {
    auto loaded = private_key(pem);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    const auto bits = bits_of(**loaded);
    const bool is_rsa = kind_of(**loaded) == KeyKind::rsa;
    if (is_rsa && (bits < kLeastRsaBits || bits > kMostRsaBits))
        return fail(Errc::invalid_argument, "an RSA key of " + std::to_string(bits) + " bits");
    return PrivateKey({loaded->release(), EVP_PKEY_free});
}

Algorithm PrivateKey::algorithm() const {
    return kind_of(*key_) == KeyKind::rsa ? Algorithm::rsa_sha256 : Algorithm::ed25519_sha256;
}

unsigned PrivateKey::bits() const { return bits_of(*key_); }

std::string PrivateKey::pem() const { return pem_of(*key_); }

std::string PrivateKey::public_key() const { return base64_encode(public_bytes(*key_)); }

Signer PrivateKey::signer() const {
    return Signer{std::string(name_of(algorithm())),
                  [key = key_](std::string_view digest) { return sign_digest(*key, digest); }};
}

std::string key_record(Algorithm algorithm, std::string_view public_key) {
    return "v=DKIM1; k=" + std::string(names_of(algorithm).kind_name) +
           "; p=" + std::string(public_key);
}

Publication publication_of(const std::vector<std::string>& records, Algorithm algorithm,
                           std::string_view public_key) {
    if (records.empty()) return Publication::none;
    if (records.size() > 1) return Publication::several;
    const auto record = parse_key_record(records.front());
    if (!record) return Publication::another;
    if (record->key.empty()) return Publication::revoked;
    const bool is_usable = record->takes_sha256 && record->is_for_mail;
    return is_usable && record->kind == names_of(algorithm).kind &&
                   base64_encode(record->key) == public_key
               ? Publication::right
               : Publication::another;
}

} // namespace maild::policy::dkim
