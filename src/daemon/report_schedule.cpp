#include "daemon/report_schedule.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

#include <algorithm>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kAfterTrouble = 1800s;
constexpr auto kAnswerTime = 5s;
constexpr auto kEarliest = 30min;      // by then all traces of the day are in
constexpr std::uint64_t kSpread = 330; // minutes
constexpr std::size_t kStatusLength = 100;

std::string name_of(ReportKind kind) { return kind == ReportKind::tls ? "tls" : "dmarc"; }

} // namespace

std::optional<UtcDay> due_day(UtcDay reported, WallTime now, std::chrono::minutes own_minute) {
    const auto today = day_of(now);
    const auto due = std::max(reported + std::chrono::days(1), today - kMostDaysBehind);
    if (due >= today) return std::nullopt;
    const bool is_yesterday = due + std::chrono::days(1) == today;
    if (is_yesterday && now < WallTime(today) + own_minute) return std::nullopt;
    return due;
}

std::chrono::minutes own_minute_of(std::string_view hostname) {
    std::uint64_t hash = 0xcbf29ce484222325ULL; // FNV-1a
    for (const char c : hostname) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return kEarliest + std::chrono::minutes((hash >> 32U) % kSpread);
}

bool is_sent_daily(const Config& config, ReportKind kind) {
    return kind == ReportKind::tls ? config.reports.sends_tls : config.reports.sends;
}

void ReportSchedule::start() { net::spawn(reach_.context.io(), run(*this), "reports"); }

Result<std::shared_ptr<DayReports>> ReportSchedule::begin(UtcDay day, bool is_dry_run) {
    const auto& config = reach_.context.config();
    if (!turn_.expired()) return fail(Errc::busy, "reports are under way: ask again later.");
    if (day > day_of(clock_.now()))
        return fail(Errc::invalid_argument, "that day is not over yet.");
    if (!is_dry_run && day == day_of(clock_.now()))
        return fail(Errc::invalid_argument, "that day is not over yet: try it with --dry-run.");
    if (config.reports.from.empty())
        return fail(Errc::invalid_argument, "reports.from in maild.toml says no address.");
    if (!config.trace.is_enabled)
        return fail(Errc::invalid_argument,
                    "nothing is remembered to report: trace.record is \"off\" in maild.toml.");
    if (!is_dry_run && !config.dkim.signs)
        return fail(Errc::invalid_argument,
                    "reports must be signed: dkim.sign is \"off\" in maild.toml.");
    current_ = std::make_shared<DayReports>(reach_, kind_, day, is_dry_run);
    net::spawn(reach_.context.io(), run_once(current_, take_turn()), "reports_of_a_day");
    return current_;
}

ReportSchedule::Turn ReportSchedule::take_turn() {
    if (!turn_.expired()) return nullptr;
    const auto turn = std::make_shared<const ReportKind>(kind_);
    turn_ = turn;
    return turn;
}

net::Task<void> ReportSchedule::run_once(std::shared_ptr<DayReports> reports, Turn turn) {
    co_await DayReports::carry_out(reports);
    reports->close();
    turn.reset();
}

// For ever.
net::Task<void> ReportSchedule::run(ReportSchedule& self) {
    while (true) {
        co_await net::sleep_for(self.pauses_.look);
        const auto pause = co_await self.look();
        if (pause > self.pauses_.look) co_await net::sleep_for(pause);
    }
}

net::Task<std::chrono::milliseconds> ReportSchedule::look() {
    const auto& config = reach_.context.config();
    if (!config.trace.is_enabled || !turn_.expired()) co_return pauses_.look;
    const bool sends = is_sent_daily(config, kind_);
    const auto own_minute = own_minute_of(name_of(kind_) + config.hostname);
    ReportedDay asked{.kind = kind_};
    const auto reported =
        co_await reach_.trace.call<ReportedDay>(kReportedDay, std::move(asked), kAnswerTime);
    if (!reported) co_return pauses_.look;
    const auto& last = reported->day;
    if (!sends) {
        // Whoever begins again begins with that day.
        if (last) co_await set_reported(std::nullopt);
        co_return pauses_.look;
    }
    if (!last) {
        co_await set_reported(day_of(clock_.now()) - std::chrono::days(1));
        co_return pauses_.look;
    }
    const UtcDay before{std::chrono::days(*last)};
    const auto day = due_day(before, clock_.now(), own_minute);
    if (!day) co_return pauses_.look;
    auto turn = take_turn(); // an admin may have come since
    if (!turn) co_return pauses_.look;
    if (*day > before + std::chrono::days(1))
        log::warning("reports_missed", {{"kind", name_of(kind_)},
                                        {"from", format_day(before + std::chrono::days(1))},
                                        {"to", format_day(*day)}});
    const bool is_done = co_await report(*day, std::move(turn));
    co_return is_done ? pauses_.look : kAfterTrouble;
}

net::Task<bool> ReportSchedule::report(UtcDay day, Turn turn) {
    const auto reports = std::make_shared<DayReports>(reach_, kind_, day, false);
    current_ = reports;
    co_await DayReports::carry_out(reports);
    for (const auto pause : pauses_.until_next) {
        if (reports->trouble() || !reports->has_open()) break;
        turn.reset();
        co_await net::sleep_for(pause);
        while (!(turn = take_turn())) co_await net::sleep_for(pauses_.look);
        co_await DayReports::try_again(reports);
    }
    reports->close();
    if (const auto& trouble = reports->trouble()) {
        tell(trouble->internal);
        co_return false;
    }
    log::info(
        "reports_end",
        {{"kind", name_of(kind_)}, {"day", format_day(day)}, {"lines", reports->lines().size()}});
    const auto kept = co_await set_reported(day);
    tell(kept ? std::string() : kept.error().internal);
    co_return kept.has_value();
}

net::Task<Result<void>> ReportSchedule::set_reported(std::optional<UtcDay> day) {
    ReportedDay reported{.kind = kind_};
    if (day) reported.day = day->time_since_epoch().count();
    const auto kept =
        co_await reach_.trace.call<ipc::Nothing>(kSetReportedDay, std::move(reported), kAnswerTime);
    if (!kept) co_return std::unexpected(kept.error());
    co_return Result<void>{};
}

// In log and status, when it begins and when it is over.
void ReportSchedule::tell(const std::string& trouble) {
    if (trouble == trouble_) return;
    trouble_ = trouble;
    const auto kind = name_of(kind_);
    if (!trouble.empty()) log::error("reports_not_sent", {{"kind", kind}, {"detail", trouble}});
    auto status = trouble.empty() ? std::string() : kind + " reports: " + log::escaped(trouble);
    reach_.troubles[kind] = status.substr(0, kStatusLength);
    std::string all;
    for (const auto& [name, text] : reach_.troubles)
        if (!text.empty()) all += (all.empty() ? "" : "; ") + text;
    reach_.context.set_status(all);
}

} // namespace maild::daemon
