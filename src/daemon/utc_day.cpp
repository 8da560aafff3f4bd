#include "daemon/utc_day.hpp"

#include "maild/base/cursor.hpp"

#include <cstdio>

namespace maild::daemon {

std::string format_day(UtcDay day) {
    const std::chrono::year_month_day date(day);
    char text[40] = "";
    std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text;
}

std::optional<UtcDay> parse_day(std::string_view text) {
    if (text.size() != 10) return std::nullopt;
    Cursor in(text);
    const auto year = in.take_number(9999);
    const bool has_month = in.take('-');
    const auto month = in.take_number(12);
    const bool has_day = in.take('-');
    const auto day = in.take_number(31);
    if (!year || !has_month || !month || !has_day || !day || !in.at_end()) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year < 1970) return std::nullopt;
    // What is written in another way is not taken: "2026-1-0005" has ten characters, too.
    const UtcDay out(date);
    return format_day(out) == text ? std::optional(out) : std::nullopt;
}

} // namespace maild::daemon
