#pragma once
// APPEND (RFC 9051 §6.3.12, RFC 3502 for several messages, RFC 3516 for literal8, RFC 4469 for
// CATENATE) and REPLACE (RFC 8508). Apart from the
// other parsers, because the fragmenter has to know its message literals, the only ones that may be
// large.

#include "imap/command.hpp"
#include "imap/syntax.hpp"

#include <cstdint>
#include <string_view>

namespace maild::imap {

Parsed<Arguments> parse_append(Cursor& in);
Parsed<Arguments> parse_replace(Cursor& in);

// Follows a command from literal to literal and says which are messages. Each call is given only
// what stands between two literals, so that the work is linear in the command, however many
// literals it has.
class AppendScan {
public:
    // `piece`: from the command's beginning, or the end of the last literal, up to the "{" of a
    // literal. True: that literal is a message. A literal8 anywhere else is a syntax error, later.
    bool is_message(std::string_view piece);

private:
    enum class State : std::uint8_t { command, message, first_part, parts, over };
    enum class Found : std::uint8_t { nothing, message, other }; // the literal behind the piece

    Found in_message(Cursor& in);
    Found in_parts(Cursor& in);
    Found at_content(Cursor& in);

    State state_ = State::command;
    bool is_wrapped_ = false; // ")" is due behind the literal
};

} // namespace maild::imap
