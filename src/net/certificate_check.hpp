#pragma once
// What a server's certificate has to show us, set on a connection before its handshake, and what
// it has shown.

#include "net/openssl.hpp"

#include "maild/net/client_tls.hpp"

#include <string>

namespace maild::net {

// `host`: a name, or an address in digits.
Result<void> expect_certificate(SSL* ssl, const TlsExpectation& expectation,
                                const std::string& host);

TlsVerdict verdict_of(const SSL* ssl, bool is_done);

} // namespace maild::net
