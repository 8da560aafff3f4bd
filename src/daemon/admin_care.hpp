#pragma once
// Tells the admin by mail how the host does: a summary of each day of UTC, and at once what cannot
// wait. What was told stands in notes of `trace`, so that a restart neither repeats nor forgets it;
// only whoever is killed between the mail and its note sends it twice. In `control`, which asks
// everybody and may write to nobody: a worker delivers the mail. One thread.

#include "daemon/control_command.hpp"
#include "daemon/summary_text.hpp"
#include "daemon/utc_day.hpp"

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"

#include <chrono>
#include <optional>
#include <set>
#include <string>

namespace maild::daemon {

// The day that the summary is due of; `last`: the one that was told last. A day that was missed
// because the host was down is told once it is up, but only the last of several.
std::optional<UtcDay> summary_due(std::optional<UtcDay> last, WallTime now,
                                  std::chrono::seconds at);

class AdminCare {
public:
    // Both outlive it.
    AdminCare(net::Resolver& resolver, const Clock& clock) : resolver_(resolver), clock_(clock) {}

    // For ever.
    static net::Task<void> run(AdminCare& self, ControlReach& reach);
    // Of the time from `begin` to `end`. The DNS is asked about all domains, which may take
    // minutes, or not at all.
    enum class Dns : std::uint8_t { ask, leave };
    net::Task<Result<Summary>> summarize(ControlReach& reach, WallTime begin, WallTime end,
                                         Dns dns);
    // To whom the configuration says; where it lies, in words.
    net::Task<Result<std::string>> send(ControlReach& reach, const Notice& notice, std::string id);

private:
    net::Task<HostFacts> gather(ControlReach& reach);
    net::Task<void> ask_dns(ControlReach& reach, HostFacts& facts);
    net::Task<void> look_for_alerts(ControlReach& reach);
    net::Task<void> alert(ControlReach& reach, const HostFacts& facts,
                          const std::vector<Matter>& matters);
    net::Task<void> look_for_day(ControlReach& reach);
    net::Task<bool> tell_day(ControlReach& reach, UtcDay day);

    net::Resolver& resolver_;
    const Clock& clock_;
    std::optional<ToldMatters> alerted_; // none: not read yet
    std::set<std::string> suspected_;    // urgent at the last look
    std::set<std::string> logged_;
};

} // namespace maild::daemon
