#pragma once
// Tells the admin by mail how the host does: a summary of each day of UTC, and at once what cannot
// wait. What was told stands in notes of `trace`, so that a restart neither repeats nor forgets it
// (where trace.record is off there are none, and a restart may); whoever is killed between the mail
// and its note sends it twice. In `control`, which asks
// everybody and may write to nobody: a worker delivers the mail. One thread.

#include "daemon/alert_book.hpp"
#include "daemon/control_command.hpp"
#include "daemon/summary_text.hpp"
#include "daemon/utc_day.hpp"

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

// The day that the summary is due of; `last`: the one that was told last. A day that was missed
// because the host was down is told once it is up, but only the last of several.
std::optional<UtcDay> summary_due(std::optional<UtcDay> last, WallTime now,
                                  std::chrono::seconds at);

// What was told of days: the last one, and what wanted attention then.
struct DayNote {
    std::optional<UtcDay> day{};
    ToldMatters told{};
};
DayNote parse_day_note(std::string_view text); // total: without a day, none was told
std::string format_day_note(const DayNote& note);

class AdminCare {
public:
    // Both outlive it.
    AdminCare(net::Resolver& resolver, const Clock& clock) : resolver_(resolver), clock_(clock) {}

    // Two tasks, for ever: who adds a day up has no eye for what cannot wait.
    static net::Task<void> watch(AdminCare& self, ControlReach& reach);
    static net::Task<void> tell_days(AdminCare& self, ControlReach& reach);
    // Of the time from `begin` to `end`. The DNS is asked about all domains, which may take
    // minutes, or not at all.
    enum class Dns : std::uint8_t { ask, leave };
    net::Task<Result<Summary>> summarize(ControlReach& reach, WallTime begin, WallTime end,
                                         Dns dns);
    // To whom the configuration says; where it lies, in words.
    net::Task<Result<std::string>> send(ControlReach& reach, const Notice& notice, std::string id);

private:
    struct StoreLook;
    net::Task<HostFacts> gather(ControlReach& reach); // what may be urgent
    net::Task<void> gather_rest(ControlReach& reach, HostFacts& facts);
    net::Task<void> ask_dns(ControlReach& reach, HostFacts& facts);
    net::Task<std::optional<store::StoreFigures>> look_at_store(ControlReach& reach);
    static net::Task<void> ask_store(std::shared_ptr<StoreLook> look, store::StoreAdmin& store);
    net::Task<void> look_for_alerts(ControlReach& reach);
    net::Task<void> alert(ControlReach& reach, const HostFacts& facts, std::vector<Matter> matters);
    net::Task<void> learn(ControlReach& reach);
    net::Task<bool> look_for_day(ControlReach& reach);
    net::Task<bool> tell_day(ControlReach& reach, UtcDay day);

    net::Resolver& resolver_;
    const Clock& clock_;
    // The notes are read once; from then on memory has the say, and they are for the next process.
    bool has_alerts_ = false;
    bool has_day_ = false;
    AlertBook alerts_;
    DayNote day_;
    ToldMatters kept_alerts_;      // as the note has them
    std::set<std::string> logged_; // alerts that could not be delivered
    std::optional<WallTime> alert_again_at_;
    std::shared_ptr<StoreLook> store_look_;
    std::size_t first_domain_ = 0; // with which the next check of the DNS begins
};

} // namespace maild::daemon
