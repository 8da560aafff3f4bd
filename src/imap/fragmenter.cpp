#include "imap/fragmenter.hpp"

#include "imap/limits.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace maild::imap {

namespace {

struct LiteralMark {
    std::size_t brace;  // position of "{" in the line
    std::uint64_t size; // UINT64_MAX for what is no number of ours
    bool synchronizing;
};

// literal = "{" number64 ["+"] "}" at the end of a line
std::optional<LiteralMark> literal_at_end(std::string_view line) {
    if (!line.ends_with('}')) return std::nullopt;
    auto digits_end = line.size() - 1;
    const bool synchronizing = digits_end == 0 || line[digits_end - 1] != '+';
    if (!synchronizing) --digits_end;
    auto digits_begin = digits_end;
    while (digits_begin > 0 && ascii::is_digit(line[digits_begin - 1])) --digits_begin;
    if (digits_begin == digits_end || digits_begin == 0 || line[digits_begin - 1] != '{')
        return std::nullopt;
    std::uint64_t size = 0;
    for (auto i = digits_begin; i < digits_end; ++i) {
        const auto digit = static_cast<std::uint64_t>(line[i] - '0');
        size = size > (UINT64_MAX - digit) / 10 ? UINT64_MAX : size * 10 + digit;
    }
    return LiteralMark{digits_begin - 1, size, synchronizing};
}

} // namespace

bool has_8bit_text(std::string_view command) {
    while (true) {
        const auto line = command.substr(0, command.find("\r\n"));
        if (std::ranges::any_of(line, ascii::is_8bit)) return true;
        const auto mark = literal_at_end(line);
        if (line.size() == command.size() || !mark) return false;
        command.remove_prefix(line.size() + 2);
        command.remove_prefix(
            static_cast<std::size_t>(std::min<std::uint64_t>(mark->size, command.size())));
    }
}

Fragmenter::Fragmenter()
    : max_line_(kPreAuthLine), max_literal_(kPreAuthLiteral), max_octets_(kPreAuthLine) {}

void Fragmenter::set_authenticated(std::uint64_t message_size) {
    max_line_ = kMaxLine;
    max_literal_ = kMaxLiteral;
    max_octets_ = kMaxArguments;
    message_size_ = message_size;
}

void Fragmenter::set_unauthenticated() {
    max_line_ = max_octets_ = kPreAuthLine;
    max_literal_ = kPreAuthLiteral;
    message_size_ = 0;
}

void Fragmenter::append(std::string_view bytes) {
    if (overflowed_) return;
    if (swallow_ > 0) {
        swallow_ -= std::min<std::uint64_t>(swallow_, bytes.size());
        overflowed_ = swallow_ == 0;
        return;
    }
    if (is_done_) begin_command();
    const auto needed = buffer_.size() + bytes.size();
    // Grows as octets arrive, but not beyond the end of a literal that is known: 50 MiB stay 50
    // MiB.
    if (needed > buffer_.capacity() && line_begin_ > needed)
        buffer_.reserve(
            std::min(std::max(needed, 2 * buffer_.capacity()), line_begin_ + kPreAuthLine));
    buffer_.append(bytes);
}

void Fragmenter::begin_command() {
    buffer_.erase_front(next_);
    begin_ = end_ = next_ = 0;
    begin_counting();
}

void Fragmenter::begin_counting() {
    line_begin_ = scanned_ = piece_begin_ = begin_;
    line_octets_ = octets_ = 0;
    messages_ = 0;
    append_ = {};
    is_done_ = false;
}

Event Fragmenter::next() {
    if (overflowed_) return Event::overflow;
    if (swallow_ > 0) return Event::need_more;
    if (is_done_) {
        // The buffer is only cut when bytes come: a group of pipelined commands is not moved for
        // each of them.
        begin_ = end_ = next_;
        begin_counting();
    }
    while (true) {
        const auto event = scan();
        if (event) return *event;
    }
}

// The next piece of line. Nothing: it ended in a literal, go on behind it.
std::optional<Event> Fragmenter::scan() {
    if (buffer_.size() < line_begin_) return Event::need_more; // inside of a literal
    const auto line_end = buffer_.view().find("\r\n", std::max(scanned_, line_begin_));
    const auto have = std::min(line_end, buffer_.size()) - line_begin_;
    if (line_octets_ + have > max_line_ || octets_ + have > max_octets_) return overflow();
    if (line_end != std::string_view::npos)
        return on_line(buffer_.view().substr(line_begin_, have));
    // The last octet may be the CR of a CRLF.
    scanned_ = buffer_.is_empty() ? 0 : buffer_.size() - 1;
    return Event::need_more;
}

std::optional<Event> Fragmenter::on_line(std::string_view line) {
    const auto line_end = line_begin_ + line.size();
    const auto mark = plain_line_ ? std::nullopt : literal_at_end(line);
    plain_line_ = false;
    if (!mark) return finish(Event::fragment, line_end, line_end + 2);
    const auto brace = line_begin_ + mark->brace;
    line_octets_ += line.size() + 2;
    octets_ += line.size() + 2;
    line_begin_ = scanned_ = line_end + 2;
    return on_literal(mark->size, mark->synchronizing, brace);
}

std::optional<Event> Fragmenter::on_literal(std::uint64_t size, bool synchronizing,
                                            std::size_t brace) {
    const auto piece = buffer_.view().substr(piece_begin_, brace - piece_begin_);
    const bool is_message = message_size_ > 0 && append_.is_message(piece);
    const auto limit = is_message
                           ? message_size_ - messages_
                           : std::min(max_literal_, max_octets_ - std::min(octets_, max_octets_));
    if (size > limit) {
        if (synchronizing) return finish(Event::refused, brace, line_begin_);
        if (!is_message) return overflow();
        // The client of a non-synchronizing APPEND reads nothing before it has sent everything:
        // take as much as it was allowed to send, so that it hears why. What follows is never taken
        // for commands.
        const auto buffered = buffer_.size() - line_begin_;
        overflow();
        swallow_ = limit - std::min<std::uint64_t>(limit, buffered);
        overflowed_ = swallow_ == 0;
        return overflowed_ ? Event::overflow : Event::need_more;
    }
    if (is_message)
        messages_ += size;
    else
        octets_ += static_cast<std::size_t>(size);
    line_begin_ += static_cast<std::size_t>(size);
    scanned_ = piece_begin_ = line_begin_;
    brace_ = brace;
    literal_ = static_cast<std::size_t>(size);
    if (synchronizing) return Event::need_literal;
    return std::nullopt;
}

Event Fragmenter::finish(Event event, std::size_t end, std::size_t next_begin) {
    end_ = end;
    next_ = next_begin;
    is_done_ = true;
    return event;
}

Event Fragmenter::overflow() {
    begin_ = end_ = next_ = line_begin_ = scanned_ = 0;
    buffer_.release();
    is_done_ = overflowed_ = true;
    return Event::overflow;
}

void Fragmenter::turn_down() { finish(Event::refused, brace_, line_begin_ - literal_); }

void Fragmenter::give_up() {
    const auto left = line_begin_ - std::min(line_begin_, buffer_.size());
    overflow();
    swallow_ = left;
    overflowed_ = left == 0;
}

std::string_view Fragmenter::ahead() const {
    return buffer_.view().substr(is_done_ ? next_ : begin_);
}

void Fragmenter::release() {
    if (!is_done_ && !ahead().empty()) return;
    OctetBuffer rest;
    rest.append(ahead());
    buffer_ = std::move(rest);
    begin_ = end_ = next_ = line_begin_ = scanned_ = line_octets_ = octets_ = 0;
    is_done_ = true;
}

} // namespace maild::imap
