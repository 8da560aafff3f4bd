#pragma once
// Which clients of port 25 have to wait for the greeting in silence before they are served. The
// server speaks first (RFC 5321 §3.1); what sends mail in bulk through other people's computers
// often does not care. Who has waited once is known for a day or two, and is not made to wait
// again, so that hosts which bring much mail lose no time. Belongs to one thread. Memory: an entry
// for each client that is known, kMostKnown at most; the oldest are forgotten first.

#include "maild/base/clock.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/stream.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <unordered_set>
#include <vector>

namespace maild::smtp {

class EarlyTalkers {
public:
    static constexpr std::size_t kMostKnown = 32 * 1024; // IPv4 addresses and IPv6 /64s
    static constexpr std::chrono::hours kTurn{24};

    explicit EarlyTalkers(const Clock& clock, std::size_t most_known = kMostKnown)
        : clock_(clock), most_known_(most_known), turned_(clock.steady_now()) {}

    // Their hosts never wait.
    void set_trusted(std::vector<net::Network> networks) { trusted_ = std::move(networks); }

    bool must_wait(const net::Peer& peer) const;
    void passed(const net::Peer& peer); // waited in silence
    std::size_t known() const { return newer_.size() + older_.size(); }

private:
    using Peers = std::unordered_set<net::IpAddress>;

    const Clock& clock_;
    std::size_t most_known_;
    std::vector<net::Network> trusted_;
    Peers newer_; // becomes `older_` when it has half of what there is room for, or is a day old
    Peers older_;
    SteadyTime turned_;
};

} // namespace maild::smtp
