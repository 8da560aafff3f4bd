#include "maild/mail/date.hpp"

#include "mail/lexer.hpp"

#include "maild/base/ascii.hpp"
#include "maild/mail/header.hpp"

#include <array>
#include <cstdint>
#include <cstdlib>

namespace maild::mail {
namespace {

using std::chrono::minutes;

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Zone {
    std::string_view name;
    int hours;
};
// obs-zone, RFC 5322 §4.3. The military letters were defined the wrong way round: they, and all
// other names, are UTC.
constexpr std::array<Zone, 8> kZones = {{{"EST", -5},
                                         {"EDT", -4},
                                         {"CST", -6},
                                         {"CDT", -5},
                                         {"MST", -7},
                                         {"MDT", -6},
                                         {"PST", -8},
                                         {"PDT", -7}}};

struct Number {
    int value = 0;
    std::size_t digits = 0;
};

class DateParser {
public:
    explicit DateParser(std::string_view unfolded) : in_(unfolded) {}

    std::optional<DateTime> parse() {
        if (!take_date() || !take_time()) return std::nullopt;
        const auto zone = take_zone();
        if (!zone || !date_.ok()) return std::nullopt;
        const auto seconds = std::chrono::sys_days(date_) + time_ - *zone;
        return DateTime{WallTime(seconds), *zone};
    }

private:
    // [ day-name "," ] day month year, §3.3; also "Nov 21" and, with asctime(), the year behind the
    // time.
    bool take_date() {
        in_.skip_space_and_comments();
        std::optional<std::size_t> month;
        while (ascii::is_alpha(in_.peek())) {
            month = find_month(take_word());
            skip_separators();
            if (month) break; // what else stands in front is a day's name, right or wrong
        }
        const auto day = take_number(2);
        if (!day) return false;
        skip_separators();
        if (!month) month = find_month(take_word());
        if (!month) return false;
        skip_separators();
        const auto month_number = std::chrono::month(static_cast<unsigned>(*month) + 1);
        date_ = std::chrono::year(0) / month_number /
                std::chrono::day(static_cast<unsigned>(day->value));
        return is_time_next() || take_year();
    }

    bool take_year() {
        const auto number = take_number(4);
        if (!number) return false;
        int year = number->value;
        if (number->digits == 2)
            year += year < 50 ? 2000 : 1900; // obs-year, §4.3
        else if (number->digits == 3)
            year += 1900;
        if (year < 1900) return false;
        date_ = std::chrono::year(year) / date_.month() / date_.day();
        has_year_ = true;
        return true;
    }

    // hour ":" minute [ ":" second ]. A leap second is the last one of its minute here.
    bool take_time() {
        skip_separators();
        const auto hour = take_number(2);
        if (!hour || hour->value > 23 || !take_colon()) return false;
        const auto minute = take_number(2);
        if (!minute || minute->value > 59) return false;
        Number second;
        if (take_colon()) {
            const auto number = take_number(2);
            if (!number || number->value > 60) return false;
            second = *number;
        }
        time_ = std::chrono::hours(hour->value) + minutes(minute->value) +
                std::chrono::seconds(std::min(second.value, 59));
        in_.skip_space_and_comments();
        return has_year_ || take_year();
    }

    // zone; a missing one is UTC.
    std::optional<minutes> take_zone() {
        in_.skip_space_and_comments();
        const bool is_west = in_.next_is('-');
        if (in_.take('+') || in_.take('-')) {
            const auto number = take_number(4);
            if (!number || number->digits != 4) return std::nullopt;
            const int hours = number->value / 100;
            const int rest = number->value % 100;
            if (hours > 23 || rest > 59) return std::nullopt;
            const auto zone = std::chrono::hours(hours) + minutes(rest);
            return is_west ? -zone : zone;
        }
        const auto name = take_word();
        for (const auto& zone : kZones) {
            if (ascii::equals_icase(zone.name, name)) return std::chrono::hours(zone.hours);
        }
        return minutes{};
    }

    bool is_time_next() const {
        const auto rest = in_.rest().substr(0, 3);
        return rest.find(':') != std::string_view::npos;
    }

    bool take_colon() {
        in_.skip_space_and_comments();
        if (!in_.take(':')) return false;
        in_.skip_space_and_comments();
        return true;
    }

    void skip_separators() {
        do in_.skip_space_and_comments();
        while (in_.take(',') || in_.take('-') || in_.take('.'));
    }

    std::string_view take_word() { return in_.take_while(ascii::is_alpha); }

    // All digits there are, at most `limit` of them.
    std::optional<Number> take_number(std::size_t limit) {
        const auto text = in_.take_while(ascii::is_digit);
        if (text.empty() || text.size() > limit) return std::nullopt;
        Number number{0, text.size()};
        for (const char c : text) number.value = number.value * 10 + (c - '0');
        return number;
    }

    static std::optional<std::size_t> find_month(std::string_view word) {
        for (std::size_t i = 0; i < kMonths.size(); ++i) {
            if (ascii::starts_with_icase(word, kMonths[i])) return i; // "Sept", "June" too
        }
        return std::nullopt;
    }

    Lexer in_;
    std::chrono::year_month_day date_{};
    std::chrono::seconds time_{};
    bool has_year_ = false;
};

void append_number(std::string& out, long value, std::size_t width) {
    const auto digits = std::to_string(value);
    if (digits.size() < width) out.append(width - digits.size(), '0');
    out += digits;
}

} // namespace

std::chrono::year_month_day DateTime::local_day() const {
    return std::chrono::floor<std::chrono::days>(time + zone);
}

std::optional<DateTime> parse_date_time(std::string_view body) {
    const auto text = unfold(body);
    return DateParser(text).parse();
}

std::string format_date_time(WallTime time, minutes zone) {
    const auto local = std::chrono::floor<std::chrono::seconds>(time + zone);
    const auto day = std::chrono::floor<std::chrono::days>(local);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(local - day);
    std::string out(kDays[std::chrono::weekday(day).c_encoding()]);
    out += ", ";
    append_number(out, static_cast<unsigned>(date.day()), 2);
    out += ' ';
    out += kMonths[static_cast<unsigned>(date.month()) - 1];
    out += ' ';
    append_number(out, static_cast<int>(date.year()), 4);
    out += ' ';
    append_number(out, clock.hours().count(), 2);
    out += ':';
    append_number(out, clock.minutes().count(), 2);
    out += ':';
    append_number(out, clock.seconds().count(), 2);
    out += zone < minutes{} ? " -" : " +";
    const long offset = std::labs(zone.count());
    append_number(out, offset / 60 * 100 + offset % 60, 4);
    return out;
}

} // namespace maild::mail
