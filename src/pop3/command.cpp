#include "pop3/command.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/utf8.hpp"

#include <array>
#include <limits>

namespace maild::pop3 {
namespace {

using Parsed = Result<Arguments, SyntaxError>;

bool is_printable(char c) { return c > ' ' && c < 0x7f; } // and no space

Result<std::uint32_t, SyntaxError> parse_number(Cursor& in, std::string_view what) {
    const auto number = in.take_number(std::numeric_limits<std::uint32_t>::max());
    if (!number) return in.expected(what);
    return static_cast<std::uint32_t>(*number);
}

Result<MessageNumber, SyntaxError> parse_message_number(Cursor& in) {
    const auto number = parse_number(in, "message-number");
    if (!number) return std::unexpected(number.error());
    return MessageNumber(*number);
}

Parsed parse_nothing(Cursor&) { return NoArguments{}; }

// RFC 1939 §7: PASS may treat spaces as part of the password; names with spaces are not ours to
// refuse either. UTF-8 by RFC 6856 §2.2.
Parsed parse_text(Cursor& in) {
    if (!in.take(' ') || in.at_end()) return in.expected("argument");
    const auto text = in.take_while([](char) { return true; });
    if (!is_utf8(text)) return in.expected("UTF-8");
    return Text{text};
}

// RFC 5034 §4, §6: "AUTH" SP mechanism [SP ("=" / base64)]
Parsed parse_auth(Cursor& in) {
    if (!in.take(' ')) return in.expected("mechanism");
    Auth auth;
    auth.mechanism = in.take_while(is_printable);
    if (auth.mechanism.empty()) return in.expected("mechanism");
    if (!in.take(' ')) return auth;
    auth.initial_response = in.take_while(is_printable);
    if (auth.initial_response->empty()) return in.expected("initial response");
    return auth;
}

Parsed parse_message(Cursor& in) {
    if (!in.take(' ')) return in.expected("message-number");
    const auto number = parse_message_number(in);
    if (!number) return std::unexpected(number.error());
    return Message{*number};
}

Parsed parse_listing(Cursor& in) {
    if (!in.take(' ')) return Listing{};
    const auto number = parse_message_number(in);
    if (!number) return std::unexpected(number.error());
    return Listing{*number};
}

Parsed parse_top(Cursor& in) {
    if (!in.take(' ')) return in.expected("message-number");
    const auto number = parse_message_number(in);
    if (!number) return std::unexpected(number.error());
    if (!in.take(' ')) return in.expected("number of lines");
    const auto lines = parse_number(in, "number of lines");
    if (!lines) return std::unexpected(lines.error());
    return Top{*number, *lines};
}

constexpr std::uint8_t kStart = static_cast<std::uint8_t>(State::authorization);
constexpr std::uint8_t kLoggedIn = static_cast<std::uint8_t>(State::transaction);
constexpr std::uint8_t kAny = kStart | kLoggedIn;

constexpr auto kTable = std::to_array<CommandRow>({
    {.name = "RETR", .verb = Verb::retr, .states = kLoggedIn, .parse = parse_message},
    {.name = "DELE", .verb = Verb::dele, .states = kLoggedIn, .parse = parse_message},
    {.name = "TOP", .verb = Verb::top, .states = kLoggedIn, .parse = parse_top},
    {.name = "LIST", .verb = Verb::list, .states = kLoggedIn, .parse = parse_listing},
    {.name = "UIDL", .verb = Verb::uidl, .states = kLoggedIn, .parse = parse_listing},
    {.name = "STAT", .verb = Verb::stat, .states = kLoggedIn, .parse = parse_nothing},
    {.name = "RSET", .verb = Verb::rset, .states = kLoggedIn, .parse = parse_nothing},
    {.name = "NOOP", .verb = Verb::noop, .states = kLoggedIn, .parse = parse_nothing},
    {.name = "QUIT", .verb = Verb::quit, .states = kAny, .parse = parse_nothing},
    {.name = "CAPA", .verb = Verb::capa, .states = kAny, .parse = parse_nothing}, // RFC 2449 §5
    {.name = "USER", .verb = Verb::user, .states = kStart, .parse = parse_text},
    {.name = "PASS", .verb = Verb::pass, .states = kStart, .parse = parse_text},
    {.name = "AUTH", .verb = Verb::auth, .states = kStart, .parse = parse_auth},
    {.name = "STLS", .verb = Verb::stls, .states = kStart, .parse = parse_nothing}, // RFC 2595 §4
    {.name = "UTF8", .verb = Verb::utf8, .states = kStart, .parse = parse_nothing}, // RFC 6856 §2
});

const CommandRow* find_command(std::string_view name) {
    for (const auto& row : kTable)
        if (ascii::equals_icase(row.name, name)) return &row;
    return nullptr;
}

} // namespace

Result<Command, CommandError> parse_command(std::string_view line) {
    Cursor in(line);
    const auto* row = find_command(in.take_while(is_printable));
    if (row == nullptr) return std::unexpected(CommandError{.is_unknown = true});
    auto arguments = row->parse(in);
    if (!arguments) return std::unexpected(CommandError{.expected = arguments.error().expected});
    if (!in.at_end()) return std::unexpected(CommandError{.expected = "end of command"});
    return Command{row, *arguments};
}

bool is_http_request(std::string_view line) { return line.contains(" HTTP/"); }

} // namespace maild::pop3
