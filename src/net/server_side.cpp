#include "net/server_side.hpp"

#include "net/client_certificate.hpp"

#include "maild/base/log.hpp"
#include "maild/net/tls.hpp"

namespace maild::net {
namespace {

void free_side(void*, void* side, CRYPTO_EX_DATA*, int, long, void*) {
    delete static_cast<const ServerSide*>(side);
}

int side_index() {
    static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, free_side);
    return index;
}

// RFC 6066 §3. OpenSSL itself has not read it yet, and does so after us.
std::string requested_name(SSL* ssl) {
    const unsigned char* extension = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_server_name, &extension, &size) != 1) return {};
    return parse_server_name({reinterpret_cast<const char*>(extension), size});
}

const ServerNames::Identity* named_identity(const ServerSide& side, std::string_view name) {
    return side.names ? side.names->find(name) : nullptr;
}

// A session is taken up only where this is the same: in the same service, under the same name, and
// with the same certificate, so that none outlives a reload that replaced it.
bool bind_session(SSL* ssl, const ServerSide& side, const ServerNames::Identity& identity,
                  std::string_view name) {
    static_assert(SSL_MAX_SID_CTX_LENGTH == 32);
    std::string bound = side.service + '\0';
    bound.append(reinterpret_cast<const char*>(identity.fingerprint.data()),
                 identity.fingerprint.size());
    bound += name;
    std::array<unsigned char, SSL_MAX_SID_CTX_LENGTH> digest{};
    return EVP_Digest(bound.data(), bound.size(), digest.data(), nullptr, EVP_sha256(), nullptr) ==
               1 &&
           SSL_set_session_id_context(ssl, digest.data(), digest.size()) == 1;
}

void forbid_tickets(SSL* ssl) {
    SSL_set_options(ssl, SSL_OP_NO_TICKET);
    SSL_set_num_tickets(ssl, 0);
}

bool choose(SSL* ssl) {
    const auto& side = *server_side_of(ssl);
    const auto name = requested_name(ssl);
    const auto* named = named_identity(side, name);
    if (named != nullptr && !use_identity(ssl, *named)) return false;
    if (!side.tickets) return true;
    if (side.tickets->current() == nullptr) forbid_tickets(ssl);
    return bind_session(ssl, side, named == nullptr ? side.own : *named, name);
}

// The earliest callback there is: behind it OpenSSL looks at the client's ticket.
int on_client_hello(SSL* ssl, int* alert, void*) {
    try {
        if (choose(ssl)) return SSL_CLIENT_HELLO_SUCCESS;
        log::warning("tls_certificate_unusable", {{"reason", openssl_error("certificate")}});
    } catch (const std::exception&) { // no memory; nothing may be thrown through OpenSSL
    }
    *alert = SSL_AD_INTERNAL_ERROR;
    return SSL_CLIENT_HELLO_ERROR;
}

// RFC 6066 §3: the client is told that its name was used.
int on_server_name(SSL* ssl, int*, void*) {
    const auto* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
    try {
        const auto* named = named_identity(*server_side_of(ssl), normalised_server_name(name));
        return named == nullptr ? SSL_TLSEXT_ERR_NOACK : SSL_TLSEXT_ERR_OK;
    } catch (const std::exception&) {
        return SSL_TLSEXT_ERR_NOACK;
    }
}

} // namespace

ServerSide* server_side_of(const SSL_CTX* context) {
    return static_cast<ServerSide*>(SSL_CTX_get_ex_data(context, side_index()));
}

const ServerSide* server_side_of(const SSL* ssl) { return server_side_of(SSL_get_SSL_CTX(ssl)); }

Result<void> keep_server_side(SSL_CTX* context, std::unique_ptr<ServerSide> side) {
    if (SSL_CTX_set_ex_data(context, side_index(), side.get()) != 1)
        return fail_openssl(Errc::internal, "SSL_CTX_set_ex_data");
    static_cast<void>(side.release()); // free_side() deletes it
    return {};
}

void choose_by_name(SSL_CTX* context) {
    SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
    SSL_CTX_set_tlsext_servername_callback(context, on_server_name);
}

void use_names(TlsContext& context, std::shared_ptr<const ServerNames> names) {
    auto* native = static_cast<SSL_CTX*>(context.native());
    server_side_of(native)->names = std::move(names);
    choose_by_name(native);
}

const ClientTrust* client_trust_of(const SSL* ssl) {
    const auto* side = server_side_of(ssl); // null on a client's side
    return side == nullptr ? nullptr : side->client_trust.get();
}

} // namespace maild::net
