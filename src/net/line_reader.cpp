#include "maild/net/line_reader.hpp"

#include "net/await.hpp"

#include <algorithm>

namespace maild::net {
namespace {

constexpr std::size_t kReadLines = 16 * 1024; // at once, for lines
constexpr std::size_t kReadBytes = 64 * 1024; // and for content

} // namespace

LineReader::LineReader(Stream& stream, std::size_t max_line, std::size_t max_discard)
    : stream_(&stream), max_line_(std::max<std::size_t>(max_line, 2)), max_discard_(max_discard) {}

// Behind the CRLF that ends the line at position_, or npos. Remembers how far it has looked, so
// that a line that comes in single octets costs linear time.
std::size_t LineReader::find_end() {
    scanned_ = std::max(scanned_, position_);
    for (;;) {
        const auto at = buffer_.find('\n', scanned_);
        if (at == std::string::npos) break;
        if (at > position_ && buffer_[at - 1] == '\r') {
            scanned_ = at;
            return at + 1;
        }
        scanned_ = at + 1;
    }
    scanned_ = buffer_.size();
    return std::string::npos;
}

bool LineReader::has_line() const {
    const auto from =
        scanned_ > position_ ? scanned_ - 1 : position_; // the CR may have been seen already
    return buffer_.find("\r\n", from) != std::string::npos;
}

std::vector<std::string_view> LineReader::buffered_lines(std::size_t at_most) const {
    std::vector<std::string_view> lines;
    auto rest = std::string_view(buffer_).substr(position_);
    while (discarded_ == 0 && lines.size() < at_most) {
        const auto end = rest.find("\r\n");
        if (end == std::string_view::npos || end + 2 > max_line_) break;
        const auto line = rest.substr(0, end);
        if (line.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) break;
        lines.push_back(line);
        rest.remove_prefix(end + 2);
    }
    return lines;
}

// No line can end here any more within what is allowed.
bool LineReader::is_hopeless() const {
    return buffer_.size() - position_ + discarded_ >= max_line_ + max_discard_;
}

Line LineReader::take_line(std::size_t end) {
    const auto size = end - position_ + discarded_; // with CRLF
    Line line;
    line.too_long = size > max_line_;
    line.text = std::string_view(buffer_).substr(position_, std::min(max_line_, size - 2));
    line.has_bare_cr_or_lf = line.text.find_first_of("\r\n") != std::string_view::npos;
    line.has_nul = line.text.contains('\0');
    consume(end);
    return line;
}

void LineReader::consume(std::size_t end) {
    position_ = end;
    scanned_ = end;
    discarded_ = 0;
}

void LineReader::drop_consumed() {
    buffer_.erase(0, position_);
    scanned_ -= std::min(scanned_, position_);
    position_ = 0;
}

// Of a line that is too long already, only its beginning stays, and its last octet: it may be the
// CR of the end.
void LineReader::discard_excess() {
    const auto kept = position_ + max_line_;
    if (buffer_.size() <= kept + 1) return;
    const auto count = buffer_.size() - kept - 1;
    buffer_.erase(kept, count);
    discarded_ += count;
    scanned_ = buffer_.size();
}

// One deadline for the whole line: with one for each read, an octet now and then would hold the
// connection for days.
Task<Result<Line>> LineReader::next(std::chrono::milliseconds timeout) {
    const auto deadline = deadline_after(timeout);
    for (;;) {
        const auto end = find_end();
        if (end != std::string::npos && end - position_ + discarded_ > max_line_ + max_discard_)
            break;
        if (end != std::string::npos) co_return take_line(end);
        if (is_hopeless()) break;
        discard_excess();
        drop_consumed();
        const auto count = co_await stream_->read_append(buffer_, kReadLines, time_left(deadline));
        if (!count) co_return std::unexpected(count.error());
    }
    co_return fail(Errc::too_large, "line without an end");
}

Task<Result<std::string_view>> LineReader::next_bytes(std::size_t at_most,
                                                      std::chrono::milliseconds timeout) {
    if (at_most == 0) co_return fail(Errc::invalid_argument, "next_bytes(0)");
    if (position_ == buffer_.size()) {
        drop_consumed();
        const auto count =
            co_await stream_->read_append(buffer_, std::min(at_most, kReadBytes), timeout);
        if (!count) co_return std::unexpected(count.error());
    }
    const auto bytes = std::string_view(buffer_).substr(position_, at_most);
    consume(position_ + bytes.size());
    co_return bytes;
}

Task<WaitResult> LineReader::wait(Event& event, std::chrono::milliseconds timeout) {
    if (has_line()) co_return WaitResult::readable;
    drop_consumed();
    if (buffer_.empty()) std::string().swap(buffer_);
    const auto result = co_await stream_->wait_readable(event, timeout);
    co_return result;
}

void LineReader::unread(std::size_t count) {
    position_ -= std::min(count, position_);
    scanned_ = position_;
}

bool LineReader::empty() const { return position_ == buffer_.size(); }

void LineReader::clear() {
    std::string().swap(buffer_);
    position_ = 0;
    scanned_ = 0;
    discarded_ = 0;
}

void LineReader::set_max_line(std::size_t max_line) {
    max_line_ = std::max<std::size_t>(max_line, 2);
}
void LineReader::rebind(Stream& stream) { stream_ = &stream; }

} // namespace maild::net
