// mailctl report …: of the mailbox of reports, page by page (control/protocol.hpp: steps). Which
// worker reads a page is all the same: it gets a token for that one account, for a minute.
#include "daemon/control_command.hpp"

#include "maild/mail/text.hpp"

namespace maild::daemon {
namespace json = boost::json;
namespace {

using control::Reply;

constexpr std::chrono::seconds kPageTimeout{60};

net::Task<Result<ReportPage>> ask_a_worker(ControlReach& reach, const ReadReports& request) {
    Error last{Errc::unavailable, "no worker is there."};
    for (auto& [index, client] : reach.workers) {
        ReadReports copy = request;
        auto page = co_await client->call<ReportPage>(kReadReports, std::move(copy), kPageTimeout);
        if (page || page.error().code != Errc::unavailable) co_return page;
        last = std::move(page.error());
    }
    co_return std::unexpected(std::move(last));
}

// JSON wants UTF-8, which what strangers call their files need not be.
json::array texts(const std::vector<std::string>& from) {
    json::array out;
    for (const auto& text : from) out.emplace_back(mail::to_utf8(text, "utf-8"));
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
    const auto page = co_await ask_a_worker(reach, request);
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

constexpr ControlCommand kCommands[] = {
    {"report dmarc", read_dmarc},
    {"report tls", read_tls},
};

} // namespace

std::span<const ControlCommand> report_commands() { return kCommands; }

} // namespace maild::daemon
