#pragma once
// Keys made once for all tests of a program, and the records that publish them.

#include "policy/dkim_crypto.hpp"

#include "maild/base/encoding.hpp"
#include "maild/policy/dkim.hpp"
#include "maild/policy/dkim_sign.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <memory>
#include <string>

namespace maild::policy::test {

struct TestKey {
    std::string pem;
    std::string record; // "v=DKIM1; k=rsa; p=…"

    dkim::Signer signer() const { return dkim::signer_from_pem(pem).value(); }
    dkim::KeyAnswer answer() const { return {dkim::KeyAnswer::State::found, {record}}; }
};

inline std::string pem_of(EVP_PKEY* key) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PKCS8PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const auto size = BIO_get_mem_data(bio, &data);
    std::string pem(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return pem;
}

inline TestKey rsa_test_key(EVP_PKEY* key) {
    unsigned char* der = nullptr;
    const auto size = i2d_PUBKEY(key, &der);
    const std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return {pem_of(key), "v=DKIM1; k=rsa; p=" + base64_encode(bytes)};
}

inline TestKey make_rsa_key(unsigned bits) {
    const dkim::EvpKey key(EVP_RSA_gen(bits));
    return rsa_test_key(key.get());
}

// With a public exponent of 2^`exponent_bits` + 1.
inline TestKey make_rsa_key(unsigned bits, int exponent_bits) {
    const std::unique_ptr<BIGNUM, dkim::FreeWith<BN_free>> exponent(BN_new());
    BN_set_bit(exponent.get(), exponent_bits);
    BN_add_word(exponent.get(), 1);
    const std::unique_ptr<EVP_PKEY_CTX, dkim::FreeWith<EVP_PKEY_CTX_free>> context(
        EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, nullptr));
    EVP_PKEY* key = nullptr;
    EVP_PKEY_keygen_init(context.get());
    EVP_PKEY_CTX_set_rsa_keygen_bits(context.get(), static_cast<int>(bits));
    EVP_PKEY_CTX_set1_rsa_keygen_pubexp(context.get(), exponent.get());
    EVP_PKEY_generate(context.get(), &key);
    const dkim::EvpKey made(key);
    return rsa_test_key(made.get());
}

inline TestKey make_ed25519_key() {
    const dkim::EvpKey key(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    std::string bytes(32, '\0');
    auto size = bytes.size();
    EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size);
    return {pem_of(key.get()), "v=DKIM1; k=ed25519; p=" + base64_encode(bytes)};
}

inline const TestKey& rsa_key() {
    static const auto key = make_rsa_key(1024);
    return key;
}
inline const TestKey& ed25519_key() {
    static const auto key = make_ed25519_key();
    return key;
}

} // namespace maild::policy::test
