#pragma once
// What RelayTransport is made of: the steps on the way to a host, which mail and an admin's probe
// take alike.

#include "sender/tls_telling.hpp"

#include "maild/net/connect.hpp"
#include "maild/relay/destination.hpp"
#include "maild/relay/tls_policy.hpp"
#include "maild/sender/relay_transport.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace maild::sender {

// Everything that decides how one host is spoken to.
struct Way {
    relay::Route route{};
    std::string domain{};
    bool requires_tls = false;
    bool tls_optional = false;
    std::optional<relay::StsPolicy> sts{};
    std::optional<relay::StsFault> sts_fault{};
    bool is_told = false; // its TLS is the domain's to hear of
};

struct Place {
    relay::Host host{};
    net::IpAddress address{};
    std::uint16_t port = 25;
    bool is_mx_secure = false;
};

struct Greeted {
    std::unique_ptr<relay::Session> session;
    std::string local; // our address
};

using Opened = Result<std::unique_ptr<relay::Session>, relay::Outcome>;

// The DNS knows A-labels (RFC 5891).
std::string in_ascii(std::string destination);

struct RelayTransport::State {
    boost::asio::io_context& io;
    net::Resolver& resolver;
    relay::StsPolicies* policies;
    const Clock& clock;
    Random& random;
    RelayOptions options;
    // Hosts whose TLS does not work, and until when they are spoken to without.
    std::map<std::string, SteadyTime> broken_tls{};

    relay::RouteFound route_for(const std::string& destination, const std::string& reverse_path);
    net::Task<Result<relay::Destination, relay::Outcome>> find_hosts(const Way& way);
    net::Task<Way> find_way(std::string destination, const queue::LeasedMessage& message);
    std::uint16_t port_of(const Way& way) const;
    net::Task<Opened> open(const Way& way, const Place& place);
    net::Task<Result<Greeted, relay::Outcome>> greet(const Way& way, const Place& place,
                                                     const relay::TlsDecision& decision);
    net::Task<Opened> secure(const Way& way, const Place& place, relay::TlsDecision decision,
                             relay::TlsFacts facts);
    net::Task<Result<net::Connected>> connect_to(const Way& way, const Place& place);
    net::Task<relay::TlsFacts> facts_of(const Way& way, const Place& place);
    void tell(const Way& way, const Place& place, const TlsMet& met);
    bool is_known_broken(const std::string& host);
    void note_broken(const std::string& host);
};

} // namespace maild::sender
