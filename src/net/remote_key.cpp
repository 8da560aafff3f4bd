// OpenSSL 3 would have us write a provider of our own for this (hundreds of lines of parameter
// plumbing); the EC_KEY_METHOD and RSA_METHOD tables do it in a few functions. They are deprecated,
// so they are used in this file only.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "net/remote_key.hpp"

#include "maild/base/log.hpp"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <algorithm>
#include <memory>

namespace maild::net {
namespace {

struct Remote {
    KeySigner& signer;
    std::uint32_t certificate;
};

using EcKeyPtr = std::unique_ptr<EC_KEY, FreeWith<EC_KEY_free>>;
using RsaPtr = std::unique_ptr<RSA, FreeWith<RSA_free>>;

void free_remote(void*, void* remote, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<Remote*>(remote);
}

int ec_index() {
    static const int index = EC_KEY_get_ex_new_index(0, nullptr, nullptr, nullptr, free_remote);
    return index;
}
int rsa_index() {
    static const int index = RSA_get_ex_new_index(0, nullptr, nullptr, nullptr, free_remote);
    return index;
}

// The signature in `out`, which has room for `room` octets; its size, or 0.
std::size_t ask(const Remote* remote, SignatureKind kind, const unsigned char* input,
                std::size_t size, unsigned char* out, std::size_t room) {
    if (remote == nullptr) return 0;
    const auto signature = remote->signer.sign(remote->certificate, kind,
                                               {reinterpret_cast<const char*>(input), size});
    if (!signature) {
        log::warning("tls_signature_failed", {{"certificate", remote->certificate},
                                              {"error", name_of(signature.error().code)},
                                              {"reason", signature.error().internal}});
        return 0;
    }
    if (signature->empty() || signature->size() > room) return 0;
    std::ranges::copy(*signature, out);
    return signature->size();
}

int ec_sign(int, const unsigned char* digest, int size, unsigned char* out, unsigned int* out_size,
            const BIGNUM*, const BIGNUM*, EC_KEY* key) {
    const auto* remote = static_cast<const Remote*>(EC_KEY_get_ex_data(key, ec_index()));
    const auto count = ask(remote, SignatureKind::ecdsa, digest, static_cast<std::size_t>(size),
                           out, static_cast<std::size_t>(ECDSA_size(key)));
    *out_size = static_cast<unsigned int>(count);
    return count > 0 ? 1 : 0;
}

int rsa_private_encrypt(int size, const unsigned char* from, unsigned char* to, RSA* key,
                        int padding) {
    const auto* remote = static_cast<const Remote*>(RSA_get_ex_data(key, rsa_index()));
    if (padding != RSA_PKCS1_PADDING && padding != RSA_NO_PADDING) return -1;
    const auto kind = padding == RSA_NO_PADDING ? SignatureKind::rsa_raw : SignatureKind::rsa_pkcs1;
    const auto modulus = static_cast<std::size_t>(RSA_size(key));
    const auto count = ask(remote, kind, from, static_cast<std::size_t>(size), to, modulus);
    return count == modulus ? static_cast<int>(count) : -1;
}

// A worker never decrypts with the certificate's key: static RSA key exchange is off.
int refuse_private_decrypt(int, const unsigned char*, unsigned char*, RSA*, int) { return -1; }

const EC_KEY_METHOD* ec_method() {
    static const EC_KEY_METHOD* const method = [] {
        auto* made = EC_KEY_METHOD_new(EC_KEY_OpenSSL());
        if (made != nullptr) EC_KEY_METHOD_set_sign(made, ec_sign, nullptr, nullptr);
        return made;
    }();
    return method;
}

const RSA_METHOD* rsa_method() {
    static const RSA_METHOD* const method = [] {
        auto* made = RSA_meth_dup(RSA_PKCS1_OpenSSL());
        if (made == nullptr) return made;
        RSA_meth_set_priv_enc(made, rsa_private_encrypt);
        RSA_meth_set_priv_dec(made, refuse_private_decrypt);
        RSA_meth_set_flags(made, RSA_FLAG_EXT_PKEY); // "the private part is elsewhere"
        return made;
    }();
    return method;
}

Result<EvpKeyPtr> remote_ec(EVP_PKEY* public_key, std::unique_ptr<Remote> remote) {
    EcKeyPtr key(EVP_PKEY_get1_EC_KEY(public_key));
    EvpKeyPtr out(EVP_PKEY_new());
    if (!key || !out || ec_method() == nullptr) return fail_openssl(Errc::internal, "EC key");
    const int curve = EC_GROUP_get_curve_name(EC_KEY_get0_group(key.get()));
    if (curve != NID_X9_62_prime256v1 && curve != NID_secp384r1) {
        return fail(Errc::invalid_argument,
                    "certificate's EC key is on another curve than P-256 or P-384");
    }
    EcKeyPtr own(EC_KEY_new_by_curve_name(curve));
    if (!own || EC_KEY_set_public_key(own.get(), EC_KEY_get0_public_key(key.get())) != 1 ||
        EC_KEY_set_method(own.get(), ec_method()) != 1 ||
        EC_KEY_set_ex_data(own.get(), ec_index(), remote.get()) != 1) {
        return fail_openssl(Errc::internal, "EC key");
    }
    static_cast<void>(remote.release()); // free_remote() deletes it
    if (EVP_PKEY_set1_EC_KEY(out.get(), own.get()) != 1)
        return fail_openssl(Errc::internal, "EC key");
    return out;
}

Result<EvpKeyPtr> remote_rsa(EVP_PKEY* public_key, std::unique_ptr<Remote> remote) {
    RsaPtr key(EVP_PKEY_get1_RSA(public_key));
    RsaPtr own(RSA_new());
    EvpKeyPtr out(EVP_PKEY_new());
    if (!key || !own || !out || rsa_method() == nullptr)
        return fail_openssl(Errc::internal, "RSA key");
    if (RSA_bits(key.get()) < 2048 || RSA_bits(key.get()) > 8192) {
        return fail(Errc::invalid_argument, "certificate's RSA key must have 2048 to 8192 bits");
    }
    const BIGNUM* modulus = nullptr;
    const BIGNUM* exponent = nullptr;
    RSA_get0_key(key.get(), &modulus, &exponent, nullptr);
    if (RSA_set0_key(own.get(), BN_dup(modulus), BN_dup(exponent), nullptr) != 1 ||
        RSA_set_method(own.get(), rsa_method()) != 1 ||
        RSA_set_ex_data(own.get(), rsa_index(), remote.get()) != 1) {
        return fail_openssl(Errc::internal, "RSA key");
    }
    static_cast<void>(remote.release()); // free_remote() deletes it
    if (EVP_PKEY_set1_RSA(out.get(), own.get()) != 1)
        return fail_openssl(Errc::internal, "RSA key");
    return out;
}

} // namespace

Result<EvpKeyPtr> make_remote_key(X509* certificate, std::uint32_t index, KeySigner& signer) {
    auto* public_key = X509_get0_pubkey(certificate);
    if (public_key == nullptr)
        return fail_openssl(Errc::invalid_argument, "certificate has no usable key");
    auto remote = std::make_unique<Remote>(signer, index);
    switch (EVP_PKEY_get_base_id(public_key)) {
    case EVP_PKEY_EC: return remote_ec(public_key, std::move(remote));
    case EVP_PKEY_RSA: return remote_rsa(public_key, std::move(remote));
    default:
        return fail(Errc::invalid_argument,
                    "certificate's key is neither EC (P-256, P-384) nor RSA");
    }
}

} // namespace maild::net
