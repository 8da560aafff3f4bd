#pragma once
// Where mail for a domain goes (RFC 5321 §5.1): its MX hosts in the order in which they are to be
// tried, with addresses, and what DNSSEC says of each step. Everything is bounded: hosts,
// addresses, and the time of all questions together.

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"
#include "maild/relay/outcome.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace maild::relay {

inline constexpr std::size_t kMaxHosts = 16;        // of a domain, the best ones
inline constexpr std::size_t kMaxHostAddresses = 8; // of a host
inline constexpr std::size_t kMaxAllAddresses = 32; // of a domain; more hosts are not asked for

struct LookupOptions {
    std::vector<std::string> own_names{}; // this host's, lower case
    std::vector<net::IpAddress> own_addresses{};
    bool uses_ipv4 = true;
    bool uses_ipv6 = true;
    bool allows_loopback = false; // for trials on one host
    // The domain is a route's: that it cannot be found is the admin's fault, so that mail waits
    // (4.3.5) for what would fail else.
    bool is_configured = false;
    std::chrono::milliseconds timeout{30'000};
};

struct Host {
    std::string name; // lower case; an address in digits where the domain is a literal
    std::uint16_t preference = 0;
    std::vector<net::IpAddress> addresses; // families take turns
    bool is_secure = false;                // DNSSEC vouches for name and addresses
};

struct Destination {
    std::string domain;  // lower case
    bool has_mx = false; // else it is its own host (the implicit MX)
    // Also where the admin has named the host.
    bool is_mx_secure = false; // DNSSEC vouches for its MX records, or that there are none
    std::vector<Host> hosts{}; // never empty, in the order of trying
    std::string problem{};     // of hosts that could not be found, for people
};

// By MX. `domain`: in A-labels, or an address literal with its brackets. Outcomes:
//   5.1.10  a null MX (RFC 7505)        5.1.2  no such domain, or nothing to send mail to
//   5.4.4   no MX host has an address   5.4.6  this host itself is the best MX
//   4.4.3   the DNS does not tell
// Hosts of one preference are shuffled by `random`. Where this host is an MX, only better ones are
// left. All parameters outlive the task.
net::Task<Result<Destination, Outcome>> find_destination(net::Resolver& resolver, Random& random,
                                                         std::string domain,
                                                         const LookupOptions& options);

// The same for a host that a route names, without looking for MX records: always as if it were
// configured. No loop is looked for.
net::Task<Result<Destination, Outcome>> find_host(net::Resolver& resolver, std::string name,
                                                  const LookupOptions& options);

} // namespace maild::relay
