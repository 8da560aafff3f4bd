// What a sender asks of every host on the way: HOLDFOR and HOLDUNTIL (RFC 4865), BY (RFC 2852),
// MT-PRIORITY (RFC 6710).
#include "smtp/parameters.hpp"

#include "maild/base/ascii.hpp"

#include <array>
#include <chrono>
#include <cstdio>

namespace maild::smtp {
namespace {

constexpr std::uint64_t kMostSeconds = 999'999'999; // nine digits, in both

// 1*9DIGIT
std::optional<std::chrono::seconds> take_seconds(Cursor& in) {
    const auto before = in.offset();
    const auto number = in.take_number(kMostSeconds);
    if (!number || in.offset() - before > 9) return std::nullopt;
    return std::chrono::seconds(*number);
}

std::optional<unsigned> take_digits(Cursor& in, std::size_t count, unsigned least, unsigned most) {
    const auto digits = in.take_bytes(count);
    unsigned number = 0;
    for (const char c : digits) {
        if (!ascii::is_digit(c)) return std::nullopt;
        number = number * 10 + static_cast<unsigned>(c - '0');
    }
    if (digits.size() != count || number < least || number > most) return std::nullopt;
    return number;
}

// full-date
std::optional<std::chrono::sys_days> take_date(Cursor& in) {
    const auto year = take_digits(in, 4, 1970, 9999);
    if (!year || !in.take('-')) return std::nullopt;
    const auto month = take_digits(in, 2, 1, 12);
    if (!month || !in.take('-')) return std::nullopt;
    const auto day = take_digits(in, 2, 1, 31);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                           std::chrono::month(*month), std::chrono::day(*day));
    return date.ok() ? std::optional(std::chrono::sys_days(date)) : std::nullopt;
}

// partial-time; a leap second is the next minute's first.
std::optional<std::chrono::milliseconds> take_time(Cursor& in) {
    const auto hour = take_digits(in, 2, 0, 23);
    if (!hour || !in.take(':')) return std::nullopt;
    const auto minute = take_digits(in, 2, 0, 59);
    if (!minute || !in.take(':')) return std::nullopt;
    const auto second = take_digits(in, 2, 0, 60);
    if (!second) return std::nullopt;
    unsigned millis = 0;
    if (in.take('.')) {
        const auto fraction = in.take_while(ascii::is_digit);
        if (fraction.empty()) return std::nullopt;
        for (std::size_t i = 0; i < 3; ++i)
            millis =
                millis * 10 + (i < fraction.size() ? static_cast<unsigned>(fraction[i] - '0') : 0U);
    }
    return std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
           std::chrono::seconds(*second) + std::chrono::milliseconds(millis);
}

// time-offset
std::optional<std::chrono::minutes> take_offset(Cursor& in) {
    if (in.take_icase("Z")) return std::chrono::minutes(0);
    const bool is_west = in.take('-');
    if (!is_west && !in.take('+')) return std::nullopt;
    const auto hours = take_digits(in, 2, 0, 23);
    if (!hours || !in.take(':')) return std::nullopt;
    const auto minutes = take_digits(in, 2, 0, 59);
    if (!minutes) return std::nullopt;
    const std::chrono::minutes east = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return is_west ? -east : east;
}

} // namespace

std::optional<WallTime> parse_internet_date(std::string_view text) {
    Cursor in(text);
    const auto date = take_date(in);
    if (!date || !in.take_icase("T")) return std::nullopt;
    const auto time = take_time(in);
    if (!time) return std::nullopt;
    const auto offset = take_offset(in);
    if (!offset || !in.at_end()) return std::nullopt;
    return WallTime(*date) + *time - *offset;
}

std::string format_internet_date(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02dZ",
                  static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                  static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()),
                  static_cast<int>(clock.seconds().count()));
    return text.data();
}

// future-release-integer: no leading zero
bool take_hold_for(std::string_view value, Mail& mail) {
    Cursor in(value);
    if (in.next_is('0')) return false;
    mail.hold_for = take_seconds(in);
    return mail.hold_for && in.at_end();
}

bool take_hold_until(std::string_view value, Mail& mail) {
    mail.hold_until = parse_internet_date(value);
    return mail.hold_until.has_value();
}

// by-value = by-time ";" by-mode [by-trace], RFC 2852 §4
bool take_deliver_by(std::string_view value, Mail& mail) {
    Cursor in(value);
    const bool is_negative = in.take('-');
    if (!is_negative) in.take('+');
    const auto seconds = take_seconds(in);
    if (!seconds || !in.take(';')) return false;
    DeliverBy by{is_negative ? -*seconds : *seconds};
    by.returns = in.take_icase("R");
    if (!by.returns && !in.take_icase("N")) return false;
    by.traces = in.take_icase("T");
    mail.deliver_by = by;
    // What was to be returned is nothing that anybody would still send.
    return in.at_end() && (!by.returns || by.time > std::chrono::seconds(0));
}

// priority-value = ( ["-"] NZDIGIT ) / "0", RFC 6710
bool take_priority(std::string_view value, Mail& mail) {
    const bool is_negative = value.starts_with('-');
    const auto digit = value.substr(is_negative ? 1 : 0);
    if (digit.size() != 1 || !ascii::is_digit(digit.front())) return false;
    const int number = digit.front() - '0';
    mail.priority = static_cast<std::int8_t>(is_negative ? -number : number);
    return !is_negative || number > 0;
}

} // namespace maild::smtp
