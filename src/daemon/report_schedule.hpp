#pragma once
// When reports of one kind go out: each day of UTC once, at a minute of the next day that is this
// host's own, so that not all hosts of the world ask and send at midnight (RFC 9990 §3.5.1). A day
// that was missed, because the host was down, comes later. Which day was reported last stands on
// the disk of `trace`. An admin can have a day sent, or looked at, at any time. In `control`; one
// thread.

#include "daemon/day_reports.hpp"

#include "maild/base/clock.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>

namespace maild::daemon {

inline constexpr std::chrono::days kMostDaysBehind{7};

// The day that is to be reported now, if there is one; `reported` is the last that was.
std::optional<UtcDay> due_day(UtcDay reported, WallTime now, std::chrono::minutes own_minute);
// From half past midnight to six.
std::chrono::minutes own_minute_of(std::string_view hostname);
struct ReportPauses {
    std::chrono::milliseconds look = std::chrono::seconds(10);
    // Where the DNS was silent.
    std::array<std::chrono::milliseconds, 3> until_next{
        std::chrono::minutes(15), std::chrono::minutes(60), std::chrono::minutes(180)};
};

bool is_sent_daily(const Config& config, ReportKind kind);

class ReportSchedule {
public:
    // Clock and what is reached outlive it.
    ReportSchedule(ReportReach reach, ReportKind kind, const Clock& clock, ReportPauses pauses = {})
        : reach_(reach), kind_(kind), clock_(clock), pauses_(pauses) {}

    void start();
    // For an admin. busy: reports are under way; invalid_argument: not a day to report on, or what
    // is needed is not configured.
    Result<std::shared_ptr<DayReports>> begin(UtcDay day, bool is_dry_run);
    std::shared_ptr<DayReports> current() const { return current_; } // the last one begun

private:
    // Held by who has reports sent, and by nobody in a pause: each reads what is out already before
    // it sends, so two at once would both send what neither has.
    using Turn = std::shared_ptr<const ReportKind>;
    Turn take_turn(); // null: another one has it
    static net::Task<void> run(ReportSchedule& self);
    static net::Task<void> run_once(std::shared_ptr<DayReports> reports, Turn turn);
    net::Task<std::chrono::milliseconds> look();
    net::Task<bool> report(UtcDay day, Turn turn);
    net::Task<Result<void>> set_reported(std::optional<UtcDay> day);
    void tell(const std::string& trouble);

    ReportReach reach_;
    ReportKind kind_;
    const Clock& clock_;
    ReportPauses pauses_;
    std::weak_ptr<const ReportKind> turn_;
    std::shared_ptr<DayReports> current_;
    std::string trouble_;
};

} // namespace maild::daemon
