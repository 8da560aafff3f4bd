#pragma once
// The way to other hosts: by the route that the admin has laid, or a destination's MX hosts, each
// address in turn, under the TLS that DANE, MTA-STS, REQUIRETLS and the route ask for. One thread;
// what is borrowed outlives it and its connections.

#include "maild/base/clock.hpp"
#include "maild/net/client_tls.hpp"
#include "maild/net/resolver.hpp"
#include "maild/relay/mta_sts.hpp"
#include "maild/relay/route.hpp"
#include "maild/relay/session.hpp"
#include "maild/sender/probe.hpp"
#include "maild/sender/tls_session.hpp"
#include "maild/sender/transport.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace maild::sender {

// Certificates of those who vouch for other hosts: in PEM from `file`, or, if that is empty, the
// system's; where it has none, nobody is trusted. Errors name the file.
Result<std::shared_ptr<const net::ClientTls>> load_trust(const std::string& file);

struct RelayOptions {
    std::string hostname;         // of this host
    std::uint16_t port = 25;      // of MX hosts
    bool allows_loopback = false; // else no MX leads there: our own services listen there
    std::vector<net::IpAddress> own_addresses{}; // an MX that leads to one leads back here
    std::shared_ptr<const net::ClientTls> trust;
    relay::Routes routes{};
    std::map<std::string, relay::Credentials> credentials{}; // by the name that routes have
    std::chrono::milliseconds connect_timeout = std::chrono::seconds(30);
    std::size_t most_addresses = 12; // of a destination, tried in one go
    relay::Timeouts timeouts{};
    TlsSink* tls = nullptr; // outlives the transport; null: nobody wants to know
};

class RelayTransport final : public Transport {
public:
    // `policies` of MTA-STS; null: nobody asks for them.
    RelayTransport(boost::asio::io_context& io, net::Resolver& resolver,
                   relay::StsPolicies* policies, const Clock& clock, Random& random,
                   RelayOptions options);
    ~RelayTransport() override;

    std::string way_of(const std::string& destination,
                       const queue::LeasedMessage& message) override;
    bool is_special(const std::string& way) const override;
    net::Task<Result<std::unique_ptr<Connection>, relay::Outcome>>
    connect(std::string destination, const queue::LeasedMessage& message) override;
    // For an admin; nothing is sent. In its own time: some minutes where hosts are slow.
    net::Task<ProbeReport> probe(ProbeRequest request);

private:
    friend class Probe;
    struct State;
    std::unique_ptr<State> state_;
};

} // namespace maild::sender
