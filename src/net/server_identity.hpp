#pragma once
// A certificate with its chain and its key, which is elsewhere, as OpenSSL takes them.

#include "net/openssl.hpp"

#include "maild/net/server_names.hpp"

#include <array>

namespace maild::net {

struct FreeChain {
    void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};

struct ServerNames::Identity {
    X509Ptr leaf;
    std::unique_ptr<STACK_OF(X509), FreeChain> chain; // without the leaf
    EvpKeyPtr key;
    std::array<unsigned char, 32> fingerprint{}; // SHA-256 of the leaf
};

Result<ServerNames::Identity> make_identity(const std::string& pem, std::uint32_t certificate,
                                            KeySigner& signer);
// In place of whatever the connection had.
bool use_identity(SSL* ssl, const ServerNames::Identity& identity);

} // namespace maild::net
