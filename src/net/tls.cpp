#include "maild/net/tls.hpp"

#include "net/harden.hpp"
#include "net/openssl.hpp"
#include "net/server_side.hpp"

#include "maild/net/certificate.hpp"

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

// RFC 7301 §3.2: a client that offers only other protocols is refused with no_application_protocol
// (a cross-protocol attack looks like that); one that offers nothing is served, as nearly all mail
// clients are.
int select_alpn(SSL* ssl, const unsigned char** out, unsigned char* out_size,
                const unsigned char* in, unsigned int in_size, void*) {
    const auto& wire = server_side_of(ssl)->alpn;
    unsigned char* selected = nullptr;
    const int found = SSL_select_next_proto(&selected, out_size,
                                            reinterpret_cast<const unsigned char*>(wire.data()),
                                            static_cast<unsigned int>(wire.size()), in, in_size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = selected;
    return SSL_TLSEXT_ERR_OK;
}

// Whatever certificate a client has, the handshake goes on, and it can log in with its password:
// TlsSession::state() looks who vouches for it. That the client has the key is OpenSSL's to verify.
int accept_any(X509_STORE_CTX*, void*) { return 1; }

Result<void> ask_for_certificate(SSL_CTX* context, const ClientTrust& trust) {
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_cert_verify_callback(context, accept_any, nullptr);
    const auto* objects = X509_STORE_get0_objects(static_cast<X509_STORE*>(trust.native()));
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        auto* authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (authority != nullptr && SSL_CTX_add_client_CA(context, authority) != 1)
            return fail_openssl(Errc::internal, "SSL_CTX_add_client_CA");
    }
    return {};
}

Result<std::unique_ptr<ServerSide>> make_side(const TlsSettings& settings, KeySigner& signer) {
    auto side = std::make_unique<ServerSide>();
    auto alpn = alpn_wire_format(settings.alpn);
    if (!alpn) return std::unexpected(std::move(alpn.error()));
    side->alpn = std::move(*alpn);
    auto own = make_identity(settings.certificate_chain, settings.certificate, signer);
    if (!own) return std::unexpected(std::move(own.error()));
    side->own = std::move(*own);
    side->client_trust = settings.client_trust;
    return side;
}

Result<void> apply(SSL_CTX* context, const ServerSide& side) {
    if (SSL_CTX_use_cert_and_key(context, side.own.leaf.get(), side.own.key.get(),
                                 side.own.chain.get(), 1) != 1)
        return fail_openssl(Errc::invalid_argument, "certificate and key cannot be used");
    if (!side.alpn.empty()) SSL_CTX_set_alpn_select_cb(context, select_alpn, nullptr);
    return side.client_trust ? ask_for_certificate(context, *side.client_trust) : Result<void>{};
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

Result<std::shared_ptr<TlsContext>> TlsContext::create(const TlsSettings& settings,
                                                       KeySigner& signer) {
    ERR_clear_error();
    SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    if (!context) return fail_openssl(Errc::internal, "SSL_CTX_new");
    const auto hardened = harden(context.get());
    if (!hardened) return std::unexpected(hardened.error());
    auto side = make_side(settings, signer);
    if (!side) return std::unexpected(std::move(side.error()));
    if (auto applied = apply(context.get(), **side); !applied)
        return std::unexpected(std::move(applied.error()));
    if (auto kept = keep_server_side(context.get(), std::move(*side)); !kept)
        return std::unexpected(std::move(kept.error()));
    return std::shared_ptr<TlsContext>(new TlsContext(context.release()));
}

TlsContext::~TlsContext() { SSL_CTX_free(static_cast<SSL_CTX*>(context_)); }

void* TlsContext::native() const { return context_; }

} // namespace maild::net
