#pragma once
// Which way mail goes out: rules of the admin, by the domains of recipient and sender. Pure data
// and its lookup.
//
// Precedence: of the rules that fit both domains the one whose recipient pattern is the narrowest
// counts, and among these the one whose sender pattern is. A whole domain is narrower than
// "*.example.org", which is narrower than "*.org", and that than "*". So what is said of one
// destination holds for every sender, unless a rule names both. Among equals the first counts.
// Without a fitting rule mail goes to the recipient's MX hosts, as by Route's defaults.

#include "maild/base/error.hpp"
#include "maild/net/ip.hpp"
#include "maild/relay/session.hpp"
#include "maild/relay/tls_policy.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::relay {

struct NextHop {
    Protocol protocol = Protocol::smtp;
    std::string host{}; // lower case, or an address in digits; empty: the recipient's domain
    std::uint16_t port = 25;
    bool uses_mx = true;    // of `host`; LMTP never does
    bool wraps_tls = false; // TLS from the first octet on (RFC 8314)
    friend bool operator==(const NextHop&, const NextHop&) = default;
};

// "mx"; "smtp:example.org" and "smtp:example.org:587" for that domain's MX hosts;
// "smtp:[mail.example.org]:587" for the host itself, "smtp:[192.0.2.1]", "smtp:[2001:db8::1]:25";
// "smtps:[…]:465"; "lmtp:[…]:24". The error says for the admin what is wrong.
Result<NextHop> parse_next_hop(std::string_view text);
std::string format_next_hop(const NextHop& hop); // as parse_next_hop() reads it

struct Proxy { // SOCKS5, RFC 1928
    std::string host;
    std::uint16_t port = 1080;
    std::string credentials{}; // name of; empty: none
    friend bool operator==(const Proxy&, const Proxy&) = default;
};

// "socks5://proxy.example.org:1080", an IPv6 address in [ ]; without a port 1080.
Result<Proxy> parse_proxy(std::string_view text);

struct Route {
    NextHop next_hop{};
    TlsDemand tls = TlsDemand::opportunistic;
    std::string credentials{}; // by name, so that no secret stands here; empty: no login
    std::string hello_name{};  // empty: this host's
    std::optional<net::IpAddress> source_v4{};
    std::optional<net::IpAddress> source_v6{};
    std::optional<Proxy> proxy{};
    friend bool operator==(const Route&, const Route&) = default;

    // The address to connect to `target` from; none: the kernel's choice.
    std::optional<net::IpAddress> source_for(const net::IpAddress& target) const {
        return target.is_v4() ? source_v4 : source_v6;
    }
};

struct RouteRule {
    std::string name{};           // for the log and mailctl
    std::string recipients = "*"; // pattern of the recipient's domain
    std::string senders = "*";    // of the sender's; "<>" is that of null reverse-paths
    Route route{};
    friend bool operator==(const RouteRule&, const RouteRule&) = default;
};

// "*", "*.example.org" (below it, not itself), "example.org", lower case; or "<>" for a sender.
bool is_route_pattern(std::string_view text);

struct RouteFound {
    const RouteRule* rule = nullptr; // null: none fits, and `route` is the default
    Route route{};
};

class Routes {
public:
    Routes() = default;
    // invalid_argument: a pattern that is none.
    static Result<Routes> create(std::vector<RouteRule> rules);

    // Domains in lower case; `sender` empty for the null reverse-path. `rule` points into this.
    RouteFound find(std::string_view recipient, std::string_view sender) const;
    std::span<const RouteRule> rules() const { return rules_; }

private:
    std::vector<RouteRule> rules_;
};

} // namespace maild::relay
