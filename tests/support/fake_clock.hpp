#pragma once
// A clock that only moves when told, and randomness from a seed.

#include "maild/base/clock.hpp"

#include <random>

namespace maild::test {

class FakeClock final : public Clock {
public:
    WallTime now() const override { return wall_; }
    SteadyTime steady_now() const override { return steady_ += each_look_; }

    void advance(std::chrono::milliseconds span) {
        wall_ += span;
        steady_ += span;
    }
    // Each look at the steady clock moves it: time passes while nobody can advance it.
    void advance_with_each_look(std::chrono::milliseconds span) { each_look_ = span; }
    void set_wall(WallTime time) { wall_ = time; } // a step of the wall clock alone

private:
    WallTime wall_ = from_unix_seconds(1'700'000'000); // 2023-11-14 22:13:20 UTC
    mutable SteadyTime steady_{std::chrono::hours(1)};
    std::chrono::milliseconds each_look_{};
};

class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
    void fill(std::span<std::byte> out) override {
        for (auto& byte : out) byte = static_cast<std::byte>(engine_() & 0xff);
    }

private:
    std::mt19937_64 engine_;
};

} // namespace maild::test
