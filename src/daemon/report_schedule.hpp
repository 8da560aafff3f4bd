#pragma once
// When reports of one kind go out: each day of UTC once, at a minute of the next day that is this
// host's own, so that not all hosts of the world ask and send at midnight (RFC 9990 §3.5.1). A day
// that was missed, because the host was down, comes later. Which day was reported last stands on
// the disk of `trace`. An admin can have a day sent, or looked at, at any time. In `control`; one
// thread.

#include "daemon/day_reports.hpp"

#include "maild/base/clock.hpp"

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
bool is_sent_daily(const Config& config, ReportKind kind);

class ReportSchedule {
public:
    // Clock and what is reached outlive it.
    ReportSchedule(ReportReach reach, ReportKind kind, const Clock& clock)
        : reach_(reach), kind_(kind), clock_(clock) {}

    void start();
    // For an admin. busy: reports are under way; invalid_argument: not a day to report on, or what
    // is needed is not configured.
    Result<std::shared_ptr<DayReports>> begin(UtcDay day, bool is_dry_run);
    std::shared_ptr<DayReports> current() const { return current_; } // the last one begun

private:
    static net::Task<void> run(ReportSchedule& self);
    static net::Task<void> run_once(std::shared_ptr<DayReports> reports);
    net::Task<std::chrono::seconds> look();
    net::Task<bool> report(UtcDay day);
    net::Task<Result<void>> set_reported(std::optional<UtcDay> day);
    bool is_busy() const { return current_ && !current_->is_over(); }
    void tell(const std::string& trouble);

    ReportReach reach_;
    ReportKind kind_;
    const Clock& clock_;
    std::shared_ptr<DayReports> current_;
    std::string trouble_;
};

} // namespace maild::daemon
