#pragma once
// Whose certificates a client may show to log in (RFC 5280 §6): the configured authorities and
// their revocation lists. Used twice: a worker looks whether a handshake brought a certificate
// worth offering EXTERNAL for, and `auth` looks again before it believes whom it names. Immutable
// and shared; a reload makes a new one.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace maild::net {

inline constexpr std::size_t kMaxClientChain = 10;              // certificates
inline constexpr std::size_t kMaxClientChainOctets = 16 * 1024; // together, in DER
inline constexpr std::size_t kMaxClientNames = 10;              // addresses in one certificate

class ClientTrust {
public:
    // Certificates of authorities and, if there are any, CRLs, in PEM. With a CRL each client's
    // issuer must have one that is in force. Errors say what is wrong with the text.
    static Result<std::shared_ptr<const ClientTrust>> create(std::string pem);
    ~ClientTrust();
    ClientTrust(const ClientTrust&) = delete;
    ClientTrust& operator=(const ClientTrust&) = delete;

    // A chain in DER, the client's own first: the addresses (rfc822Name, RFC 5280 §4.2.1.6) that it
    // names, without those that hold a control character. authentication_failed when no authority
    // vouches for it at `now`, when it is revoked, is not for clients (RFC 5280 §4.2.1.12), has a
    // weak key or signature, or is too large; `internal` says which.
    Result<std::vector<std::string>> verify(std::span<const std::string> chain, WallTime now) const;
    const std::string& pem() const { return pem_; }
    void* native() const; // X509_STORE*

private:
    struct Store;
    ClientTrust(std::string pem, std::unique_ptr<Store> store);

    std::string pem_;
    std::unique_ptr<Store> store_;
};

} // namespace maild::net
