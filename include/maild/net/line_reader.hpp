#pragma once
// The one reader of lines in Maild (SMTP, LMTP and every later line protocol): CRLF ends a line,
// nothing else does. Bare CR, bare LF and NUL are reported, never repaired (RFC 5321 §2.3.8; SMTP
// smuggling lives in second readers).

#include "maild/net/stream.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

struct Line {
    std::string_view text; // without CRLF; valid until the next call
    bool too_long = false; // the limit was passed; `text` is its first `max_line` octets, the rest
                           // was discarded
    bool has_bare_cr_or_lf = false;
    bool has_nul = false;
};

class LineReader {
public:
    // `max_line` octets including CRLF. A longer line is discarded up to `max_discard` more, then
    // Errc::too_large.
    LineReader(Stream& stream, std::size_t max_line, std::size_t max_discard = 64 * 1024);

    bool has_line() const; // a whole line is buffered: next() will not wait
    Task<Result<Line>> next(std::chrono::milliseconds timeout);
    // Whole lines that are buffered, in their order and without CRLF; they stay. Only such as
    // next() would find nothing wrong with, up to the first other one. Valid until the next call.
    std::vector<std::string_view> buffered_lines(std::size_t at_most) const;

    // Raw bytes for BDAT and DATA: what is buffered first, then from the stream. At least one byte.
    Task<Result<std::string_view>> next_bytes(std::size_t at_most,
                                              std::chrono::milliseconds timeout);
    // Until a whole line is there or may come, or `event` was notified: for IDLE, see
    // Stream::wait_readable().
    Task<WaitResult> wait(Event& event, std::chrono::milliseconds timeout);
    // Give back the tail of what next_bytes() returned (bytes behind the final dot).
    void unread(std::size_t count);

    bool empty() const; // nothing buffered. At STARTTLS anything else is an attack (RFC 3207 §4.2).
    void clear();
    void set_max_line(std::size_t max_line);
    void rebind(Stream& stream); // after a move of the stream

private:
    std::size_t find_end();
    bool is_hopeless() const;
    Line take_line(std::size_t end);
    void consume(std::size_t end);
    void drop_consumed();
    void discard_excess();

    Stream* stream_;
    std::size_t max_line_;
    std::size_t max_discard_;
    std::string buffer_;
    std::size_t position_ = 0;
    std::size_t scanned_ = 0;   // no line ends before this
    std::size_t discarded_ = 0; // octets of the line at position_ that are gone
};

} // namespace maild::net
