#include "maild/net/tls.hpp"

#include "net/client_certificate.hpp"
#include "net/harden.hpp"
#include "net/openssl.hpp"
#include "net/remote_key.hpp"

#include "maild/net/certificate.hpp"

#include <openssl/pem.h>

namespace maild::net {
namespace {

// RFC 7301 §3.1: each name behind its length.
Result<std::string> alpn_wire_format(const std::vector<std::string>& names) {
    std::string wire;
    for (const auto& name : names) {
        if (name.empty() || name.size() > 255)
            return fail(Errc::invalid_argument, "ALPN name: 1 to 255 octets");
        wire += static_cast<char>(name.size());
        wire += name;
    }
    return wire;
}

void free_wire_format(void*, void* wire, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<std::string*>(wire);
}

int wire_format_index() {
    static const int index =
        SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_wire_format);
    return index;
}

// RFC 7301 §3.2: a client that offers only other protocols is refused with no_application_protocol
// (a cross-protocol attack looks like that); one that offers nothing is served, as nearly all mail
// clients are.
int select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                const unsigned char* in, unsigned int in_size, void*) {
    const auto* wire = static_cast<const std::string*>(
        SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), wire_format_index()));
    unsigned char* selected = nullptr;
    const int found = SSL_select_next_proto(&selected, out_size,
                                            reinterpret_cast<const unsigned char*>(wire->data()),
                                            static_cast<unsigned int>(wire->size()), in, in_size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

Result<void> use_alpn(SSL_CTX* context, const std::vector<std::string>& names) {
    if (names.empty()) return {};
    auto wire = alpn_wire_format(names);
    if (!wire) return std::unexpected(wire.error());
    auto owned = std::make_unique<std::string>(std::move(*wire));
    if (SSL_CTX_set_ex_data(context, wire_format_index(), owned.get()) != 1) {
        return fail_openssl(Errc::internal, "SSL_CTX_set_ex_data");
    }
    static_cast<void>(owned.release()); // free_wire_format() deletes it
    SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
    return {};
}

using TrustHandle = std::shared_ptr<const ClientTrust>;

void free_trust(void*, void* trust, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<TrustHandle*>(trust);
}

int trust_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_trust);
    return index;
}

// Whatever certificate a client has, the handshake goes on, and it can log in with its password:
// TlsSession::state() looks who vouches for it. That the client has the key is OpenSSL's to verify.
int accept_any(X509_STORE_CTX*, void*) { return 1; }

Result<void> ask_for_certificate(SSL_CTX* context, const TrustHandle& trust) {
    if (!trust) return {};
    auto owned = std::make_unique<TrustHandle>(trust);
    if (SSL_CTX_set_ex_data(context, trust_index(), owned.get()) != 1)
        return fail_openssl(Errc::internal, "SSL_CTX_set_ex_data");
    static_cast<void>(owned.release()); // free_trust() deletes it
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, accept_any, nullptr);
    const auto* objects = X509_STORE_get0_objects(static_cast<X509_STORE*>(trust->native()));
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        auto* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (authority != nullptr && SSL_CTX_add_client_CA(context, authority) != 1)
            return fail_openssl(Errc::internal, "SSL_CTX_add_client_CA");
    }
    return {};
}

Result<X509Ptr> use_chain(SSL_CTX* context, const std::string& pem) {
    const auto bio = bio_of(pem);
    X509Ptr leaf(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!leaf)
        return fail_openssl(Errc::invalid_argument, "certificate: no PEM certificate can be read");
    if (SSL_CTX_use_certificate(context, leaf.get()) != 1) {
        return fail_openssl(Errc::invalid_argument, "certificate cannot be used");
    }
    while (X509* issuer = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
        if (SSL_CTX_add0_chain_cert(context, issuer) != 1) {
            X509_free(issuer);
            return fail_openssl(Errc::invalid_argument, "certificate chain cannot be used");
        }
    }
    ERR_clear_error(); // the end of the text
    return leaf;
}

} // namespace

Result<void> harden(SSL_CTX* context) {
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION |
                                     SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_max_early_data(context, 0);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    // Header and body of a record, and what follows, in one system call.
    SSL_CTX_set_read_ahead(context, 1);
    constexpr long kMaxChain = kMaxClientChainOctets; // more ends the handshake
    SSL_CTX_set_max_cert_list(context, kMaxChain);
    if (SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1 ||
        SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384") != 1 ||
        SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
        return fail_openssl(Errc::internal, "TLS settings");
    }
    return {};
}

const ClientTrust* client_trust_of(const SSL_CTX* context) {
    const auto* handle =
        static_cast<const TrustHandle*>(SSL_CTX_get_ex_data(context, trust_index()));
    return handle == nullptr ? nullptr : handle->get();
}

Result<std::shared_ptr<TlsContext>> TlsContext::create(const TlsSettings& settings,
                                                       KeySigner& signer) {
    ERR_clear_error();
    SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (!context) return fail_openssl(Errc::internal, "SSL_CTX_new");
    const auto hardened = harden(context.get());
    if (!hardened) return std::unexpected(hardened.error());
    const auto alpn = use_alpn(context.get(), settings.alpn);
    if (!alpn) return std::unexpected(alpn.error());
    const auto asks = ask_for_certificate(context.get(), settings.client_trust);
    if (!asks) return std::unexpected(asks.error());
    const auto leaf = use_chain(context.get(), settings.certificate_chain);
    if (!leaf) return std::unexpected(leaf.error());
    const auto key = make_remote_key(leaf->get(), settings.certificate, signer);
    if (!key) return std::unexpected(key.error());
    if (SSL_CTX_use_PrivateKey(context.get(), key->get()) != 1) {
        return fail_openssl(Errc::invalid_argument, "certificate's key cannot be used");
    }
    return std::shared_ptr<TlsContext>(new TlsContext(context.release()));
}

TlsContext::~TlsContext() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

void* TlsContext::native() const { return context_; }

} // namespace maild::net
