#include "imap/respond.hpp"

#include "imap/mailbox_name.hpp"
#include "imap/syntax.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace maild::imap {

namespace {

bool needs_literal(char c) { return c == '\r' || c == '\n' || ascii::is_8bit(c); }

void append_two(std::string& out, unsigned number) {
    out += static_cast<char>('0' + number / 10 % 10);
    out += static_cast<char>('0' + number % 10);
}

void append_literal(std::string& out, std::string_view text) {
    std::string octets(text);
    std::erase(octets, '\0');
    out += '{';
    append_number(out, octets.size());
    out += "}\r\n";
    out += octets;
}

} // namespace

void append_number(std::string& out, std::uint64_t number) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
    out.append(digits.data(), end);
}

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (const char c : text) {
        if (c == '\0') continue;
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void append_string(std::string& out, std::string_view text) {
    if (std::ranges::any_of(text, needs_literal))
        append_literal(out, text);
    else
        append_quoted(out, text);
}

void append_astring(std::string& out, std::string_view text) {
    // An atom NIL would be read as no string by clients that do not look at the context.
    const bool is_atom = !text.empty() && std::ranges::all_of(text, is_astring_char) &&
                         !ascii::equals_icase(text, "NIL");
    if (is_atom)
        out += text;
    else
        append_string(out, text);
}

void append_mailbox(std::string& out, const store::MailboxName& name, NameForm form) {
    if (form == NameForm::utf8 && std::ranges::any_of(name, ascii::is_8bit))
        append_quoted(out, name);
    else
        append_astring(out, encode_name(name, form));
}

void append_flags(std::string& out, store::Flags flags, bool is_recent,
                  const store::Keywords& keywords) {
    const auto begin = out.size();
    if (flags.has(store::kAnswered)) out += " \\Answered";
    if (flags.has(store::kDeleted)) out += " \\Deleted";
    if (flags.has(store::kDraft)) out += " \\Draft";
    if (flags.has(store::kFlagged)) out += " \\Flagged";
    if (is_recent) out += " \\Recent";
    if (flags.has(store::kSeen)) out += " \\Seen";
    const auto keyword_bits = flags.bits >> store::kFirstKeyword;
    for (std::size_t i = 0; keyword_bits >> i != 0 && i < keywords.size(); ++i) {
        if ((keyword_bits >> i & 1) == 0) continue;
        out += ' ';
        out += keywords[i];
    }
    if (out.size() == begin)
        out += '(';
    else
        out[begin] = '(';
    out += ')';
}

void append_internal_date(std::string& out, WallTime time) {
    constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
    const auto year = static_cast<unsigned>(std::clamp(static_cast<int>(date.year()), 0, 9999));
    out += '"';
    append_two(out, static_cast<unsigned>(date.day()));
    out += '-';
    out += kMonths[static_cast<unsigned>(date.month()) - 1];
    out += '-';
    append_two(out, year / 100);
    append_two(out, year % 100);
    out += ' ';
    append_two(out, static_cast<unsigned>(clock.hours().count()));
    out += ':';
    append_two(out, static_cast<unsigned>(clock.minutes().count()));
    out += ':';
    append_two(out, static_cast<unsigned>(clock.seconds().count()));
    out += " +0000\"";
}

void append_object_id(std::string& out, char kind, std::uint64_t id) {
    std::array<char, 16> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), id, 16).ptr;
    out += '(';
    out += kind;
    out.append(digits.data(), end);
    out += ')';
}

void append_modseq(std::string& out, ModSeq modseq) {
    out += "MODSEQ (";
    append_number(out, static_cast<std::uint64_t>(modseq.value));
    out += ')';
}

void append_highest_modseq(std::string& out, ModSeq modseq) {
    out += "* OK [HIGHESTMODSEQ ";
    append_number(out, static_cast<std::uint64_t>(modseq.value));
    out += "] All changes up to here were told\r\n";
}

void append_number_set(std::string& out, std::span<const std::uint32_t> numbers) {
    for (std::size_t i = 0; i < numbers.size();) {
        auto last = i;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) ++last;
        if (i > 0) out += ',';
        append_number(out, numbers[i]);
        if (last > i) {
            out += ':';
            append_number(out, numbers[last]);
        }
        i = last + 1;
    }
}

Response ok(std::string text) { return {Response::Kind::ok, std::move(text)}; }
Response no(std::string text) { return {Response::Kind::no, std::move(text)}; }
Response bad(std::string text) { return {Response::Kind::bad, std::move(text)}; }

void append_response(std::string& out, std::string_view tag, const Response& response) {
    constexpr std::array<std::string_view, 3> kKinds = {" OK ", " NO ", " BAD "};
    out += tag;
    out += kKinds[static_cast<std::size_t>(response.kind)];
    out += response.text;
    out += "\r\n";
}

Response response_for(Errc code) {
    switch (code) {
    case Errc::already_exists: return no("[ALREADYEXISTS] It exists already");
    case Errc::not_found:
    case Errc::no_such_mailbox: return no("[NONEXISTENT] There is no such mailbox");
    case Errc::no_such_domain:
    case Errc::no_such_account:
    case Errc::disabled:
    case Errc::authentication_failed: return no("[AUTHENTICATIONFAILED] Authentication failed");
    case Errc::not_permitted: return no("[NOPERM] Not permitted");
    case Errc::over_quota: return no("[OVERQUOTA] The mailbox is full");
    case Errc::too_large: return no("[TOOBIG] The message is too large");
    case Errc::limit_exceeded: return no("[LIMIT] A limit of this server is reached");
    case Errc::has_children: return no("[HASCHILDREN] The mailbox has inferior names");
    case Errc::cannot: return no("[CANNOT] This can never be done");
    case Errc::conflict: return no("[INUSE] Somebody else changed it at the same time");
    case Errc::busy: return no("[UNAVAILABLE] Too busy, try again shortly");
    case Errc::unavailable:
    case Errc::timed_out:
    case Errc::closed: return no("[UNAVAILABLE] Not available, try again shortly");
    case Errc::no_space:
    case Errc::io: return no("[UNAVAILABLE] The mail could not be stored, try again later");
    case Errc::corrupt: return no("[CORRUPTION] Stored data is damaged");
    case Errc::invalid_argument:
    case Errc::protocol_error:
    case Errc::internal: break;
    }
    return no("[SERVERBUG] Internal error");
}

Response cannot(const NameFault& fault) { return no("[CANNOT] " + std::string(fault.why)); }

} // namespace maild::imap
