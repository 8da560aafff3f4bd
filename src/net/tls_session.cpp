#include "net/tls_session.hpp"

#include "net/certificate_check.hpp"
#include "net/client_certificate.hpp"
#include "net/socket_bio.hpp"

#include "maild/net/server_names.hpp"

#include <array>

namespace maild::net {
namespace {

// RFC 9266 §2. Without an extended master secret (RFC 7627) a man in the middle can make two TLS
// 1.2 connections export the same.
std::string export_binding(SSL* ssl) {
    constexpr std::string_view kLabel = "EXPORTER-Channel-Binding";
    if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1) return {};
    std::string out(32, '\0');
    const bool done =
        SSL_export_keying_material(ssl, reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                   kLabel.data(), kLabel.size(), nullptr, 0, 1) == 1;
    return done ? out : std::string();
}

// RFC 5929 §4.1: by the hash function of the certificate's signature, and SHA-256 in place of what
// is broken. A signature that has none of its own (Ed25519) leaves this binding undefined.
std::string end_point_of(const X509* certificate) {
    int hash = NID_undef;
    if (certificate == nullptr || X509_get_signature_info(const_cast<X509*>(certificate), &hash,
                                                          nullptr, nullptr, nullptr) != 1)
        return {};
    if (hash == NID_md5 || hash == NID_sha1) hash = NID_sha256;
    const auto* method = EVP_get_digestbynid(hash);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (method == nullptr || X509_digest(certificate, method, digest.data(), &size) != 1) return {};
    return std::string(reinterpret_cast<const char*>(digest.data()), size);
}

bool append_der(std::vector<std::string>& chain, X509* certificate) {
    unsigned char* bytes = nullptr;
    const int size = i2d_X509(certificate, &bytes);
    if (size <= 0) return false;
    chain.emplace_back(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    OPENSSL_free(bytes);
    return true;
}

// Nothing unless somebody whom we trust vouches for it now. On the server's side OpenSSL's chain is
// without the client's own certificate.
std::vector<std::string> client_chain_of(const SSL* ssl) {
    const auto* trust = client_trust_of(ssl);
    auto* own = trust == nullptr ? nullptr : SSL_get0_peer_certificate(ssl);
    if (own == nullptr) return {};
    std::vector<std::string> chain;
    if (!append_der(chain, own)) return {};
    auto* others = SSL_get_peer_cert_chain(ssl);
    for (int i = 0; others != nullptr && i < sk_X509_num(others); ++i)
        if (!append_der(chain, sk_X509_value(others, i))) return {};
    if (!trust->verify(chain, SystemClock().now())) return {};
    return chain;
}

} // namespace

Result<SslPtr> TlsSession::open(void* context, int fd) {
    ERR_clear_error();
    SslPtr ssl(SSL_new(static_cast<SSL_CTX*>(context)));
    auto* bio = make_socket_bio(fd);
    if (!ssl || bio == nullptr) {
        BIO_free(bio);
        return fail_openssl(Errc::internal, "SSL_new");
    }
    SSL_set_bio(ssl.get(), bio, bio); // takes it over, for both directions
    return ssl;
}

Result<TlsSession> TlsSession::create(const TlsContext& context, int fd) {
    auto ssl = open(context.native(), fd);
    if (!ssl) return std::unexpected(std::move(ssl.error()));
    SSL_set_accept_state(ssl->get());
    return TlsSession(std::move(*ssl));
}

Result<TlsSession> TlsSession::create_client(const ClientTls& context, int fd,
                                             const std::string& host) {
    auto ssl = open(context.native(), fd);
    if (!ssl) return std::unexpected(std::move(ssl.error()));
    if (auto set = expect_certificate(ssl->get(), context.expectation(), host); !set)
        return std::unexpected(std::move(set.error()));
    SSL_set_connect_state(ssl->get());
    TlsSession session(std::move(*ssl));
    session.verdict_ = context.verdict();
    return session;
}

Result<Step> TlsSession::handshake() {
    ERR_clear_error();
    auto step = outcome(SSL_do_handshake(ssl_.get()), 0, "TLS handshake");
    if (verdict_ && (!step || step->need == Need::nothing))
        *verdict_ = verdict_of(ssl_.get(), step.has_value());
    return step;
}

Result<Step> TlsSession::read(std::span<char> out) {
    ERR_clear_error();
    std::size_t count = 0;
    const int code = SSL_read_ex(ssl_.get(), out.data(), out.size(), &count);
    return outcome(code, count, "TLS read");
}

Result<Step> TlsSession::peek() {
    ERR_clear_error();
    char octet = 0;
    std::size_t count = 0;
    const int code = SSL_peek_ex(ssl_.get(), &octet, 1, &count);
    return outcome(code, count, "TLS read");
}

Result<Step> TlsSession::write(std::string_view bytes) {
    ERR_clear_error();
    std::size_t count = 0;
    const int code = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    return outcome(code, count, "TLS write");
}

void TlsSession::close_notify() {
    ERR_clear_error();
    if (!is_broken_ && SSL_is_init_finished(ssl_.get()) != 0) SSL_shutdown(ssl_.get());
    ERR_clear_error();
}

// A connection that ends without close_notify is simply closed: every mail protocol has its own end
// of session and of data, so that a cut can never be taken for an end.
Result<Step> TlsSession::outcome(int code, std::size_t count, std::string_view what) {
    if (code > 0) return Step{Need::nothing, count};
    switch (SSL_get_error(ssl_.get(), code)) {
    case SSL_ERROR_WANT_READ: return Step{Need::to_read, 0};
    case SSL_ERROR_WANT_WRITE: return Step{Need::to_write, 0};
    case SSL_ERROR_ZERO_RETURN: return fail(Errc::closed, "close_notify");
    case SSL_ERROR_SYSCALL: is_broken_ = true; return fail(Errc::closed, std::string(what));
    default: break;
    }
    is_broken_ = true;
    const auto fault = SSL_is_server(ssl_.get()) ? X509_V_OK : SSL_get_verify_result(ssl_.get());
    if (fault != X509_V_OK) {
        ERR_clear_error();
        return fail(Errc::protocol_error,
                    std::string(what) + ": " + X509_verify_cert_error_string(fault));
    }
    const bool is_cut = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return fail_openssl(is_cut ? Errc::closed : Errc::protocol_error, what);
}

TlsState TlsSession::state() const {
    ERR_clear_error();
    TlsBinding binding{.exporter = export_binding(ssl_.get()),
                       .end_point = end_point_of(SSL_get_certificate(ssl_.get())),
                       .client_chain = client_chain_of(ssl_.get())};
    ERR_clear_error();
    const auto* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
    return {.version = SSL_get_version(ssl_.get()),
            .cipher = SSL_get_cipher_name(ssl_.get()),
            .server_name = name == nullptr ? std::string() : normalised_server_name(name),
            .binding = std::move(binding)};
}

} // namespace maild::net
