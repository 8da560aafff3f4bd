#pragma once
// A key for OpenSSL that has only the public part of a certificate's key: its private operations
// are asked of a KeySigner, in another process.

#include "net/openssl.hpp"

#include "maild/net/tls.hpp"

namespace maild::net {

// EC P-256 or P-384, or RSA. `signer` outlives the key and whatever uses it.
Result<EvpKeyPtr> make_remote_key(X509* certificate, std::uint32_t index, KeySigner& signer);

} // namespace maild::net
