#pragma once
// The private keys, in `auth` alone: hands out certificate chains and signs for handshakes (DESIGN
// §1.6). A worker that has fallen can have handshakes signed while it lives, and can never learn a
// key.

#include "daemon/peer_messages.hpp"

#include "maild/ipc/server.hpp"
#include "maild/net/certificate.hpp"
#include "maild/net/client_trust.hpp"
#include "maild/net/local_signer.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maild::daemon {

class KeyService {
public:
    // Replaces all keys; errors name what is wrong and leave the old ones in force.
    Result<void> load(const std::string& certificate_pem, const std::string& key_pem, WallTime now);
    // Whose certificates clients may show; errors leave the old ones in force.
    Result<void> load_client_authorities(std::string pem);
    void forget_client_authorities() { client_trust_.reset(); }
    const std::shared_ptr<const net::ClientTrust>& client_trust() const { return client_trust_; }
    bool has_keys() const { return !keys_.empty(); }
    // What an admin must know of the certificates' dates: "certificate of mail.example.org: expired
    // on 2026-03-01". Empty when all is well.
    std::string expiry_warnings(WallTime now) const;
    // True when the message was one of ours, and was answered.
    bool handle(ipc::Connection& connection, const ipc::Request& request);

private:
    struct Key {
        std::string chain;
        net::CertificateSummary summary;
        std::unique_ptr<net::LocalSigner> signer;
    };
    Result<Signature> sign(const ipc::Request& request);

    std::vector<Key> keys_;
    std::shared_ptr<const net::ClientTrust> client_trust_;
};

// The pair that a host makes for itself when none is configured: read from `directory`, or made
// there (mode 0600, synced), ten years valid.
Result<net::CertificateAndKey> own_certificate(const std::string& directory,
                                               const std::string& hostname, WallTime now);

} // namespace maild::daemon
