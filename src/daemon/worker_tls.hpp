#pragma once
// TLS as a worker has it: certificates and the keys of session tickets come from `auth`, and so do
// the signatures, one for each full handshake. Sessions keep the contexts with which they began;
// what is fetched is for new ones.

#include "daemon/config.hpp"
#include "daemon/peer_messages.hpp"
#include "daemon/remote_signer.hpp"

#include "maild/ipc/client.hpp"
#include "maild/net/server_names.hpp"
#include "maild/net/task.hpp"
#include "maild/net/ticket_keys.hpp"
#include "maild/net/tls.hpp"

#include <array>
#include <memory>

namespace maild::daemon {

// What a worker speaks.
inline constexpr std::array kServices = {Service::smtp, Service::submission, Service::lmtp,
                                         Service::imap, Service::pop3,       Service::local};

class WorkerTls {
public:
    // Both outlive it.
    WorkerTls(ipc::Client& auth, const Clock& clock)
        : auth_(auth), tickets_(std::make_shared<net::TicketKeys>(clock)) {}

    void attach(UniqueFd signing) { signer_.attach(std::move(signing)); }
    bool is_there() const { return contexts_.front() != nullptr; }
    // Replaces all contexts, or none.
    net::Task<Result<void>> fetch(bool with_tickets);
    // For ever. Each key comes an hour before it is used.
    net::Task<void> renew_tickets();
    const std::shared_ptr<net::TlsContext>& of(Service service) const;

private:
    Result<void> build(CertificateChains chains, bool with_tickets);
    Result<std::shared_ptr<const net::ServerNames>> names_of(const CertificateChains& chains);

    ipc::Client& auth_;
    RemoteSigner signer_;
    std::shared_ptr<net::TicketKeys> tickets_;
    std::array<std::shared_ptr<net::TlsContext>, kServices.size()> contexts_;
};

} // namespace maild::daemon
