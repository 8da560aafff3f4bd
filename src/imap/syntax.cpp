#include "imap/syntax.hpp"

#include "imap/limits.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace maild::imap {

namespace {

// quoted = DQUOTE *QUOTED-CHAR DQUOTE: any CHAR but CR and LF. Whether 8-bit octets may stand there
// is decided for the whole command, in parse_command().
bool is_quoted_char(char c) { return c != '\0' && c != '\r' && c != '\n'; }

bool is_list_char(char c) { return is_astring_char(c) || c == '%' || c == '*'; }

Parsed<unsigned> parse_fixed(Cursor& in, std::size_t digits, unsigned limit,
                             std::string_view what) {
    const auto text = in.rest().substr(0, digits);
    if (text.size() < digits || !std::ranges::all_of(text, ascii::is_digit))
        return in.expected(what);
    auto number = Cursor(text).take_number(limit);
    if (!number) return in.expected(what);
    in.take_bytes(digits);
    return static_cast<unsigned>(*number);
}

Parsed<std::chrono::month> parse_month(Cursor& in) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    for (unsigned i = 0; i < kMonths.size(); ++i)
        if (in.take_icase(kMonths[i])) return std::chrono::month(i + 1);
    return in.expected("month");
}

// "-" date-month "-" date-year behind a day.
Parsed<std::chrono::sys_days> parse_month_year(Cursor& in, unsigned day) {
    if (!in.take('-')) return in.expected("-");
    const auto month = parse_month(in);
    if (!month) return std::unexpected(month.error());
    if (!in.take('-')) return in.expected("-");
    const auto year = parse_fixed(in, 4, 9999, "year");
    if (!year) return std::unexpected(year.error());
    const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)), *month,
                                           std::chrono::day(day));
    if (!date.ok()) return in.expected("date");
    return std::chrono::sys_days(date);
}

// time SP zone
Parsed<std::chrono::seconds> parse_time_zone(Cursor& in) {
    const auto hour = parse_fixed(in, 2, 23, "hour");
    if (!hour || !in.take(':')) return in.expected("hour");
    const auto minute = parse_fixed(in, 2, 59, "minute");
    if (!minute || !in.take(':')) return in.expected("minute");
    const auto second = parse_fixed(in, 2, 60, "second");
    if (!second || !in.take(' ')) return in.expected("second");
    const bool west = in.next_is('-');
    if (!in.take('-') && !in.take('+')) return in.expected("zone");
    const auto zone_hour = parse_fixed(in, 2, 23, "zone");
    if (!zone_hour) return in.expected("zone");
    const auto zone_minute = parse_fixed(in, 2, 59, "zone");
    if (!zone_minute) return in.expected("zone");
    const std::chrono::seconds local =
        std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
    const std::chrono::seconds offset =
        std::chrono::hours(*zone_hour) + std::chrono::minutes(*zone_minute);
    return west ? local + offset : local - offset;
}

// flag = system flag / keyword. \Recent and flag-extensions cannot be set.
Parsed<bool> parse_flag(Cursor& in, store::FlagNames& flags) {
    if (in.take('\\')) {
        const auto name = in.take_while(is_atom_char);
        const auto bit = system_flag(name);
        if (bit == 0) return in.expected("flag");
        flags.system |= bit;
        return true;
    }
    const auto keyword = parse_atom(in);
    if (!keyword) return std::unexpected(keyword.error());
    if (keyword->size() > store::kMaxKeywordLength) return in.expected("shorter keyword");
    const auto same = [&](const std::string& known) {
        return ascii::equals_icase(known, *keyword);
    };
    if (std::ranges::none_of(flags.keywords, same)) {
        // One more than a mailbox can hold is enough for the store to refuse them all.
        if (flags.keywords.size() > store::kMaxKeywords) return in.expected("fewer keywords");
        flags.keywords.emplace_back(*keyword);
    }
    return true;
}

} // namespace

bool is_atom_char(char c) {
    constexpr std::string_view kSpecials = "(){ %*\"\\]";
    return !ascii::is_control(c) && !ascii::is_8bit(c) && !kSpecials.contains(c);
}
bool is_astring_char(char c) { return is_atom_char(c) || c == ']'; }
bool is_tag_char(char c) { return is_astring_char(c) && c != '+'; }

Parsed<std::string_view> parse_tag(Cursor& in) {
    const auto tag = in.take_while(is_tag_char);
    if (tag.empty() || tag.size() > kMaxTagLength) return in.expected("tag");
    return tag;
}

Parsed<std::string_view> parse_atom(Cursor& in) {
    const auto atom = in.take_while(is_atom_char);
    if (atom.empty()) return in.expected("atom");
    return atom;
}

Parsed<std::string_view> parse_literal(Cursor& in) {
    if (!in.take('{')) return in.expected("literal");
    const auto size = in.take_number(in.rest().size());
    if (!size) return in.expected("size of literal");
    in.take('+'); // LITERAL+, RFC 7888 §3
    if (!in.take("}\r\n")) return in.expected("literal");
    const auto bytes = in.take_bytes(*size);
    if (bytes.size() != *size) return in.expected("literal");
    return bytes;
}

Parsed<std::string> parse_quoted(Cursor& in) {
    if (!in.take('"')) return in.expected("quoted string");
    std::string out;
    while (true) {
        out += in.take_while([](char c) { return is_quoted_char(c) && c != '"' && c != '\\'; });
        if (in.take('"')) {
            if (!is_utf8(out)) return in.expected("UTF-8"); // RFC 9051 §9 QUOTED-CHAR
            return out;
        }
        // quoted-specials: only these two may be escaped
        if (!in.take('\\') || (!in.next_is('"') && !in.next_is('\\')))
            return in.expected("quoted string");
        out += in.take_bytes(1);
    }
}

Parsed<std::string> parse_string(Cursor& in) {
    if (in.next_is('"')) return parse_quoted(in);
    const auto bytes = parse_literal(in);
    if (!bytes) return std::unexpected(bytes.error());
    if (bytes->contains('\0')) return in.expected("literal without NUL");
    return std::string(*bytes);
}

Parsed<std::string> parse_astring(Cursor& in) {
    if (in.next_is('"') || in.next_is('{')) return parse_string(in);
    const auto text = in.take_while(is_astring_char);
    if (text.empty()) return in.expected("astring");
    return std::string(text);
}

Parsed<std::optional<std::string>> parse_nstring(Cursor& in) {
    if (in.take_icase("NIL")) return std::nullopt;
    auto text = parse_string(in);
    if (!text) return std::unexpected(text.error());
    return std::optional(std::move(*text));
}

Parsed<std::string> parse_list_mailbox(Cursor& in) {
    if (in.next_is('"') || in.next_is('{')) return parse_string(in);
    const auto text = in.take_while(is_list_char);
    if (text.empty()) return in.expected("mailbox pattern");
    return std::string(text);
}

Parsed<std::uint32_t> parse_number(Cursor& in) {
    const auto number = in.take_number(UINT32_MAX);
    if (!number) return std::unexpected(number.error());
    return static_cast<std::uint32_t>(*number);
}

Parsed<std::uint32_t> parse_nz_number(Cursor& in) {
    // nz-number = digit-nz *DIGIT
    if (in.next_is('0')) return in.expected("number above zero");
    return parse_number(in);
}

std::optional<std::uint64_t> parse_object_number(std::string_view id, char kind) {
    if (id.size() < 2 || id.front() != kind || (id[1] == '0' && id.size() > 2)) return std::nullopt;
    std::uint64_t number = 0;
    const auto* const end = id.data() + id.size();
    const auto parsed = std::from_chars(id.data() + 1, end, number, 16);
    const bool is_ours = parsed.ec == std::errc() && parsed.ptr == end &&
                         std::ranges::none_of(id.substr(1), ascii::is_upper);
    return is_ours ? std::optional(number) : std::nullopt;
}

Parsed<ModSeq> parse_modseq_or_zero(Cursor& in) {
    const auto number = in.take_number(INT64_MAX);
    if (!number) return std::unexpected(number.error());
    return ModSeq(static_cast<std::int64_t>(*number));
}

Parsed<ModSeq> parse_modseq(Cursor& in) {
    const auto modseq = parse_modseq_or_zero(in);
    if (modseq && !*modseq) return in.expected("mod-sequence above zero");
    return modseq;
}

std::uint64_t system_flag(std::string_view name) {
    using Entry = std::pair<std::string_view, std::uint64_t>;
    constexpr std::array<Entry, 5> kFlags = {
        Entry{"Answered", store::kAnswered}, Entry{"Deleted", store::kDeleted},
        Entry{"Draft", store::kDraft}, Entry{"Flagged", store::kFlagged},
        Entry{"Seen", store::kSeen}};
    for (const auto& [text, bit] : kFlags)
        if (ascii::equals_icase(text, name)) return bit;
    return 0;
}

Parsed<store::FlagNames> parse_flags_bare(Cursor& in) {
    store::FlagNames flags;
    do {
        const auto flag = parse_flag(in, flags);
        if (!flag) return std::unexpected(flag.error());
    } while (in.take(' '));
    return flags;
}

Parsed<store::FlagNames> parse_flag_list(Cursor& in) {
    if (!in.take('(')) return in.expected("(");
    if (in.take(')')) return store::FlagNames{};
    auto flags = parse_flags_bare(in);
    if (!flags) return flags;
    if (!in.take(')')) return in.expected(")");
    return flags;
}

Parsed<std::chrono::sys_days> parse_date(Cursor& in) {
    const bool quoted = in.take('"');
    const auto day = in.take_number(31); // date-day = 1*2DIGIT
    if (!day) return std::unexpected(day.error());
    auto date = parse_month_year(in, static_cast<unsigned>(*day));
    if (date && quoted && !in.take('"')) return in.expected("\"");
    return date;
}

Parsed<WallTime> parse_date_time(Cursor& in) {
    if (!in.take('"')) return in.expected("date-time");
    // date-day-fixed = (SP DIGIT) / 2DIGIT
    const auto day = in.take(' ') ? parse_fixed(in, 1, 9, "day") : parse_fixed(in, 2, 31, "day");
    if (!day) return std::unexpected(day.error());
    const auto date = parse_month_year(in, *day);
    if (!date) return std::unexpected(date.error());
    if (!in.take(' ')) return in.expected("time");
    const auto time = parse_time_zone(in);
    if (!time) return std::unexpected(time.error());
    if (!in.take('"')) return in.expected("\"");
    return WallTime(*date + *time);
}

} // namespace maild::imap
