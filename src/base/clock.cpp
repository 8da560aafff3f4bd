#include "maild/base/clock.hpp"

#include "maild/base/ensure.hpp"

#include <sys/random.h>

namespace maild {

std::uint64_t Random::next() {
    std::uint64_t value = 0;
    fill(std::as_writable_bytes(std::span(&value, 1)));
    return value;
}

WallTime SystemClock::now() const {
    return std::chrono::time_point_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now());
}

SteadyTime SystemClock::steady_now() const { return std::chrono::steady_clock::now(); }

void SystemRandom::fill(std::span<std::byte> out) {
    while (!out.empty()) {
        const auto count = ::getrandom(out.data(), out.size(), 0);
        ensure(count > 0, "getrandom");
        out = out.subspan(static_cast<std::size_t>(count));
    }
}

} // namespace maild
