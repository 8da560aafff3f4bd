#pragma once
// The facts about each command that are not code: when it may be given, and how it treats message
// sequence numbers.

#include "imap/command.hpp"
#include "imap/syntax.hpp"

#include <cstdint>
#include <string_view>

namespace maild::imap {

// RFC 9051 §3; bits, so that a command can name several.
enum class State : std::uint8_t {
    not_authenticated = 1,
    authenticated = 2,
    selected = 4,
    logout = 8
};

struct CommandRow {
    std::string_view name; // "UID FETCH" for the UID forms
    Verb verb;
    std::uint8_t states; // of State
    bool is_uid = false; // its set holds UIDs
    // It names messages by sequence number: numbers that a command before it in the same pipeline
    // would shift are not shifted until it is done (RFC 9051 §5.5).
    bool uses_seqs = false;
    // EXPUNGE must not be sent while it runs (RFC 9051 §7.5.1: FETCH, STORE, SEARCH).
    bool keeps_seqs = false;
    Parsed<Arguments> (*parse)(Cursor& in);

    bool allowed_in(State state) const { return (states & static_cast<std::uint8_t>(state)) != 0; }
};

// ASCII case is ignored. nullptr: no such command.
const CommandRow* find_command(std::string_view name);

} // namespace maild::imap
