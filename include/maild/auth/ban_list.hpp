#pragma once
// Networks that may not log in: until when, why, and for the how-manieth time. A ban that is over
// is remembered for a while, so that the next one of the same network is longer. Holds values; who
// owns the list keeps them on disk. One thread.

#include "maild/auth/login_limits.hpp"
#include "maild/base/clock.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace maild::auth {

struct Ban {
    net::Network network{};
    WallTime since{};
    std::optional<WallTime> until{}; // none: until an admin takes it back
    std::string reason{};            // for people
    std::uint32_t count = 1;         // bans in a row, this one too
    bool is_by_admin = false;

    bool holds_at(WallTime now) const { return !until || now < *until; }
};

template <class Codec> void describe(Codec& codec, Ban& ban) {
    codec(ban.network, ban.since, ban.until, ban.reason, ban.count, ban.is_by_admin);
}

// What is counted and banned as one: an IPv4 address or an IPv6 /64.
net::Network peer_network(const net::IpAddress& address);

class BanList {
public:
    // Bans that guessing brought; admins' come on top. When it is full, the one that is over first
    // goes.
    static constexpr std::size_t kCapacity = 50'000;

    explicit BanList(std::size_t capacity = kCapacity) : capacity_(capacity) {}

    // The ban in force that holds for this address, the widest; null without one. Valid until the
    // next change.
    const Ban* find(const net::IpAddress& address, WallTime now) const;
    const Ban* find_network(const net::Network& network) const; // also one that is over
    std::vector<Ban> in_force(WallTime now) const;              // the youngest first

    // A ban for guessing: ban_time, doubled by each one that it follows within ban_time_max.
    const Ban& add(const net::Network& network, std::string reason, WallTime now,
                   const LoginLimits& limits);
    void put(Ban ban); // as it stands: an admin's, or one from disk; replaces what there was
    bool remove(const net::Network& network);
    // Forgets bans that were over before `time`; whether there were any.
    bool forget_before(WallTime time);
    std::size_t size() const { return size_; }

private:
    void make_room();

    std::size_t capacity_;
    std::size_t size_ = 0;
    std::map<unsigned, std::unordered_map<net::IpAddress, Ban>> by_prefix_;
};

} // namespace maild::auth
