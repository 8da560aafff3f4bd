// `mailctl report dmarc` and `mailctl report tls`: of files, or of the mailbox of reports, which
// the daemon reads (daemon/report_commands.cpp); and `mailctl report dmarc send`.
#include "control/report.hpp"

#include "control/input.hpp"
#include "control/session.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/clock.hpp"
#include "maild/report/attachment.hpp"

#include <boost/json/array.hpp>

#include <functional>
#include <utility>

namespace maild::control {
namespace json = boost::json;
namespace {

// Gets what was found in one place; false: no report of the kind that is wanted.
using Take = std::function<bool(const report::FoundReports& found)>;

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

// A file that cannot be opened ends it.
Reply read_files(const Session& session, ReportProblems& problems, const Take& take) {
    for (const auto& item : session.invocation.arguments.at("file").as_array()) {
        const std::string path(item.as_string());
        const auto file = read_file(path);
        if (!file) return failure(file.error());
        const auto found = report::reports_in_file(*file);
        for (const auto& problem : found.problems) problems.push_back(path + ": " + problem);
        if (!take(found) && found.problems.empty())
            problems.push_back(path + ": there is no such report in it");
    }
    return success(nullptr);
}

const json::array& array_at(const json::object& object, std::string_view key) {
    static const json::array kNone;
    const auto* value = object.if_contains(key);
    return value != nullptr && value->is_array() ? value->as_array() : kNone;
}

void take_page(const json::object& page, ReportProblems& problems, const Take& take) {
    for (const auto& problem : array_at(page, "problems"))
        if (problem.is_string()) problems.emplace_back(problem.as_string());
    for (const auto& text : array_at(page, "reports")) {
        if (!text.is_string()) continue;
        const auto found = report::reports_in_file(text.as_string());
        problems.insert(problems.end(), found.problems.begin(), found.problems.end());
        take(found);
    }
}

// Step by step, until the reply names no next one (protocol.hpp).
Reply ask_all(const Session& session, json::object arguments,
              const std::function<void(const json::object& part)>& take) {
    auto client = Client::connect(session.socket_path);
    if (!client) return failure(kNotReachable, client.error().internal);
    Request request{std::string(session.invocation.command->name), std::move(arguments)};
    for (;;) {
        auto reply = client->call(request);
        if (!reply) return failure(reply.error());
        if (reply->exit != kOk || !reply->result.is_object()) return std::move(*reply);
        const auto& part = reply->result.as_object();
        take(part);
        const auto* next = part.if_contains("next");
        if (next == nullptr) return success(nullptr);
        request.arguments[kStep] = *next;
    }
}

Reply read_mailbox(const Session& session, WallTime since, ReportProblems& problems,
                   const Take& take) {
    return ask_all(session, {{"since-time", to_unix_seconds(since)}},
                   [&](const json::object& page) { take_page(page, problems, take); });
}

Reply read_reports(const Session& session, WallTime since, ReportProblems& problems,
                   const Take& take) {
    const auto* files = session.invocation.arguments.if_contains("file");
    const bool has_files = files != nullptr && !files->as_array().empty();
    return has_files ? read_files(session, problems, take)
                     : read_mailbox(session, since, problems, take);
}

// Exit code 1: something could not be read.
Reply reply_of(json::object result, const ReportProblems& problems) {
    auto reply = success(std::move(result));
    reply.exit = problems.empty() ? kOk : kFound;
    return reply;
}

} // namespace

Reply run_report_dmarc(Session& session) {
    const auto choice = choice_of(session);
    if (!choice) return failure(kUsage, choice.error().internal);
    report::DmarcSummary summary(*choice);
    ReportProblems problems;
    auto read = read_reports(session, choice->since, problems, [&](const auto& found) {
        for (const auto& report : found.aggregate) summary.add(report);
        return !found.aggregate.empty();
    });
    if (read.exit != kOk) return read;
    return reply_of(dmarc_json(summary, problems), problems);
}

Reply run_report_send(Session& session) {
    json::array rows;
    json::value day;
    auto asked = ask_all(session, session.invocation.arguments, [&](const json::object& part) {
        const auto& more = array_at(part, "rows");
        rows.insert(rows.end(), more.begin(), more.end());
        if (const auto* said = part.if_contains("day")) day = *said;
    });
    if (asked.exit != kOk) return asked;
    return success(json::object{{"day", std::move(day)}, {"rows", std::move(rows)}});
}

Reply run_report_tls(Session& session) {
    const auto choice = choice_of(session);
    if (!choice) return failure(kUsage, choice.error().internal);
    report::TlsSummary summary(*choice);
    ReportProblems problems;
    auto read = read_reports(session, choice->since, problems, [&](const auto& found) {
        for (const auto& report : found.tls) summary.add(report);
        return !found.tls.empty();
    });
    if (read.exit != kOk) return read;
    return reply_of(tls_json(summary, problems), problems);
}

} // namespace maild::control
