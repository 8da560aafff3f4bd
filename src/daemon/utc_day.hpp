#pragma once
// Days of UTC, by which aggregate reports are made (RFC 9990 §3.5.1) and named to an admin.

#include "maild/base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace maild::daemon {

using UtcDay = std::chrono::sys_days;

inline UtcDay day_of(WallTime time) { return std::chrono::floor<std::chrono::days>(time); }

std::string format_day(UtcDay day); // "2026-11-28"
// None: it is no date of the years 1970 to 9999.
std::optional<UtcDay> parse_day(std::string_view text);

} // namespace maild::daemon
