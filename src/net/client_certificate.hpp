#pragma once
// From a handshake to whom it trusts.

#include "net/openssl.hpp"

#include "maild/net/client_trust.hpp"

namespace maild::net {

// Null when clients are not asked for certificates. As long as the connection.
const ClientTrust* client_trust_of(const SSL* ssl);

} // namespace maild::net
