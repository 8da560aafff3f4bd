#include "net/tls_session.hpp"

#include "net/socket_bio.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>

namespace maild::net {
namespace {

// RFC 6066 §3: an ASCII host name. Anything else is as good as none.
std::string normalised_name(const char* name) {
    constexpr std::size_t kMaxHostName = 253;
    if (name == nullptr) return {};
    auto lower = ascii::to_lower(name);
    const auto is_host_char = [](char c) {
        return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_';
    };
    if (lower.size() > kMaxHostName || !std::ranges::all_of(lower, is_host_char)) return {};
    return lower;
}

} // namespace

Result<TlsSession> TlsSession::create(const TlsContext& context, int fd) {
    ERR_clear_error();
    SslPtr ssl(SSL_new(static_cast<SSL_CTX*>(context.native())));
    auto* bio = make_socket_bio(fd);
    if (!ssl || bio == nullptr) {
        BIO_free(bio);
        return fail_openssl(Errc::internal, "SSL_new");
    }
    SSL_set_bio(ssl.get(), bio, bio); // takes it over, for both directions
    SSL_set_accept_state(ssl.get());
    return TlsSession(std::move(ssl));
}

Result<Step> TlsSession::handshake() {
    ERR_clear_error();
    return outcome(SSL_do_handshake(ssl_.get()), 0, "TLS handshake");
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
    const bool is_cut = ERR_GET_REASON(ERR_peek_last_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
    return fail_openssl(is_cut ? Errc::closed : Errc::protocol_error, what);
}

TlsState TlsSession::state() const {
    return {.version = SSL_get_version(ssl_.get()),
            .cipher = SSL_get_cipher_name(ssl_.get()),
            .server_name =
                normalised_name(SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))};
}

} // namespace maild::net
