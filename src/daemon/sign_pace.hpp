#pragma once
// How fast a worker may have messages signed: a signature by RSA takes `auth` as long as ten
// lookups, and one that has fallen could have signed what it likes as long as it lives. Whoever
// asks for more than his rate waits, and is refused where he would wait too long; a second's worth
// may come at once. One thread.

#include "maild/base/clock.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>

namespace maild::daemon {

class SignPace {
public:
    static constexpr std::chrono::seconds kLongestWait{2};

    explicit SignPace(const Clock& clock) : clock_(clock) {}              // outlives it
    void set_rate(std::uint32_t per_second) { per_second_ = per_second; } // 0: any

    // How long what this caller asks for now has to wait; none: too long.
    std::optional<std::chrono::milliseconds> take(unsigned caller) {
        using namespace std::chrono;
        if (per_second_ == 0) return milliseconds(0);
        const auto now = clock_.steady_now();
        auto& next = next_.try_emplace(caller, now - seconds(1)).first->second;
        next = std::max(next, now - seconds(1));
        const auto wait = std::max<nanoseconds>(next - now, nanoseconds(0));
        if (wait > kLongestWait) return std::nullopt;
        next += nanoseconds(seconds(1)) / per_second_;
        return ceil<milliseconds>(wait);
    }

private:
    const Clock& clock_;
    std::uint32_t per_second_ = 0;
    std::map<unsigned, SteadyTime> next_; // when a caller's next signature is due; one a worker
};

} // namespace maild::daemon
