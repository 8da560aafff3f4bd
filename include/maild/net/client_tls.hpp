#pragma once
// TLS as we speak it to other hosts (RFC 9325): versions, ciphers and groups as in tls.hpp, and no
// handshake succeeds unless one of the authorities vouches for the host's certificate and that
// names the host (RFC 6125 §6, RFC 9525). Immutable, shared by all connections that trust the same.

#include "maild/base/error.hpp"

#include <memory>
#include <string>

namespace maild::net {

class ClientTls {
public:
    // Certificates of authorities, in PEM. Errors say what is wrong with the text.
    static Result<std::shared_ptr<const ClientTls>> create(const std::string& authorities);
    ~ClientTls();
    ClientTls(const ClientTls&) = delete;
    ClientTls& operator=(const ClientTls&) = delete;

    void* native() const { return context_; } // SSL_CTX*

private:
    explicit ClientTls(void* context) : context_(context) {}
    void* context_;
};

} // namespace maild::net
