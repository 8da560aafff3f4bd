#pragma once
// Server-side TLS settings, one context for each service (ALPN differs), shared by all its
// connections. The private key is not here: `KeySigner` asks the process that holds it (DESIGN
// §1.6), once for each handshake. TLS 1.2 and 1.3, forward-secret AEAD suites, X25519 first, no
// compression, no renegotiation, no early data; sessions are taken up again only as ticket_keys.hpp
// allows. Other certificates for certain names: server_names.hpp.

#include "maild/base/error.hpp"
#include "maild/net/client_trust.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

// What OpenSSL asks of a private key. `input` is already hashed and, for RSA-PKCS1, in DigestInfo;
// for RSA-PSS the padding is done by the caller (raw private operation).
enum class SignatureKind : std::uint8_t { ecdsa, rsa_pkcs1, rsa_raw };

class KeySigner {
public:
    virtual ~KeySigner() = default;
    // Blocks for at most a second. `certificate` is what TlsSettings or NamedCertificate has.
    virtual Result<std::string> sign(std::uint32_t certificate, SignatureKind kind,
                                     std::string_view input) = 0;
};

struct TlsSettings {
    std::string certificate_chain; // PEM, leaf first; no private key in it
    std::uint32_t certificate = 0; // what the signer calls its key
    // "imap", "smtp" …; a client that offers others only is refused (RFC 7301 §3.2).
    std::vector<std::string> alpn;
    // Clients are asked for a certificate, and may have none or another: null, and none is asked
    // for.
    std::shared_ptr<const ClientTrust> client_trust{};
};

class TlsContext {
public:
    // The signer outlives the context. Errors name what is wrong with the certificate.
    static Result<std::shared_ptr<TlsContext>> create(const TlsSettings& settings,
                                                      KeySigner& signer);
    ~TlsContext();
    TlsContext(const TlsContext&) = delete;
    TlsContext& operator=(const TlsContext&) = delete;

    void* native() const; // SSL_CTX*

private:
    explicit TlsContext(void* context) : context_(context) {}
    void* context_;
};

} // namespace maild::net
