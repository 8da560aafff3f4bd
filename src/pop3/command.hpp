#pragma once
// POP3 commands (RFC 1939 §3, §9) and their parser. Pure; what is parsed points into the line.

#include "maild/base/cursor.hpp"
#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace maild::pop3 {

// RFC 1939 §3; bits, so that a command can name both. In UPDATE no command is given.
enum class State : std::uint8_t { authorization = 1, transaction = 2 };

enum class Verb : std::uint8_t {
    auth,
    capa,
    dele,
    list,
    noop,
    pass,
    quit,
    retr,
    rset,
    stat,
    stls,
    top,
    uidl,
    user,
    utf8,
};

using MessageNumber = Id<struct MessageNumberTag, std::uint32_t>; // RFC 1939 §5; from 1

struct NoArguments {};
struct Text { // USER, PASS
    std::string_view text;
};
struct Auth { // RFC 5034 §4
    std::string_view mechanism;
    std::optional<std::string_view> initial_response;
};
struct Message { // RETR, DELE
    MessageNumber number;
};
struct Listing { // LIST, UIDL
    std::optional<MessageNumber> number;
};
struct Top {
    MessageNumber number;
    std::uint32_t lines = 0;
};
using Arguments = std::variant<NoArguments, Text, Auth, Message, Listing, Top>;

struct CommandRow {
    std::string_view name;
    Verb verb;
    std::uint8_t states; // of State
    Result<Arguments, SyntaxError> (*parse)(Cursor& in);

    bool allowed_in(State state) const { return (states & static_cast<std::uint8_t>(state)) != 0; }
};

struct Command {
    const CommandRow* row = nullptr;
    Arguments arguments;
};

struct CommandError {
    bool is_unknown = false;
    std::string_view expected = {}; // a literal of ours
};

// `line` without CRLF.
Result<Command, CommandError> parse_command(std::string_view line);

// RFC 9110 §3.9: a request line. Whoever sends one is a browser that was sent here (cross-protocol
// attack).
bool is_http_request(std::string_view line);

} // namespace maild::pop3
