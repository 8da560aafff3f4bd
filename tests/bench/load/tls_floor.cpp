// What OpenSSL itself keeps of a server's side of a connection that waits: the part of a session's
// memory that only another library could make smaller. Handshakes in memory, no sockets, and the
// settings that spare memory: buffers given back, no tickets, no cache of sessions.
#include "bench/load/modes.hpp"
#include "net/openssl.hpp"

#include <openssl/ec.h>

#include <malloc.h>
#include <memory>

namespace maild::bench {
namespace {

using net::EvpKeyPtr;
using net::SslContextPtr;
using net::SslPtr;
using net::X509Ptr;

SslContextPtr server_context() {
    SslContextPtr context(SSL_CTX_new(TLS_server_method()));
    const EvpKeyPtr key(EVP_EC_gen("P-256"));
    const X509Ptr certificate(X509_new());
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86'400);
    X509_set_pubkey(certificate.get(), key.get());
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET);
    SSL_CTX_set_num_tickets(context.get(), 0);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    return context;
}

// Handshake, a line each way, and then it waits for more.
bool converse(SSL* server, SSL* client) {
    for (int turns = 0; turns < 8 && SSL_is_init_finished(server) == 0; ++turns) {
        SSL_do_handshake(client);
        SSL_do_handshake(server);
    }
    char line[64] = "a1 IDLE\r\n";
    return SSL_write(client, line, 9) == 9 && SSL_read(server, line, sizeof line) == 9 &&
           SSL_write(server, "+ idling\r\n", 10) == 10 &&
           SSL_read(client, line, sizeof line) == 10 && SSL_read(server, line, sizeof line) < 0;
}

SslPtr accept_in_memory(SSL_CTX* servers, SSL_CTX* clients) {
    SslPtr server(SSL_new(servers)), client(SSL_new(clients));
    BIO *near = nullptr, *far = nullptr;
    BIO_new_bio_pair(&near, 0, &far, 0);
    SSL_set_bio(server.get(), near, near);
    SSL_set_bio(client.get(), far, far);
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
    const bool talked = converse(server.get(), client.get());
    SSL_set_bio(server.get(), nullptr, nullptr); // sockets have no buffers of ours
    return talked ? std::move(server) : nullptr;
}

} // namespace

net::Task<void> hold_tls(Load& load) {
    Measurement measurement(load.options, load.servers);
    const auto servers = server_context();
    const SslContextPtr clients(SSL_CTX_new(TLS_client_method()));
    const auto first = accept_in_memory(servers.get(), clients.get()); // what is made once
    std::vector<SslPtr> sides;
    sides.reserve(load.options.connections);
    const auto before = ::mallinfo2().uordblks;
    for (std::size_t i = 0; i < load.options.connections; ++i) {
        const auto start = instant();
        sides.push_back(accept_in_memory(servers.get(), clients.get()));
        if (!sides.back()) {
            measurement.failed({Errc::protocol_error, "no handshake"});
            break;
        }
        measurement.done(start);
    }
    const auto octets = static_cast<double>(::mallinfo2().uordblks - before);
    measurement.finish();
    measurement.add("kib_per_connection", octets / 1024 / static_cast<double>(sides.size()));
    print(load, measurement);
    co_return;
}

} // namespace maild::bench
