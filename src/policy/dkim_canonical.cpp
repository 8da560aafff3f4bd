#include "policy/dkim_canonical.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace maild::policy::dkim {
namespace {

constexpr std::size_t kBuffer = 8 * 1024;
constexpr std::string_view kLineEnd = "\r\n";

std::string_view without_line_end(std::string_view raw) {
    if (raw.ends_with('\n')) raw.remove_suffix(1);
    if (raw.ends_with('\r')) raw.remove_suffix(1);
    return raw;
}

// Unfolded, white space reduced to one space, none at either end (§3.4.2).
void append_relaxed(std::string& out, std::string_view value) {
    bool has_space = false;
    const auto begin = out.size();
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char c = value[i];
        const bool is_line_end = c == '\n' || (c == '\r' && value.substr(i, 2) == kLineEnd);
        if (is_line_end) continue;
        if (ascii::is_space(c)) {
            has_space = true;
            continue;
        }
        if (has_space && out.size() > begin) out += ' ';
        has_space = false;
        out += c;
    }
}

// Neither white space nor what may begin a line end.
bool is_word_octet(char c) { return c != ' ' && c != '\t' && c != '\r'; }

std::string_view words_in_front(std::string_view text) {
    std::size_t end = 0;
    while (end < text.size()) {
        if (is_word_octet(text[end]))
            ++end;
        else if (end > 0 && text[end] == ' ' && end + 1 < text.size() &&
                 is_word_octet(text[end + 1]))
            end += 2;
        else
            break;
    }
    return text.substr(0, end);
}

} // namespace

std::string canonical_field(Canonicalization canonicalization, std::string_view raw) {
    const auto field = without_line_end(raw);
    std::string out;
    out.reserve(field.size() + kLineEnd.size());
    if (canonicalization == Canonicalization::simple) {
        out = field;
    } else {
        const auto colon = std::min(field.find(':'), field.size());
        out = ascii::to_lower(ascii::trim(field.substr(0, colon)));
        out += ':';
        append_relaxed(out, field.substr(std::min(colon + 1, field.size())));
    }
    out += kLineEnd;
    return out;
}

CanonicalBody::CanonicalBody(Canonicalization canonicalization, Sink sink)
    : kind_(canonicalization), sink_(std::move(sink)) {
    buffer_.reserve(kBuffer);
}

void CanonicalBody::take(std::string_view piece) {
    if (piece.empty()) return;
    if (has_cr_) {
        has_cr_ = false;
        if (piece.front() == '\n') {
            end_line();
            piece.remove_prefix(1);
        } else {
            begin_text();
            put("\r");
        }
    }
    if (piece.ends_with('\r')) {
        has_cr_ = true; // the next piece tells what it is
        piece.remove_suffix(1);
    }
    if (kind_ == Canonicalization::simple)
        take_simple(piece);
    else
        take_relaxed(piece);
}

// Whole lines at a time: only empty ones matter.
void CanonicalBody::take_simple(std::string_view piece) {
    while (!piece.empty()) {
        const auto end = piece.find(kLineEnd);
        const auto line = piece.substr(0, end);
        if (!line.empty()) {
            begin_text();
            put(line);
        }
        if (end == std::string_view::npos) return;
        end_line();
        piece.remove_prefix(end + kLineEnd.size());
    }
}

// What stays as it is at a time: words, and a single space between two of them.
void CanonicalBody::take_relaxed(std::string_view piece) {
    while (!piece.empty()) {
        if (const auto words = words_in_front(piece); !words.empty()) {
            begin_text();
            put(words);
            piece.remove_prefix(words.size());
        } else if (piece.front() != '\r') {
            has_space_ = true;
            piece.remove_prefix(1);
        } else if (piece.starts_with(kLineEnd)) {
            end_line();
            piece.remove_prefix(kLineEnd.size());
        } else {
            begin_text();
            put("\r");
            piece.remove_prefix(1);
        }
    }
}

void CanonicalBody::end_line() {
    has_space_ = false; // white space at the end of a line is ignored
    ++line_ends_;
}

void CanonicalBody::begin_text() {
    for (; line_ends_ > 0; --line_ends_) put(kLineEnd);
    if (has_space_) put(" ");
    has_space_ = false;
}

void CanonicalBody::put(std::string_view text) {
    has_text_ = true;
    if (buffer_.size() + text.size() > kBuffer) flush();
    if (text.size() > kBuffer)
        sink_(text);
    else
        buffer_ += text;
}

void CanonicalBody::flush() {
    if (!buffer_.empty()) sink_(buffer_);
    buffer_.clear();
}

void CanonicalBody::finish() {
    if (has_cr_) {
        begin_text();
        put("\r");
    }
    // A simple body is never empty, §3.4.3; a relaxed one may be, §3.4.4.
    if (kind_ == Canonicalization::simple || has_text_) put(kLineEnd);
    flush();
}

} // namespace maild::policy::dkim
