// `mailctl report dmarc` and `mailctl report tls` of files.
#include "control/report.hpp"

#include "control/input.hpp"
#include "control/session.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/clock.hpp"
#include "maild/report/attachment.hpp"

namespace maild::control {
namespace json = boost::json;
namespace {

constexpr auto* kWhich = "which files? Messages with reports in them, or reports.";

Result<report::Choice> choice_of(const Session& session) {
    report::Choice choice{.domain = ascii::to_lower(session.text_argument("domain"))};
    const auto since = session.text_argument("since");
    if (since.empty()) return choice;
    const auto seconds = parse_span(since);
    if (!seconds)
        return fail(Errc::invalid_argument,
                    "--since wants a span of time: seconds, or with m, h or d, like 7d.");
    choice.since = SystemClock().now() - std::chrono::seconds(*seconds);
    return choice;
}

bool has_files(const Session& session) {
    return !session.invocation.arguments.at("file").as_array().empty();
}

// Calls `take` with what each file holds; a file that cannot be opened ends it.
template <class Take>
Result<void> read_files(const Session& session, ReportProblems& problems, Take take) {
    const auto& files = session.invocation.arguments.at("file").as_array();
    for (const auto& item : files) {
        const std::string path(item.as_string());
        const auto file = read_file(path);
        if (!file) return std::unexpected(file.error());
        const auto found = report::reports_in_file(*file);
        for (const auto& problem : found.problems) problems.push_back(path + ": " + problem);
        if (!take(found) && found.problems.empty())
            problems.push_back(path + ": there is no such report in it");
    }
    return {};
}

// Exit code 1: something could not be read.
Reply reply_of(json::object result, const ReportProblems& problems) {
    auto reply = success(std::move(result));
    reply.exit = problems.empty() ? kOk : kFound;
    return reply;
}

} // namespace

Reply run_report_dmarc(Session& session) {
    if (!has_files(session)) return failure(kUsage, kWhich);
    auto choice = choice_of(session);
    if (!choice) return failure(kUsage, choice.error().internal);
    report::DmarcSummary summary(std::move(*choice));
    ReportProblems problems;
    const auto read = read_files(session, problems, [&](const report::FoundReports& found) {
        for (const auto& report : found.aggregate) summary.add(report);
        return !found.aggregate.empty();
    });
    if (!read) return failure(read.error());
    return reply_of(dmarc_json(summary, problems), problems);
}

Reply run_report_tls(Session& session) {
    if (!has_files(session)) return failure(kUsage, kWhich);
    auto choice = choice_of(session);
    if (!choice) return failure(kUsage, choice.error().internal);
    report::TlsSummary summary(std::move(*choice));
    ReportProblems problems;
    const auto read = read_files(session, problems, [&](const report::FoundReports& found) {
        for (const auto& report : found.tls) summary.add(report);
        return !found.tls.empty();
    });
    if (!read) return failure(read.error());
    return reply_of(tls_json(summary, problems), problems);
}

} // namespace maild::control
