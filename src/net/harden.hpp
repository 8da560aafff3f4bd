#pragma once
// Settings of every TLS context of ours, whichever side it is.

#include "net/openssl.hpp"

namespace maild::net {

// RFC 9325 §3 and §4: TLS 1.2 and 1.3 only, ephemeral keys and AEAD only, nothing that has been an
// attack before.
Result<void> harden(SSL_CTX* context);

} // namespace maild::net
