// What `mailctl report …` shows. Names in it are what strangers wrote: all of it is made printable,
// for the terminal and for JSON.
#include "control/render.hpp"
#include "control/report.hpp"

#include "maild/control/command_table.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <span>

namespace maild::control {
namespace json = boost::json;
namespace {

// JSON's numbers here are signed.
std::int64_t number_of(std::uint64_t count) {
    return static_cast<std::int64_t>(
        std::min<std::uint64_t>(count, std::numeric_limits<std::int64_t>::max()));
}

std::string count_of(std::uint64_t count, std::string_view noun) {
    return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

json::array names_of(const std::set<std::string>& names) {
    json::array out;
    for (const auto& name : names) out.emplace_back(printable(name));
    return out;
}

json::array sentences_of(const ReportProblems& problems) {
    json::array out;
    for (const auto& problem : problems) out.emplace_back(printable(problem));
    return out;
}

std::string lines_of(const ReportProblems& problems) {
    std::string out;
    for (const auto& problem : problems) out += "not read: " + printable(problem) + "\n";
    return out;
}

std::string day_of(WallTime time) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    char text[40] = "";
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

// "3 reports of 2026-01-01 to 2026-01-03, 1 more came twice"
template <class Summary> std::string heading_of(const Summary& summary) {
    auto out = count_of(summary.reports(), "report");
    if (summary.end() != WallTime()) {
        out += " of " + day_of(summary.begin());
        if (day_of(summary.begin()) != day_of(summary.end())) out += " to " + day_of(summary.end());
    }
    if (summary.duplicates() > 0)
        out += ", " + std::to_string(summary.duplicates()) + " more came twice";
    return out;
}

template <class Summary> json::object frame_of(const Summary& summary, json::array rows) {
    return {{"reports", number_of(summary.reports())},
            {"duplicates", number_of(summary.duplicates())},
            {"begin", to_unix_seconds(summary.begin())},
            {"end", to_unix_seconds(summary.end())},
            {"rows", std::move(rows)}};
}

std::string table_of(std::string_view command, const json::object& result) {
    return render_text(*find_command(command), json::object{{"rows", result.at("rows")}});
}

json::object row_of(const report::DmarcSummary::Key& key, const report::DmarcSource& source) {
    return {{"source", printable(key.first)},
            {"from", printable(key.second)},
            {"messages", number_of(source.messages)},
            {"passed", number_of(source.passed)},
            {"dkim_aligned", number_of(source.dkim_aligned)},
            {"spf_aligned", number_of(source.spf_aligned)},
            {"quarantined", number_of(source.quarantined)},
            {"rejected", number_of(source.rejected)},
            {"overridden", number_of(source.overridden)},
            {"signed_as", names_of(source.signers)},
            {"spf_as", names_of(source.senders)},
            {"reporters", names_of(source.reporters)},
            {"advice", printable(report::advice_for(source, key.second))}};
}

json::object row_of(const report::TlsKey& key, const report::TlsLine& line) {
    json::object row{{"domain", printable(key.domain)},
                     {"policy", printable(key.policy)},
                     {"mx", printable(key.mx)},
                     {"result", key.result_type.empty() ? "success" : printable(key.result_type)},
                     {"sessions", number_of(line.sessions)},
                     {"reporters", names_of(line.reporters)},
                     {"details", names_of(line.details)}};
    if (!key.result_type.empty()) row["advice"] = report::advice_for(key.result_type);
    return row;
}

} // namespace

json::object dmarc_json(const report::DmarcSummary& summary, const ReportProblems& problems) {
    json::array rows;
    std::string advice;
    std::uint64_t messages = 0;
    std::uint64_t passed = 0;
    for (const auto& key : summary.keys()) {
        const auto& source = summary.sources().at(key);
        messages += std::min(source.messages, std::numeric_limits<std::uint64_t>::max() - messages);
        passed += std::min(source.passed, std::numeric_limits<std::uint64_t>::max() - passed);
        rows.push_back(row_of(key, source));
        if (source.passed < source.messages || source.dkim_aligned == 0)
            advice += printable(key.first + ": " + report::advice_for(source, key.second)) + "\n";
    }
    auto result = frame_of(summary, std::move(rows));
    result["messages"] = number_of(messages);
    result["passed"] = number_of(passed);
    result["problems"] = sentences_of(problems);
    auto text = heading_of(summary) + ": " + count_of(messages, "message") + ", " +
                std::to_string(passed) + " passed DMARC\n";
    if (summary.reports() > 0) text += "\n" + table_of("report dmarc", result);
    if (!advice.empty()) text += "\n" + advice;
    result["text"] = text + lines_of(problems);
    return result;
}

json::object tls_json(const report::TlsSummary& summary, const ReportProblems& problems) {
    json::array rows;
    std::string advice;
    std::uint64_t sessions[2] = {}; // that failed, and all
    for (const auto& key : summary.keys()) {
        const auto& line = summary.lines().at(key);
        const bool is_failure = !key.result_type.empty();
        for (auto& sum : std::span(sessions).subspan(is_failure ? 0 : 1))
            sum += std::min(line.sessions, std::numeric_limits<std::uint64_t>::max() - sum);
        rows.push_back(row_of(key, line));
        if (is_failure)
            advice += printable((key.mx.empty() ? key.domain : key.mx) + ": " +
                                std::string(report::advice_for(key.result_type))) +
                      "\n";
    }
    auto result = frame_of(summary, std::move(rows));
    result["sessions"] = number_of(sessions[1]);
    result["failed"] = number_of(sessions[0]);
    result["problems"] = sentences_of(problems);
    auto text = heading_of(summary) + ": " + count_of(sessions[1], "session") + ", " +
                std::to_string(sessions[0]) + " failed\n";
    if (summary.reports() > 0) text += "\n" + table_of("report tls", result);
    if (!advice.empty()) text += "\n" + advice;
    result["text"] = text + lines_of(problems);
    return result;
}

} // namespace maild::control
