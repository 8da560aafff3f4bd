#include "daemon/notify.hpp"
#include "daemon/supervisor.hpp"

#include "maild/base/log.hpp"

#include <algorithm>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

// For auth, store and control: their work is short.
constexpr std::chrono::milliseconds kRestGrace = 10s;
constexpr auto kAfterGrace = 1s; // to say good-bye; then SIGKILL

} // namespace

// Workers and the sender first: what they have acknowledged, or have heard that it was taken, still
// needs auth and store.
void Supervisor::stop(std::chrono::milliseconds grace) {
    log::info("daemon_stopping", {{"grace_ms", grace.count()}});
    notify::stopping();
    has_news_ = true;
    maildrop_.stop();
    drain(phase_ == Phase::ending_rest ? Phase::ending_rest : Phase::ending_workers, grace);
}

bool Supervisor::is_ending(const Child& child) const {
    return phase_ == Phase::ending_rest || child.role() == Role::worker ||
           child.role() == Role::sender;
}

void Supervisor::drain(Phase phase, std::chrono::milliseconds grace) {
    phase_ = phase;
    phase_ends_ = clock_.steady_now() + grace + kAfterGrace;
    for (auto& child : children_) {
        if (!child.is_running() || !is_ending(child)) continue;
        child.draining();
        child.send(Drain{grace});
    }
}

void Supervisor::advance_stop() {
    if (!is_stopping()) return;
    bool is_empty = true;
    const bool is_late = clock_.steady_now() >= phase_ends_;
    for (auto& child : children_) {
        if (!child.is_running() || !is_ending(child)) continue;
        is_empty = false;
        if (is_late) child.kill();
    }
    if (is_late) phase_ends_ = clock_.steady_now() + kAfterGrace; // SIGCHLD follows
    if (!is_empty) return;
    if (phase_ == Phase::ending_workers)
        drain(Phase::ending_rest, kRestGrace);
    else
        phase_ = Phase::over;
}

} // namespace maild::daemon
