#pragma once
// The private keys, in `auth` alone: hands out certificate chains and signs for handshakes (DESIGN
// §1.6). A worker that has fallen can have handshakes signed while it lives, and can never learn a
// key. The keys of session tickets come from here too; those the workers have, two hours of them.

#include "daemon/peer_messages.hpp"

#include "maild/ipc/server.hpp"
#include "maild/net/certificate.hpp"
#include "maild/net/client_trust.hpp"
#include "maild/net/local_signer.hpp"
#include "maild/net/ticket_keys.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maild::daemon {

// A certificate and its key, in PEM, and where they come from.
struct CertificateSource {
    std::string file; // empty: the host has made it for itself
    std::string certificate;
    std::string key;
    std::vector<std::string> names; // empty: those in it
};

class KeyService {
public:
    // Both outlive it.
    KeyService(const Clock& clock, Random& random) : clock_(clock), tickets_(random) {}

    // Replaces all keys; errors name what is wrong and leave the old ones in force. The first is
    // the host's own. Those before sign on until forget_retired(), for workers that still show
    // their certificates.
    Result<void> load(const std::vector<CertificateSource>& sources);
    void forget_retired() { retired_.clear(); }
    // Whose certificates clients may show; errors leave the old ones in force.
    Result<void> load_client_authorities(std::string pem);
    void forget_client_authorities() { client_trust_.reset(); }
    const std::shared_ptr<const net::ClientTrust>& client_trust() const { return client_trust_; }
    bool has_keys() const { return !keys_.empty(); }
    // What an admin must know of the certificates' dates: "certificate of mail.example.org: expired
    // on 2026-03-01". Empty when all is well.
    std::string expiry_warnings() const;
    CertificateList list() const;
    // True when the message was one of ours, and was answered.
    bool handle(ipc::Connection& connection, const ipc::Request& request);

private:
    struct Key {
        std::string file;
        net::NamedCertificate certificate;
        net::CertificateSummary summary;
        std::unique_ptr<net::LocalSigner> signer;
    };
    static Result<Key> read(const CertificateSource& source);
    CertificateChains chains();
    net::LocalSigner* signer_of(std::uint32_t certificate) const;
    Result<Signature> sign(const ipc::Request& request);

    const Clock& clock_;
    net::TicketKeyMaker tickets_;
    std::vector<Key> keys_;
    std::vector<Key> retired_;
    std::shared_ptr<const net::ClientTrust> client_trust_;
};

// The pair that a host makes for itself when none is configured: read from `directory`, or made
// there (mode 0600, synced), ten years valid.
Result<net::CertificateAndKey> own_certificate(const std::string& directory,
                                               const std::string& hostname, WallTime now);

} // namespace maild::daemon
