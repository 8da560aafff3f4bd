#pragma once
// What a session allows its peer. Sizes in octets. The defaults are HARDENING's reference limits;
// the RFC section is the least that the standard asks for.

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace maild::smtp {

struct Limits {
    std::size_t command_line = 2048;               // with CRLF; RFC 5321 §4.5.3.1.4 asks for 512
    std::uint64_t message_size = 50 * 1024 * 1024; // RFC 1870; content without transparency
    std::size_t recipients = 1000;                 // of a transaction; §4.5.3.1.8 asks for 100
    unsigned chunks = 1000;         // of a message, RFC 3030, and one more for each 4 KiB of it
    unsigned received_fields = 100; // more is a loop, §6.3
    // How long a message may be held back, RFC 4865; 0: FUTURERELEASE is not offered.
    std::chrono::seconds hold_most = std::chrono::days(30);

    unsigned bad_commands = 10;   // since the last accepted message; the next one ends the session
    unsigned idle_commands = 100; // NOOP, RSET, VRFY, EHLO … without an accepted message between
    unsigned commands = 100'000;  // of a session, whatever they are; the next one ends it
    unsigned auth_failures = 5;   // in a session; the last one ends it
    unsigned rcpt_failures = 100; // refused for good, in a session; the last one ends it
    unsigned free_rcpt_failures = 20; // of these, answered without delay
    std::chrono::milliseconds rcpt_failure_delay{1'000};
    std::chrono::milliseconds auth_failure_delay{1'000};     // doubled by each further failure …
    std::chrono::milliseconds auth_failure_delay_max{8'000}; // … up to this

    // Waiting for what the peer sends first would be wrong for everyone else: §4.3.1 lets the
    // server speak first, and who does not wait for it is no mail host. Remote peers of port 25, as
    // far as Server::early_talkers does not know them; 0: nobody waits.
    std::chrono::milliseconds greeting_pause{500};
    std::chrono::milliseconds greeting_pause_loopback{0};
    std::chrono::milliseconds command_timeout{300'000}; // §4.5.3.2.7
    std::chrono::milliseconds write_timeout{60'000};    // the peer takes our replies
    std::chrono::milliseconds data_timeout{180'000};    // between two pieces, §4.5.3.2.5
    std::uint64_t data_rate = 500; // octets a second, averaged, after data_timeout
    std::chrono::milliseconds data_deadline{3'600'000}; // for one message
    std::chrono::milliseconds tls_timeout{10'000};      // handshake
    std::chrono::milliseconds close_timeout{2'000};     // goodbye
    // For memory, when all of it holds other messages; a client waits two minutes for the answer to
    // DATA, §4.5.3.2.5.
    std::chrono::milliseconds memory_patience{20'000};
    // For content that is coming when its sender is kicked or is to make room, or his login
    // expires.
    std::chrono::milliseconds leave_timeout{60'000};
};

} // namespace maild::smtp
