#pragma once
// TLS as we speak it to other hosts (RFC 9325): versions, ciphers and groups as in tls.hpp, and no
// handshake succeeds unless one of the authorities vouches for the host's certificate and that
// names the host (RFC 6125 §6, RFC 9525). Immutable, shared by all connections that trust the same.
// For one connection something else may be expected: DANE (RFC 7671), or nothing at all (RFC 7435).

#include "maild/base/error.hpp"
#include "maild/net/tlsa.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

enum class CertificateCheck : std::uint8_t {
    none,  // any certificate, and older ciphers too: better than plain text, which comes else
    names, // an authority's, for the host or one of the further names
    dane,  // one of the TLSA records; names count with usage 2 alone (RFC 7672 §3.1, §3.2)
};

struct TlsExpectation {
    CertificateCheck check = CertificateCheck::names;
    std::vector<std::string> further_names{};
    std::vector<TlsaRecord> tlsa{}; // usages 2 and 3; those that OpenSSL cannot use are left out
};

enum class CertificateFault : std::uint8_t { none, untrusted, expired, other_name, other };

// What a handshake has shown, with CertificateCheck::none too: then it is what names would have
// found.
struct TlsVerdict {
    bool is_verified = false;
    CertificateFault fault = CertificateFault::none;
    std::string words; // empty without a fault
};

class ClientTls {
public:
    // Certificates of authorities, in PEM. Errors say what is wrong with the text.
    static Result<std::shared_ptr<const ClientTls>> create(const std::string& authorities);
    // Trusts nobody: good for what expects DANE or nothing.
    static Result<std::shared_ptr<const ClientTls>> create_without_authorities();
    ~ClientTls();
    ClientTls(const ClientTls&) = delete;
    ClientTls& operator=(const ClientTls&) = delete;

    // For one connection. What its handshake has shown, be it good or not, is put into `verdict`,
    // which may be null.
    std::shared_ptr<const ClientTls> expecting(TlsExpectation expectation,
                                               std::shared_ptr<TlsVerdict> verdict) const;

    void* native() const { return context_; } // SSL_CTX*
    const TlsExpectation& expectation() const { return expectation_; }
    const std::shared_ptr<TlsVerdict>& verdict() const { return verdict_; }

private:
    explicit ClientTls(void* context) : context_(context) {}
    void* context_;
    TlsExpectation expectation_;
    std::shared_ptr<TlsVerdict> verdict_;
};

} // namespace maild::net
