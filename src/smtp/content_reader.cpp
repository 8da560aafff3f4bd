#include "smtp/content_reader.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <cstring>

namespace maild::smtp {
namespace {

constexpr std::size_t kFirstCapacity = 8 * 1024;

// memchr() that gives `end` when there is none.
const char* find(const char* begin, const char* end, char c) {
    const auto* found = std::memchr(begin, c, static_cast<std::size_t>(end - begin));
    return found != nullptr ? static_cast<const char*>(found) : end;
}

} // namespace

std::size_t ContentReader::push(std::string_view bytes) {
    const char* position = bytes.data();
    const char* const end = position + bytes.size();
    if (is_binary() && position != end) {
        append(position, end);
        position = end;
    }
    while (position != end && state_ != State::finished) position = step(position, end);
    return static_cast<std::size_t>(position - bytes.data());
}

void ContentReader::finish() {
    constexpr std::string_view kEnd = "\r\n";
    if (state_ == State::after_cr) note(Flaw::bare_cr);
    if (state_ == State::text) append(kEnd.data(), kEnd.data() + kEnd.size());
    state_ = State::finished;
}

// At least one octet is there. What a state only looks at, it leaves to the next one.
const char* ContentReader::step(const char* position, const char* end) {
    switch (state_) {
    case State::line_start:
        if (framing_ == Framing::counted) {
            state_ = State::text;
            return position;
        }
        state_ = *position == '.' ? State::dot : State::text;
        return *position == '.' ? position + 1 : position;
    case State::text: return take_text(position, end);
    case State::after_cr:
        if (*position != '\n') {
            note(Flaw::bare_cr);
            state_ = State::text;
            return position;
        }
        append(position, position + 1);
        state_ = State::line_start;
        return position + 1;
    case State::dot: // the dot itself is transparency, whatever follows
        state_ = *position == '\r' ? State::dot_cr : State::text;
        return *position == '\r' ? position + 1 : position;
    case State::dot_cr:
        state_ = *position == '\n' ? State::finished : State::text;
        if (*position == '\n') return position + 1;
        note(Flaw::bare_cr);
        return position;
    case State::finished: break;
    }
    return end;
}

// As many whole lines as possible as one run, up to a dot that starts a line, or to the end.
const char* ContentReader::take_text(const char* position, const char* end) {
    const char* const begin = position;
    while (position != end) {
        const char* const cr = find(position, end, '\r');
        if (find(position, cr, '\n') != cr) note(Flaw::bare_lf);
        position = cr;
        if (cr == end) break;
        if (cr + 1 == end) {
            state_ = State::after_cr;
            position = end;
            break;
        }
        position = cr + 1;
        if (*position != '\n') {
            note(Flaw::bare_cr);
            continue;
        }
        ++position;
        if (position == end || *position == '.') {
            state_ = State::line_start;
            break;
        }
    }
    append(begin, position);
    return position;
}

void ContentReader::append(const char* begin, const char* end) {
    const auto count = static_cast<std::size_t>(end - begin);
    size_ += count;
    if (size_ > limit_) note(Flaw::too_large);
    if (!is_binary() && find(begin, end, '\0') != end) note(Flaw::nul);
    if (flaw_ != Flaw::none || !make_room(count)) return;
    has_8bit_ = has_8bit_ || ascii::has_8bit({begin, count});
    content_.append(begin, count);
}

bool ContentReader::make_room(std::size_t count) {
    const auto needed = content_.size() + count;
    if (needed <= content_.capacity()) return true;
    // Twice as much, or when the budget is short an eighth more: still in few enough steps.
    for (const auto capacity :
         {std::max({needed, 2 * content_.capacity(), kFirstCapacity}), needed + needed / 8}) {
        if (!lease_.grow_to(capacity)) continue;
        content_.reserve(capacity);
        return true;
    }
    note(Flaw::no_memory);
    return false;
}

void ContentReader::note(Flaw flaw) {
    const bool is_bare = flaw == Flaw::bare_cr || flaw == Flaw::bare_lf;
    const bool was_bare = flaw_ == Flaw::bare_cr || flaw_ == Flaw::bare_lf;
    if (flaw_ == Flaw::none || (is_bare && !was_bare)) flaw_ = flaw;
    has_8bit_ = false;
    content_ = std::string();
    lease_.shrink_to(0);
}

} // namespace maild::smtp
