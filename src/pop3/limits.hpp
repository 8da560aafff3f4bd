#pragma once
// What one POP3 command and one session may cost. Settings that an admin may change are in
// maild/pop3/limits.hpp; these are fixed.

#include <cstddef>
#include <cstdint>

namespace maild::pop3 {

// Octets of a command with its CRLF. Clients keep to 255 (RFC 2449 §4); what AUTH carries behind
// the mechanism may be longer in practice.
inline constexpr std::size_t kMaxLine = 512;

// Read ahead for a client that takes one message after the other, and of a large one at once.
inline constexpr std::uint64_t kReadAhead = 256 * 1024;
inline constexpr std::size_t kMaxReadAhead = 256; // messages
inline constexpr std::uint64_t kPiece = 256 * 1024;

} // namespace maild::pop3
