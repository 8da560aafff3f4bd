#pragma once
// The first stage of the parser: finds where a command ends in a stream of octets, lines and
// literals (RFC 9051 §4.3, RFC 7888), and refuses what is too large before it is read. It knows no
// grammar but `{n}` CRLF. Memory: what has arrived of the command, never what was announced. Usage:
// append() bytes, then next() until it says need_more; text() is valid until the next call of
// either.

#include "imap/parse_append.hpp"

#include "maild/base/octet_buffer.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace maild::imap {

enum class Event : std::uint8_t {
    need_more,
    need_literal, // a synchronizing literal was announced and may come: say "+"
    fragment,     // text() is a whole command without its last CRLF
    refused,  // a synchronizing literal is too large; text() is the command up to it, which is over
    overflow, // a line or non-synchronizing literal is too large: say BYE. Everything later is
              // ignored.
};

// Octets above 127 stand in a whole command outside of its literals.
bool has_8bit_text(std::string_view command);

class Fragmenter {
public:
    Fragmenter();

    void append(std::string_view bytes);
    Event next();
    std::string_view text() const { return buffer_.view().substr(begin_, end_ - begin_); }

    // After the login larger commands are read; `message_size` is for all messages of an APPEND.
    void set_authenticated(std::uint64_t message_size);
    void set_unauthenticated();
    // The next line is no command (SASL, IDLE): braces at its end mean nothing.
    void expect_plain_line() { plain_line_ = true; }

    // What is buffered behind the last fragment. At STARTTLS anything is an attack (RFC 3207 §4.2).
    std::string_view ahead() const;
    // A command has begun and is not complete: so many octets of it are here.
    std::size_t pending() const { return is_done_ ? 0 : buffer_.size() - begin_; }
    // So many there will be of it at the end of the literal that it is in.
    std::size_t awaited() const {
        return is_done_ ? 0 : std::max(line_begin_, buffer_.size()) - begin_;
    }
    // Instead of the literal that was just announced (Event::need_literal): the command is over,
    // and text() is what came of it, as with Event::refused.
    void turn_down();
    // Instead of what is being read: it is thrown away up to the end of its literal, then comes
    // Event::overflow.
    void give_up();
    bool is_swallowing() const { return swallow_ > 0; }
    // Gives memory back: what is not needed for what is buffered behind the last fragment.
    void release();
    std::size_t capacity() const { return buffer_.capacity(); }

private:
    std::optional<Event> scan();
    std::optional<Event> on_line(std::string_view line);
    std::optional<Event> on_literal(std::uint64_t size, bool synchronizing, std::size_t brace);
    Event finish(Event event, std::size_t end, std::size_t next_begin);
    Event overflow();
    void begin_counting();
    void begin_command();

    OctetBuffer buffer_;
    std::size_t begin_ = 0; // of the command
    std::size_t end_ = 0;   // of text()
    std::size_t next_ = 0;  // where the command after text() begins
    // Of the piece of line that is being looked for; behind the end in a literal.
    std::size_t line_begin_ = 0;
    std::size_t scanned_ = 0;     // no CRLF before here
    std::size_t line_octets_ = 0; // of the command, without literals
    std::size_t octets_ = 0;      // lines and literals, without APPEND's messages
    std::size_t brace_ = 0;       // where the last literal was announced …
    std::size_t literal_ = 0;     // … and its octets
    std::size_t piece_begin_ = 0; // of what stands behind the last literal of the command
    std::uint64_t messages_ = 0;  // octets of APPEND's messages
    AppendScan append_;           // of the command
    std::uint64_t swallow_ = 0;   // octets of an oversized APPEND still to throw away
    std::size_t max_line_;
    std::size_t max_literal_;
    std::size_t max_octets_;
    std::uint64_t message_size_ = 0; // 0: not authenticated
    bool is_done_ = true;            // text() was handed out
    bool plain_line_ = false;
    bool overflowed_ = false;
};

} // namespace maild::imap
