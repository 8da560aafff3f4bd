#include "daemon/worker_tls.hpp"

#include "maild/base/log.hpp"
#include "maild/net/timer.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kAuthTimeout{5};
constexpr std::chrono::minutes kRenewTickets{10};

// RFC 7301: what a client may name in its handshake; another protocol's client is turned away
// (ALPACA).
std::vector<std::string> alpn_of(Service service) {
    switch (service) {
    case Service::imap: return {"imap"};
    case Service::pop3: return {"pop3"};
    case Service::lmtp: return {"lmtp"};
    default: return {"smtp"};
    }
}

// A mail server that brings mail must not be asked for a certificate: some have one that they would
// rather not show.
bool has_logins(Service service) {
    return service == Service::imap || service == Service::pop3 || service == Service::submission;
}

std::size_t index_of(Service service) { return static_cast<std::size_t>(service); }

} // namespace

net::Task<Result<void>> WorkerTls::fetch(bool with_tickets) {
    ipc::Nothing nothing;
    auto chains = co_await auth_.call<CertificateChains>(kCertificates, nothing, kAuthTimeout);
    if (!chains) co_return std::unexpected(std::move(chains.error()));
    auto built = build(std::move(*chains), with_tickets);
    co_return built;
}

Result<void> WorkerTls::build(CertificateChains chains, bool with_tickets) {
    if (chains.certificates.empty()) return fail(Errc::unavailable, "auth has no certificate yet");
    auto names = names_of(chains);
    if (!names) return std::unexpected(std::move(names.error()));
    std::shared_ptr<const net::ClientTrust> trust;
    if (!chains.client_authorities.empty()) {
        auto read = net::ClientTrust::create(std::move(chains.client_authorities));
        if (!read) return std::unexpected(std::move(read.error()));
        trust = std::move(*read);
    }
    const auto& own = chains.certificates.front();
    std::array<std::shared_ptr<net::TlsContext>, kServices.size()> fresh;
    for (const auto service : kServices) {
        const net::TlsSettings settings{.certificate_chain = own.chain,
                                        .certificate = own.certificate,
                                        .alpn = alpn_of(service),
                                        .client_trust = has_logins(service) ? trust : nullptr};
        auto made = net::TlsContext::create(settings, signer_);
        if (!made) return std::unexpected(std::move(made.error()));
        if (*names) net::use_names(**made, *names);
        if (with_tickets) {
            auto used = net::use_tickets(**made, std::string(name_of(service)), tickets_);
            if (!used) return used;
        }
        fresh[index_of(service)] = std::move(*made);
    }
    tickets_->replace(std::move(chains.ticket_keys));
    contexts_ = std::move(fresh);
    return {};
}

// The host's own stands behind the others where they have the same name; alone it is everybody's.
Result<std::shared_ptr<const net::ServerNames>>
WorkerTls::names_of(const CertificateChains& chains) {
    if (chains.certificates.size() < 2) return nullptr;
    auto ordered = chains.certificates;
    std::ranges::rotate(ordered, ordered.begin() + 1);
    return net::ServerNames::create(ordered, signer_);
}

net::Task<void> WorkerTls::renew_tickets() {
    while (true) {
        co_await net::sleep_for(kRenewTickets);
        ipc::Nothing nothing;
        auto fresh = co_await auth_.call<TicketKeyList>(kTicketKeys, nothing, kAuthTimeout);
        if (fresh)
            tickets_->replace(std::move(fresh->keys));
        else
            log::debug("ticket_keys_kept", {{"reason", fresh.error().internal}});
    }
}

const std::shared_ptr<net::TlsContext>& WorkerTls::of(Service service) const {
    return contexts_[index_of(service)];
}

} // namespace maild::daemon
