#include "daemon/control_command.hpp"
#include "daemon/log_reader.hpp"

#include "maild/base/utf8.hpp"
#include "maild/mail/text.hpp"
#include "maild/net/timer.hpp"

#include <charconv>

namespace maild::daemon {
namespace json = boost::json;
namespace {

using namespace std::chrono_literals;
using control::Reply;

constexpr std::uint64_t kLines = 20;
constexpr std::uint64_t kMaxLines = 100'000;
constexpr auto kLook = 200ms;  // for news, and …
constexpr auto kPatience = 5s; // … until mailctl has to ask again

Result<LogFilter> filter_from(const Arguments& arguments) {
    LogFilter filter;
    filter.id = arguments.text("id");
    const auto level = arguments.text("level");
    if (level.empty()) return filter;
    const auto parsed = parse_log_level(level);
    if (!parsed)
        return fail(Errc::invalid_argument,
                    "'" + level + "' is no level: debug, info, warning, error or critical.");
    filter.level = *parsed;
    return filter;
}

// "file:offset"
std::optional<LogReader::Place> parse_place(std::string_view text) {
    LogReader::Place place;
    const auto* end = text.data() + text.size();
    const auto file = std::from_chars(text.data(), end, place.file);
    if (file.ec != std::errc{} || file.ptr == end || *file.ptr != ':') return std::nullopt;
    const auto offset = std::from_chars(file.ptr + 1, end, place.offset);
    if (offset.ec != std::errc{} || offset.ptr != end) return std::nullopt;
    return place;
}

Reply reply_of(const LogReader::Lines& read, bool goes_on) {
    json::array lines;
    for (const auto& line : read.lines)
        lines.emplace_back(is_utf8(line) ? line : mail::to_utf8(line, "utf-8"));
    json::object result{{"lines", std::move(lines)}};
    if (goes_on)
        result["next"] = std::to_string(read.next.file) + ":" + std::to_string(read.next.offset);
    return control::success(std::move(result));
}

// As soon as there is something that the filter shows.
net::Task<Reply> follow(ControlReach& reach, LogReader::Place place, LogFilter filter) {
    const auto until = std::chrono::steady_clock::now() + kPatience;
    while (true) {
        const auto read = reach.log.from(place, filter);
        if (!read) co_return control::failure(read.error());
        const bool is_further = read->next.file != place.file || read->next.offset != place.offset;
        const bool is_late = std::chrono::steady_clock::now() > until;
        if (!read->lines.empty() || is_late) co_return reply_of(*read, true);
        place = read->next;
        if (!is_further) co_await net::sleep_for(kLook);
    }
}

net::Task<Reply> log(ControlReach& reach, Arguments arguments) {
    const auto target = reach.context.config().log.target;
    if (target == LogSettings::Target::syslog)
        co_return control::failure(control::kBadConfiguration,
                                   "the log goes to the system's log: see journalctl -t maild -f.");
    if (target != LogSettings::Target::file || !reach.log.has_log())
        co_return control::failure(control::kBadConfiguration,
                                   "the log goes to no file (log.to in the configuration).");
    auto filter = filter_from(arguments);
    if (!filter) co_return control::failure(control::kUsage, filter.error().internal);
    if (const auto place = parse_place(arguments.text(control::kStep))) {
        auto reply = co_await follow(reach, *place, std::move(*filter));
        co_return reply;
    }
    const auto count = arguments.number("lines");
    if (arguments.has("lines") && (!count || *count > kMaxLines))
        co_return control::failure(control::kUsage, "--lines is a number up to 100000.");
    const auto read = reach.log.last(*filter, static_cast<std::size_t>(count.value_or(kLines)));
    if (!read) co_return control::failure(read.error());
    co_return reply_of(*read, arguments.has("follow"));
}

constexpr ControlCommand kCommands[] = {{"log", log}};

} // namespace

std::span<const ControlCommand> log_commands() { return kCommands; }

} // namespace maild::daemon
