#include "policy/dkim_crypto.hpp"

#include "maild/base/ensure.hpp"

#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include <optional>

namespace maild::policy::dkim {
namespace {

using BioPtr = std::unique_ptr<BIO, FreeWith<BIO_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<EVP_MD_CTX_free>>;

constexpr std::size_t kEd25519Key = 32; // octets, RFC 8032 §5.1.5
constexpr unsigned kNewRsaBits = 2048;  // RFC 8301 §3.2; more does not fit many zones' UDP answers

const unsigned char* octets(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}
unsigned char* octets(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

// The contents of the DER element (X.690 §8.1) of that kind at the beginning, which is taken off.
std::optional<std::string_view> take_element(std::string_view& der, int kind) {
    const auto* at = octets(der);
    long size = 0;
    int found = 0;
    int tag_class = 0;
    const int state =
        ASN1_get_object(&at, &size, &found, &tag_class, static_cast<long>(der.size()));
    constexpr int kBroken = 0x80;
    constexpr int kIndefinite = 0x01;
    if ((state & (kBroken | kIndefinite)) != 0) return std::nullopt;
    if (found != kind || tag_class != V_ASN1_UNIVERSAL) return std::nullopt;
    const auto begin = static_cast<std::size_t>(at - octets(der));
    const auto contents = der.substr(begin, static_cast<std::size_t>(size));
    der.remove_prefix(begin + contents.size());
    return contents;
}

// The RSAPublicKey in a SubjectPublicKeyInfo (RFC 3279 §2.3.1), or what is one already. By hand,
// because d2i_PUBKEY() of OpenSSL 3 looks for a decoder for each key, which takes four times as
// long as to verify with it.
std::string_view rsa_public_key_in(std::string_view der) {
    constexpr std::string_view kRsaEncryption = "\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    auto rest = der;
    auto info = take_element(rest, V_ASN1_SEQUENCE);
    if (!info || !rest.empty()) return der;
    auto algorithm = take_element(*info, V_ASN1_SEQUENCE);
    if (!algorithm || take_element(*algorithm, V_ASN1_OBJECT) != kRsaEncryption) return der;
    const auto bits = take_element(*info, V_ASN1_BIT_STRING);
    if (!bits || !bits->starts_with('\0') || !info->empty()) return der;
    return bits->substr(1);
}

// Everybody has 65537. An exponent as long as the modulus makes verifying as slow as signing, which
// a stranger's key must not; OpenSSL itself refuses it for large moduli only.
bool has_short_exponent(std::string_view key) {
    constexpr std::size_t kMostOctets = 8;
    auto numbers = take_element(key, V_ASN1_SEQUENCE);
    if (!numbers || !take_element(*numbers, V_ASN1_INTEGER)) return false;
    auto exponent = take_element(*numbers, V_ASN1_INTEGER);
    if (!exponent) return false;
    while (exponent->starts_with('\0')) exponent->remove_prefix(1);
    return exponent->size() <= kMostOctets;
}

EvpKey rsa_key(std::string_view der) {
    const auto text = rsa_public_key_in(der);
    if (!has_short_exponent(text)) return nullptr;
    const auto* at = octets(text);
    EvpKey key(d2i_PublicKey(EVP_PKEY_RSA, nullptr, &at, static_cast<long>(text.size())));
    if (!key || at != octets(text) + text.size()) return nullptr; // something stands behind it
    return key;
}

bool prepare_rsa(EVP_PKEY_CTX* context) {
    return EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PADDING) == 1 &&
           EVP_PKEY_CTX_set_signature_md(context, EVP_sha256()) == 1;
}

} // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    ensure(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1, "SHA-256");
}

Sha256::Sha256(const Sha256& other) : context_(EVP_MD_CTX_new()) {
    ensure(context_ && EVP_MD_CTX_copy_ex(context_.get(), other.context_.get()) == 1, "SHA-256");
}

void Sha256::update(std::string_view piece) {
    ensure(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1, "SHA-256");
}

std::string Sha256::finish() {
    std::string out(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    ensure(EVP_DigestFinal_ex(context_.get(), octets(out), &size) == 1, "SHA-256");
    out.resize(size);
    return out;
}

Result<EvpKey> public_key(KeyKind kind, std::string_view bytes) {
    ERR_clear_error();
    EvpKey key;
    if (kind == KeyKind::rsa)
        key = rsa_key(bytes);
    else if (bytes.size() == kEd25519Key)
        key.reset(
            EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, octets(bytes), bytes.size()));
    ERR_clear_error();
    if (!key) return fail(Errc::invalid_argument, "the key record has no key that can be read");
    return key;
}

unsigned bits_of(const EVP_PKEY& key) { return static_cast<unsigned>(EVP_PKEY_get_bits(&key)); }

KeyKind kind_of(const EVP_PKEY& key) {
    return EVP_PKEY_get_base_id(&key) == EVP_PKEY_ED25519 ? KeyKind::ed25519 : KeyKind::rsa;
}

bool verify_digest(EVP_PKEY& key, std::string_view digest, std::string_view signature) {
    ERR_clear_error();
    bool is_good = false;
    if (kind_of(key) == KeyKind::ed25519) {
        const DigestContext context(EVP_MD_CTX_new());
        ensure(context != nullptr, "EVP_MD_CTX_new");
        is_good = EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, &key) == 1 &&
                  EVP_DigestVerify(context.get(), octets(signature), signature.size(),
                                   octets(digest), digest.size()) == 1;
    } else {
        const KeyContext context(EVP_PKEY_CTX_new(&key, nullptr));
        is_good = context && EVP_PKEY_verify_init(context.get()) == 1 &&
                  prepare_rsa(context.get()) &&
                  EVP_PKEY_verify(context.get(), octets(signature), signature.size(),
                                  octets(digest), digest.size()) == 1;
    }
    ERR_clear_error();
    return is_good;
}

Result<EvpKey> private_key(std::string_view pem) {
    ERR_clear_error();
    const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    ensure(bio != nullptr, "BIO_new_mem_buf");
    // Never ask for a passphrase: there may be no terminal.
    const auto no_passphrase = [](char*, int, int, void*) { return -1; };
    EvpKey key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
    ERR_clear_error();
    if (!key) return fail(Errc::invalid_argument, "no unencrypted PEM key can be read");
    const int id = EVP_PKEY_get_base_id(key.get());
    if (id != EVP_PKEY_RSA && id != EVP_PKEY_ED25519)
        return fail(Errc::invalid_argument, "DKIM knows RSA and Ed25519 keys only");
    return key;
}

Result<EvpKey> make_private_key(KeyKind kind) {
    ERR_clear_error();
    EvpKey key(kind == KeyKind::rsa ? EVP_RSA_gen(kNewRsaBits)
                                    : EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    ERR_clear_error();
    if (!key) return fail(Errc::internal, "OpenSSL could not make a key");
    return key;
}

std::string pem_of(EVP_PKEY& key) {
    const BioPtr bio(BIO_new(BIO_s_mem()));
    ensure(bio && PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr,
                                                nullptr) == 1,
           "PEM of a key");
    char* text = nullptr;
    const auto size = BIO_get_mem_data(bio.get(), &text);
    return {text, static_cast<std::size_t>(size)};
}

std::string public_bytes(EVP_PKEY& key) {
    if (kind_of(key) == KeyKind::ed25519) {
        std::string bytes(kEd25519Key, '\0');
        auto size = bytes.size();
        ensure(EVP_PKEY_get_raw_public_key(&key, octets(bytes), &size) == 1, "a public key");
        return bytes;
    }
    unsigned char* der = nullptr;
    const auto size = i2d_PUBKEY(&key, &der);
    ensure(size > 0, "a public key");
    std::string bytes(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
    OPENSSL_free(der);
    return bytes;
}

Result<std::string> sign_digest(EVP_PKEY& key, std::string_view digest) {
    ERR_clear_error();
    auto size = static_cast<std::size_t>(EVP_PKEY_get_size(&key));
    std::string signature(size, '\0');
    bool is_done = false;
    if (kind_of(key) == KeyKind::ed25519) {
        const DigestContext context(EVP_MD_CTX_new());
        ensure(context != nullptr, "EVP_MD_CTX_new");
        is_done = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, &key) == 1 &&
                  EVP_DigestSign(context.get(), octets(signature), &size, octets(digest),
                                 digest.size()) == 1;
    } else {
        const KeyContext context(EVP_PKEY_CTX_new(&key, nullptr));
        is_done = context && EVP_PKEY_sign_init(context.get()) == 1 && prepare_rsa(context.get()) &&
                  EVP_PKEY_sign(context.get(), octets(signature), &size, octets(digest),
                                digest.size()) == 1;
    }
    ERR_clear_error();
    if (!is_done) return fail(Errc::internal, "OpenSSL could not sign");
    signature.resize(size);
    return signature;
}

} // namespace maild::policy::dkim
