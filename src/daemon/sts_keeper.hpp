#pragma once
// Lets policies of MTA-STS outlive the process `sender` (RFC 8461 §5: until max_age is over, also
// while they cannot be had again): reads them from a note of `trace` before anything is sent, and
// writes them when they have changed. Runs in `sender`; one thread. What is borrowed outlives it
// and its tasks.

#include "maild/base/clock.hpp"
#include "maild/ipc/client.hpp"
#include "maild/net/task.hpp"
#include "maild/relay/mta_sts.hpp"

#include <chrono>

namespace maild::daemon {

class StsKeeper {
public:
    struct Options {
        // For so long mail waits for what was kept; then it goes without, and what comes late still
        // counts from then on.
        std::chrono::milliseconds patience = std::chrono::seconds(10);
        std::chrono::milliseconds again = std::chrono::milliseconds(200); // while mail waits
        std::chrono::milliseconds later = std::chrono::seconds(30);
        // Behind a change, for others to come with it, and between two writes.
        std::chrono::milliseconds gather = std::chrono::seconds(5);
        std::chrono::milliseconds pause = std::chrono::seconds(55);
    };

    // From now on who asks `policies` waits: for run().
    StsKeeper(ipc::Client& trace, const Clock& clock, relay::StsCache& cache,
              relay::StsPolicies& policies, Options options);

    // False: there is no `trace`. Policies are then of this process alone.
    void set_wanted(bool wanted) { is_wanted_ = wanted; }
    static net::Task<void> run(StsKeeper& self); // for ever
    // Before the process ends: what has changed is written, for at most so long.
    net::Task<void> finish(std::chrono::milliseconds patience);

private:
    net::Task<void> load();
    void take(const std::string& text);
    net::Task<void> keep(std::chrono::milliseconds patience);
    bool has_news();

    ipc::Client& trace_;
    const Clock& clock_;
    relay::StsCache& cache_;
    relay::StsPolicies& policies_;
    const Options options_;
    bool is_wanted_ = true;
    bool is_loaded_ =
        false; // nothing is written before, or it would take the place of what is kept
    bool has_news_ = false;
    bool is_troubled_ = false; // and that was told
};

} // namespace maild::daemon
