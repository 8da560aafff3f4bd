#include "pop3/transfer.hpp"

#include <algorithm>

namespace maild::pop3 {

Transfer::Transfer(std::uint64_t size, std::optional<TopCut> top) : size_(size), top_(top) {}

void Transfer::append(std::string& out, std::string_view piece) {
    if (is_done_) return;
    const auto count =
        wanted(piece.substr(0, std::min<std::uint64_t>(piece.size(), size_ - offset_)));
    stuff(out, piece.substr(0, count));
    offset_ += count;
    const bool is_cut = top_ && top_->lines == 0 && offset_ >= top_->header_size;
    if (offset_ < size_ && !is_cut) return;
    is_done_ = true;
    // A message may end within a line, which IMAP's APPEND allows; the dot needs one of its own.
    out += ends_in_crlf_ ? ".\r\n" : "\r\n.\r\n";
}

// How much of it TOP lets through.
std::size_t Transfer::wanted(std::string_view piece) {
    if (!top_) return piece.size();
    const auto header = top_->header_size - std::min(offset_, top_->header_size);
    if (header >= piece.size()) return piece.size();
    auto end = static_cast<std::size_t>(header);
    for (; top_->lines > 0; --top_->lines) {
        const auto at = piece.find('\n', end);
        if (at == std::string_view::npos) return piece.size();
        end = at + 1;
    }
    return end;
}

// A line begins behind each LF: a client that takes a bare one for the end of a line, as many do,
// must not take what follows for the final dot either.
void Transfer::stuff(std::string& out, std::string_view piece) {
    if (piece.empty()) return;
    const char before = ends_in_cr_ ? '\r' : '\0';
    ends_in_crlf_ =
        piece.back() == '\n' && (piece.size() > 1 ? piece[piece.size() - 2] : before) == '\r';
    ends_in_cr_ = piece.back() == '\r';
    if (is_line_start_ && piece.front() == '.') out += '.';
    is_line_start_ = piece.back() == '\n';
    for (;;) {
        const auto at = piece.find("\n.");
        if (at == std::string_view::npos) break;
        out += piece.substr(0, at + 2);
        out += '.';
        piece.remove_prefix(at + 2);
    }
    out += piece;
}

} // namespace maild::pop3
