#pragma once
// What a POP3 session allows its peer and an admin may change. Fixed limits of the grammar are in
// src/pop3/limits.hpp.

#include <chrono>

namespace maild::pop3 {

struct Limits {
    unsigned bad_commands = 10; // in a row that are none; the last one ends the session
    unsigned auth_failures = 3; // in a session; the last one ends it
    std::chrono::milliseconds auth_failure_delay{
        2'000}; // before the answer, doubled by each further failure …
    std::chrono::milliseconds auth_failure_delay_max{8'000}; // … up to this

    std::chrono::milliseconds login_timeout{60'000}; // from the greeting to the end of a login
    std::chrono::milliseconds idle_timeout{
        600'000}; // autologout, RFC 1939 §3: at least 10 minutes; also for the rest of a line
    std::chrono::milliseconds write_timeout{60'000}; // the peer takes our replies
    std::chrono::milliseconds tls_timeout{10'000};   // handshake
    std::chrono::milliseconds close_timeout{2'000};  // goodbye
};

} // namespace maild::pop3
