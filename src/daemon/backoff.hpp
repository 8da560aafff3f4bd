#pragma once
// When to start a process again that died: at once, unless it keeps dying (HARDENING 88). Five
// deaths in ten seconds begin the waiting, 1 s, doubled by each death up to 30 s; a process that
// lived for a minute has earned a new beginning.

#include "maild/base/clock.hpp"

#include <chrono>
#include <deque>

namespace maild::daemon {

class Backoff {
public:
    // How long to wait after this death.
    std::chrono::milliseconds after_death(SteadyTime started, SteadyTime died);
    bool is_waiting() const { return delay_.count() > 0; }

private:
    std::deque<SteadyTime> deaths_;
    std::chrono::milliseconds delay_{0};
};

} // namespace maild::daemon
