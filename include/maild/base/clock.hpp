#pragma once
// Time and randomness are given from outside, so that tests and the seeded simulation decide them.
// Timers and deadlines use the monotonic clock; only stamps that people or other hosts see use the
// wall clock.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace maild {

using WallTime = std::chrono::sys_time<std::chrono::milliseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

class Clock {
public:
    virtual ~Clock() = default;
    virtual WallTime now() const = 0;
    virtual SteadyTime steady_now() const = 0;
};

class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::byte> out) = 0; // cryptographically strong in SystemRandom
    std::uint64_t next();
};

class SystemClock final : public Clock {
public:
    WallTime now() const override;
    SteadyTime steady_now() const override;
};

class SystemRandom final : public Random {
public:
    void fill(std::span<std::byte> out) override; // getrandom(2); aborts if the kernel has none
};

// Seconds since the epoch, as stored in databases.
inline std::int64_t to_unix_seconds(WallTime time) {
    return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}
inline WallTime from_unix_seconds(std::int64_t seconds) {
    return WallTime(std::chrono::seconds(seconds));
}

} // namespace maild
