#pragma once
// How much clients bring, by address and by network, in `auth`, where all workers' connections come
// together: connections that are open, connections a minute, and on port 25 messages, recipients
// and refused recipients an hour. An address is an IPv4 address or an IPv6 /64, as everywhere; a
// network, here, is the IPv4 /24 or the IPv6 /48 around it. What is refused is not counted, so a
// client that goes on trying gets as much through as one that waits. This host and trusted networks
// are never counted. A value machine: no I/O, the time is given. One thread. Memory: 48 octets for
// each address and network that was lately counted, kAddresses and kNetworks at most of each kind,
// some 35 MiB; and two small entries for each address that has connections open.

#include "maild/auth/recent_counts.hpp"
#include "maild/base/clock.hpp"
#include "maild/net/ip.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace maild::auth {

enum class Rate : std::uint8_t {
    connections, // a minute, of all services
    messages,    // an hour, on port 25: each MAIL
    recipients,  // an hour, on port 25: each RCPT
    refused,     // an hour, on port 25: each RCPT that was refused for good
};
inline constexpr std::size_t kRates = 4;
std::string_view name_of(Rate rate); // "connections" …
std::chrono::seconds window_of(Rate rate);

// 0: no limit.
struct RateLimit {
    std::uint32_t address = 0;
    std::uint32_t network = 0;
};
inline constexpr std::uint32_t kMostRate = 60'000; // that RecentCounts can tell from more

struct ClientLimits {
    std::uint32_t connections = 200; // open at once, of an address, to one service; 0: no limit
    std::array<RateLimit, kRates> rates{RateLimit{300, 0}, RateLimit{3'000, 15'000},
                                        RateLimit{10'000, 50'000}, RateLimit{300, 1'500}};
    std::vector<net::Network> trusted{}; // never counted, as this host is not

    RateLimit& of(Rate rate) { return rates[static_cast<std::size_t>(rate)]; }
    const RateLimit& of(Rate rate) const { return rates[static_cast<std::size_t>(rate)]; }
    bool counts(const net::IpAddress& from) const {
        return !from.is_loopback() && !net::in_any_network(from, trusted);
    }
};

// The limit that was reached.
struct RateRefusal {
    std::optional<Rate> rate; // none: connections that are open
    bool is_of_network = false;
    std::uint32_t limit = 0;
};

class ClientRates {
public:
    static constexpr std::uint32_t kAddresses = 100'000; // of each rate
    static constexpr std::uint32_t kNetworks = 50'000;
    static constexpr std::size_t kMostOpen = 200'000; // addresses of one line

    ClientRates(const Clock& clock, Random& random, ClientLimits limits);
    ClientRates(const ClientRates&) = delete;
    ClientRates& operator=(const ClientRates&) = delete;
    ~ClientRates() = default;

    void set_limits(ClientLimits limits) { limits_ = std::move(limits); }
    const ClientLimits& limits() const { return limits_; }

    // Connections of an address to one service that a worker, `line`, has open. Whole numbers, and
    // no differences: so nothing that gets lost, or comes twice, stays.
    struct Open {
        std::uint8_t service = 0;
        net::IpAddress from;
        std::uint32_t count = 0;
    };
    // A connection that has just come and is in `open.count`. When it is refused it is taken as
    // gone.
    std::optional<RateRefusal> arrive(std::uint64_t line, const Open& open);
    void set_open(std::uint64_t line, const Open& open);
    void lose(std::uint64_t line); // and all its connections with it
    // One more than the limit, which the worker saw by what it has open itself, and did not ask.
    void note_turned_away(const net::IpAddress& from);

    std::optional<RateRefusal> begin_message(const net::IpAddress& from);
    std::optional<RateRefusal> add_recipient(const net::IpAddress& from);
    void note_refused(const net::IpAddress& from);

    struct Top { // who comes nearest to a limit
        net::Network who;
        std::uint32_t count = 0;
        std::optional<std::uint8_t> service; // of connections that are open
    };
    struct Counter {
        std::optional<Rate> rate; // none: connections that are open
        bool is_of_network = false;
        std::uint64_t counted = 0; // addresses or networks
        std::uint64_t at_limit = 0;
        std::uint64_t refusals = 0; // since the start
        std::vector<Top> top{};     // the greatest first
    };
    std::vector<Counter> list(std::size_t most) const;

    // As if nothing had come from this network, or one within it. Connections that are open still
    // are. How many counts were forgotten.
    std::size_t forget(const net::Network& network);

private:
    struct Place { // an address and a service
        std::uint8_t service = 0;
        net::IpAddress from;
        friend auto operator<=>(const Place&, const Place&) = default;
    };
    struct Counts {
        RecentCounts addresses;
        RecentCounts networks;
        std::uint64_t refused_addresses = 0;
        std::uint64_t refused_networks = 0;
    };
    Counts& counts_of(Rate rate) { return counts_[static_cast<std::size_t>(rate)]; }
    std::optional<RateRefusal> check(Rate rate, const net::IpAddress& from);
    void add(Rate rate, const net::IpAddress& from);
    std::optional<RateRefusal> take(Rate rate, const net::IpAddress& from);
    Counter list_open(std::size_t most) const;
    Counter list_rate(Rate rate, bool is_of_network, std::size_t most) const;

    const Clock& clock_;
    ClientLimits limits_;
    std::array<Counts, kRates> counts_;
    std::map<std::uint64_t, std::map<Place, std::uint32_t>> lines_;
    std::map<Place, std::uint32_t> open_; // of all lines
    std::uint64_t refused_open_ = 0;
};

template <class Codec> void describe(Codec& codec, ClientLimits& limits) {
    codec(limits.connections);
    for (auto& rate : limits.rates) codec(rate.address, rate.network);
    codec(limits.trusted);
}
template <class Codec> void describe(Codec& codec, RateRefusal& refusal) {
    codec(refusal.rate, refusal.is_of_network, refusal.limit);
}
template <class Codec> void describe(Codec& codec, ClientRates::Open& open) {
    codec(open.service);
    for (auto& byte : open.from.bytes) codec(byte);
    codec(open.count);
}
template <class Codec> void describe(Codec& codec, ClientRates::Top& top) {
    codec(top.who, top.count, top.service);
}
template <class Codec> void describe(Codec& codec, ClientRates::Counter& counter) {
    codec(counter.rate, counter.is_of_network, counter.counted, counter.at_limit, counter.refusals,
          counter.top);
}

} // namespace maild::auth
