#pragma once
// What an IMAP session allows its peer and an admin may change. Sizes in octets. Fixed limits of
// the grammar are in src/imap/limits.hpp.

#include <chrono>
#include <cstdint>

namespace maild::imap {

struct Limits {
    // Of an APPEND; it is held in memory while it is stored.
    std::uint64_t message_size = 50 * 1024 * 1024;
    // Messages whose flags SELECT asks for at once; of a larger mailbox the first command that
    // needs them does.
    std::uint32_t states_at_select = 1'000;
    unsigned bad_commands = 10; // syntax errors in a row; the last one ends the session
    unsigned auth_failures = 3; // in a session; the last one ends it
    std::chrono::milliseconds auth_failure_delay{
        2'000}; // before the answer, doubled by each further failure …
    std::chrono::milliseconds auth_failure_delay_max{8'000}; // … up to this

    std::chrono::milliseconds login_timeout{180'000}; // from the greeting to the end of a login
    std::chrono::milliseconds idle_timeout{
        1'800'000}; // autologout, RFC 9051 §5.4: at least 30 minutes
    std::chrono::milliseconds command_timeout{
        300'000};                                    // for the rest of a command that has begun …
    std::uint64_t command_rate = 500;                // … and a second more for so many octets of it
    std::chrono::milliseconds write_timeout{60'000}; // the peer takes our responses
    std::chrono::milliseconds tls_timeout{10'000};   // handshake
    std::chrono::milliseconds close_timeout{2'000};  // goodbye
    std::chrono::milliseconds memory_patience{20'000}; // when all of it holds other messages
};

} // namespace maild::imap
