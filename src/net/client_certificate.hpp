#pragma once
// From a handshake's context to whom it trusts.

#include "net/openssl.hpp"

#include "maild/net/client_trust.hpp"

namespace maild::net {

// Null when clients are not asked for certificates. As long as the context.
const ClientTrust* client_trust_of(const SSL_CTX* context);

} // namespace maild::net
