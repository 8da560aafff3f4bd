// mailctl report …: of the mailbox of reports, page by page (control/protocol.hpp: steps). Which
// worker reads a page is all the same: it gets a token for that one account, for a minute. And
// getting reports of our own out.
#include "daemon/control_command.hpp"
#include "daemon/report_schedule.hpp"

#include "maild/mail/text.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::seconds kPageTimeout{60};
constexpr std::chrono::milliseconds kLook{500};
constexpr std::chrono::seconds kPatience{5}; // until mailctl has to ask again

// JSON wants UTF-8, which what strangers call their files need not be.
std::string clean(const std::string& text) { return mail::to_utf8(text, "utf-8"); }

json::array texts(const std::vector<std::string>& from) {
    json::array out;
    for (const auto& text : from) out.emplace_back(clean(text));
    return out;
}

net::Task<Reply> read_reports(ControlReach& reach, ReportKind kind, Arguments arguments) {
    const auto step = arguments.number(control::kStep).value_or(0);
    const auto since = arguments.number("since-time").value_or(0);
    constexpr std::uint64_t kFarAway = 253'402'300'799; // the last second of the year 9999
    if (step > UINT32_MAX || since > kFarAway)
        co_return control::failure(control::kUsage, "no such step.");
    auto grant = co_await reach.admin.reports_grant();
    if (!grant) co_return control::failure(grant.error());
    const ReadReports request{.grant = std::move(*grant),
                              .after = Uid(static_cast<std::uint32_t>(step)),
                              .since = from_unix_seconds(static_cast<std::int64_t>(since)),
                              .kind = kind};
    const auto page =
        co_await ask_any_worker<ReportPage>(reach.workers, kReadReports, request, kPageTimeout);
    if (!page) co_return control::failure(page.error());
    json::object result{{"reports", texts(page->reports)},
                        {"problems", texts(page->problems)},
                        {"messages", static_cast<std::int64_t>(page->messages)}};
    if (page->next) result["next"] = std::to_string(page->next->value);
    co_return control::success(std::move(result));
}

net::Task<Reply> read_dmarc(ControlReach& reach, Arguments arguments) {
    auto reply = co_await read_reports(reach, ReportKind::dmarc, arguments);
    co_return reply;
}

net::Task<Reply> read_tls(ControlReach& reach, Arguments arguments) {
    auto reply = co_await read_reports(reach, ReportKind::tls, arguments);
    co_return reply;
}

json::array rows_of(const DayReports& reports, std::size_t from) {
    json::array rows;
    for (auto i = from; i < reports.lines().size(); ++i) {
        const auto& line = reports.lines()[i];
        rows.push_back(json::object{{"domain", clean(line.domain)},
                                    {"messages", static_cast<std::int64_t>(line.messages)},
                                    {"to", clean(line.to)},
                                    {"fate", line.fate},
                                    {"detail", clean(line.detail)}});
    }
    return rows;
}

// What is new of them, as soon as there is something; `from`: the first line that was not told.
net::Task<Reply> follow_reports(std::shared_ptr<DayReports> reports, std::size_t from) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (reports->lines().size() <= from && !reports->is_over() &&
           std::chrono::steady_clock::now() < until)
        co_await reports->changed().wait(kLook);
    if (reports->is_over() && reports->trouble()) co_return control::failure(*reports->trouble());
    json::object result{{"day", format_day(reports->day())}, {"rows", rows_of(*reports, from)}};
    if (!reports->is_over()) result["next"] = std::to_string(reports->lines().size());
    co_return control::success(std::move(result));
}

net::Task<Reply> send_reports(ReportSchedule& schedule, Arguments arguments) {
    const auto yesterday = day_of(SystemClock().now()) - std::chrono::days(1);
    const auto day = arguments.has("day") ? parse_day(arguments.text("day")) : yesterday;
    if (!day)
        co_return control::failure(control::kUsage, "--day wants a date, like 2026-11-28 (UTC).");
    const bool is_dry_run = arguments.has("dry-run");
    const auto step = arguments.number(control::kStep);
    auto reports = schedule.current();
    if (!step) {
        auto begun = schedule.begin(*day, is_dry_run);
        if (!begun && begun.error().code == Errc::invalid_argument)
            co_return control::failure(control::kUsage, begun.error().internal);
        if (!begun) co_return control::failure(begun.error());
        reports = std::move(*begun);
    }
    const bool is_same = reports && reports->day() == *day && reports->is_dry_run() == is_dry_run;
    if (!is_same)
        co_return control::failure(control::kTemporary, "another one has asked for other reports.");
    auto reply = co_await follow_reports(std::move(reports), step.value_or(0));
    co_return reply;
}

net::Task<Reply> send_dmarc(ControlReach& reach, Arguments arguments) {
    auto reply = co_await send_reports(reach.dmarc_reports, arguments);
    co_return reply;
}

net::Task<Reply> send_tls(ControlReach& reach, Arguments arguments) {
    auto reply = co_await send_reports(reach.tls_reports, arguments);
    co_return reply;
}

constexpr ControlCommand kCommands[] = {
    {"report dmarc", read_dmarc},
    {"report dmarc send", send_dmarc}, // the job logs itself
    {"report tls", read_tls},
    {"report tls send", send_tls}, // likewise
};

} // namespace

std::span<const ControlCommand> report_commands() { return kCommands; }

} // namespace maild::daemon
