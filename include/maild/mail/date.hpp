#pragma once
// date-time of header fields (RFC 5322 §3.3, obsolete forms of §4.3). Pure; nothing overflows,
// whatever the digits.

#include "maild/base/clock.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace maild::mail {

struct DateTime {
    WallTime time;               // UTC; whole seconds
    std::chrono::minutes zone{}; // east of UTC, less than a day

    // The calendar day where the sender was: IMAP's SENTON compares it without time and zone (RFC
    // 9051 §6.4.4).
    std::chrono::year_month_day local_day() const;
    friend bool operator==(const DateTime&, const DateTime&) = default;
};

// Comments, folds, a missing or wrong day name, two- and three-digit years, named zones and a
// missing zone (taken as UTC) are accepted; what is no date at all, or outside of years 1900 to
// 9999, is not.
std::optional<DateTime> parse_date_time(std::string_view body);

// "Tue, 14 Nov 2023 22:13:20 +0000"
std::string format_date_time(WallTime time, std::chrono::minutes zone = {});

} // namespace maild::mail
