#pragma once
// Guessing passwords gets slower with each failure of a session. One rule for all protocols.

#include <algorithm>
#include <chrono>

namespace maild::auth {

// How long the answer to a failed login is held back: `first`, doubled by each failure before it,
// up to `most`.
constexpr std::chrono::milliseconds failure_delay(unsigned failures_before,
                                                  std::chrono::milliseconds first,
                                                  std::chrono::milliseconds most) {
    constexpr unsigned kMostDoublings = 16; // beyond any sensible `most`, and far from an overflow
    return std::min<std::chrono::milliseconds>(
        first * (1LL << std::min(failures_before, kMostDoublings)), most);
}

} // namespace maild::auth
