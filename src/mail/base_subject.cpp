#include "maild/mail/base_subject.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/cursor.hpp"
#include "maild/mail/text.hpp"

namespace maild::mail {
namespace {

constexpr std::string_view kForwardTrailer = "(fwd)";
constexpr std::string_view kForwardHeader = "[fwd:";

// Step 1: one space for each run of white space.
std::string decoded_line(std::string_view field_body) {
    std::string line;
    for (const char c : decoded_header_text(field_body)) {
        const char now = c == '\t' || c == '\r' || c == '\n' ? ' ' : c;
        if (now != ' ' || (!line.empty() && line.back() != ' ')) line += now;
    }
    return line;
}

void skip_space(Cursor& in) {
    in.take_while([](char c) { return c == ' '; });
}

// subj-blob = "[" *BLOBCHAR "]" *WSP
bool take_blob(Cursor& in) {
    auto at = in;
    if (!at.take('[')) return false;
    at.take_while([](char c) { return c != '[' && c != ']'; });
    if (!at.take(']')) return false;
    skip_space(at);
    in = at;
    return true;
}

// subj-refwd = ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
bool take_reply_mark(Cursor& in) {
    auto at = in;
    if (!at.take_icase("re") && !at.take_icase("fwd") && !at.take_icase("fw")) return false;
    skip_space(at);
    take_blob(at);
    if (!at.take(':')) return false;
    in = at;
    return true;
}

// subj-leader = (*subj-blob subj-refwd) / WSP. Blobs that no mark follows are left for step 4, and
// how far they reach is remembered, so that they are walked over once: `marked_until` is where the
// last look ended.
bool take_leader(Cursor& in, std::size_t& looked_until, bool& is_reply) {
    if (in.take(' ')) return true;
    if (in.offset() < looked_until) return false;
    auto at = in;
    while (take_blob(at)) {
    }
    looked_until = at.offset();
    if (!take_reply_mark(at)) return false;
    is_reply = true;
    in = at;
    return true;
}

// Steps 3 to 5.
std::string_view without_leaders(std::string_view text, bool& is_reply) {
    Cursor in(text);
    std::size_t looked_until = 0;
    while (true) {
        if (take_leader(in, looked_until, is_reply)) continue;
        auto at = in;
        if (!take_blob(at) || at.at_end()) return in.rest();
        in = at;
    }
}

bool ends_with_icase(std::string_view text, std::string_view end) {
    return text.size() >= end.size() &&
           ascii::equals_icase(text.substr(text.size() - end.size()), end);
}

// Step 2.
std::string_view without_trailers(std::string_view text, bool& is_reply) {
    while (true) {
        if (text.ends_with(' ')) {
            text.remove_suffix(1);
        } else if (ends_with_icase(text, kForwardTrailer)) {
            text.remove_suffix(kForwardTrailer.size());
            is_reply = true;
        } else {
            return text;
        }
    }
}

} // namespace

BaseSubject base_subject(std::string_view field_body) {
    const auto line = decoded_line(field_body);
    BaseSubject base;
    std::string_view text = line;
    while (true) {
        text = without_leaders(without_trailers(text, base.is_reply), base.is_reply);
        // Step 6.
        if (!ascii::starts_with_icase(text, kForwardHeader) || !text.ends_with(']')) break;
        text.remove_prefix(kForwardHeader.size());
        text.remove_suffix(1);
        base.is_reply = true;
    }
    base.text = text;
    return base;
}

} // namespace maild::mail
