#pragma once
// What the callbacks of a server's TLS context go by. OpenSSL keeps it with the SSL_CTX, which
// connections outlive a TlsContext in.

#include "net/openssl.hpp"
#include "net/server_identity.hpp"

#include "maild/net/client_trust.hpp"
#include "maild/net/server_names.hpp"
#include "maild/net/ticket_keys.hpp"

namespace maild::net {

struct ServerSide {
    std::string alpn; // as on the wire, RFC 7301 §3.1; empty: every protocol is taken
    ServerNames::Identity own;
    std::shared_ptr<const ServerNames> names;        // null: all get our own certificate
    std::shared_ptr<const ClientTrust> client_trust; // null: no client is asked for a certificate
    std::shared_ptr<const TicketKeys> tickets;       // null: no session is taken up again
    std::string service;                             // whose sessions these are
};

// Never null for a server's context; as long as that.
ServerSide* server_side_of(const SSL_CTX* context);
const ServerSide* server_side_of(const SSL* ssl);
Result<void> keep_server_side(SSL_CTX* context, std::unique_ptr<ServerSide> side);

// By the name that the client asks for: its certificate, and to which sessions this one belongs.
void choose_by_name(SSL_CTX* context);

} // namespace maild::net
