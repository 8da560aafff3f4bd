#pragma once
// What a network may get wrong before it is slowed down and then sent away: `[auth]` of the
// configuration, which explains each.

#include "maild/net/ip.hpp"

#include <chrono>
#include <cstdint>
#include <vector>

namespace maild::auth {

struct LoginLimits {
    std::uint32_t failures_allowed = 10; // within failures_window; further ones are answered late
    std::chrono::seconds failures_window{600};
    std::chrono::seconds failure_delay_max{8}; // the delay begins with one second and doubles
    std::uint32_t ban_after = 30;              // failures within failures_window
    std::chrono::seconds ban_time{900};        // doubled by each ban that soon follows another …
    std::chrono::seconds ban_time_max{86'400}; // … up to this
    std::vector<net::Network> trusted{};       // never counted, never banned
};

template <class Codec> void describe(Codec& codec, LoginLimits& limits) {
    codec(limits.failures_allowed, limits.failures_window, limits.failure_delay_max,
          limits.ban_after, limits.ban_time, limits.ban_time_max, limits.trusted);
}

} // namespace maild::auth
