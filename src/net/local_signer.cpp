#include "maild/net/local_signer.hpp"

#include "net/openssl.hpp"

#include <openssl/pem.h>
#include <openssl/rsa.h>

namespace maild::net {
namespace {

EVP_PKEY* key_of(void* handle) { return static_cast<EVP_PKEY*>(handle); }

bool is_supported(const EVP_PKEY* key) {
    const int bits = EVP_PKEY_get_bits(key);
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA) return bits >= 2048 && bits <= 8192;
    if (EVP_PKEY_get_base_id(key) != EVP_PKEY_EC) return false;
    char name[64] = "";
    EVP_PKEY_get_group_name(key, name, sizeof name, nullptr);
    const std::string_view curve = name;
    return curve == "prime256v1" || curve == "secp384r1" || curve == "P-256" || curve == "P-384";
}

// A hash for ECDSA, DigestInfo for PKCS #1 (RFC 8017 §9.2), the whole padded block for a raw
// operation.
bool fits(const EVP_PKEY* key, SignatureKind kind, std::size_t size) {
    const bool is_rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
    const auto modulus = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    switch (kind) {
    case SignatureKind::ecdsa: return !is_rsa && size >= 20 && size <= 64;
    case SignatureKind::rsa_pkcs1: return is_rsa && size >= 20 && size + 11 <= modulus;
    case SignatureKind::rsa_raw: return is_rsa && size == modulus;
    }
    return false;
}

} // namespace

Result<std::unique_ptr<LocalSigner>> LocalSigner::create(std::string_view key_pem) {
    ERR_clear_error();
    const auto bio = bio_of(key_pem);
    // Never ask for a passphrase: there is no terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    EvpKeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    if (!key)
        return fail_openssl(Errc::invalid_argument,
                            "private key: no unencrypted PEM key can be read");
    if (!is_supported(key.get())) {
        return fail(Errc::invalid_argument,
                    "private key: want EC P-256 or P-384, or RSA of 2048 to 8192 bits");
    }
    return std::unique_ptr<LocalSigner>(new LocalSigner(key.release()));
}

LocalSigner::~LocalSigner() { EVP_PKEY_free(key_of(key_)); }

Result<std::string> LocalSigner::sign(std::uint32_t, SignatureKind kind, std::string_view input) {
    ERR_clear_error();
    auto* key = key_of(key_);
    if (!fits(key, kind, input.size()))
        return fail(Errc::invalid_argument, "signature: kind or size does not fit");
    const EvpKeyContextPtr context(EVP_PKEY_CTX_new(key, nullptr));
    if (!context || EVP_PKEY_sign_init(context.get()) != 1)
        return fail_openssl(Errc::internal, "sign");
    if (kind != SignatureKind::ecdsa) {
        const int padding = kind == SignatureKind::rsa_raw ? RSA_NO_PADDING : RSA_PKCS1_PADDING;
        if (EVP_PKEY_CTX_set_rsa_padding(context.get(), padding) != 1)
            return fail_openssl(Errc::internal, "sign");
    }
    auto size = static_cast<std::size_t>(EVP_PKEY_get_size(key));
    std::string signature(size, '\0');
    const int code =
        EVP_PKEY_sign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                      reinterpret_cast<const unsigned char*>(input.data()), input.size());
    if (code != 1) return fail_openssl(Errc::internal, "sign");
    signature.resize(size);
    return signature;
}

} // namespace maild::net
