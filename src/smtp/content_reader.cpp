#include "smtp/content_reader.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <cstring>

namespace maild::smtp {
namespace {

constexpr std::size_t kFirstCapacity = 8 * 1024;
constexpr std::size_t kLastLineEnd = 2; // what finish() may have to append

// memchr() that gives `end` when there is none.
const char* find(const char* begin, const char* end, char c) {
    const auto* found = std::memchr(begin, c, static_cast<std::size_t>(end - begin));
    return found != nullptr ? static_cast<const char*>(found) : end;
}

} // namespace

ContentReader::ContentReader(std::uint64_t limit, net::MemoryBudget::Lease lease, Framing framing,
                             std::uint64_t expected)
    : limit_(limit), lease_(std::move(lease)), framing_(framing), expected_(expected) {
    lease_.on_ended([this] { note(Flaw::no_memory); });
}

std::size_t ContentReader::push(std::string_view bytes) {
    const char* position = bytes.data();
    const char* const end = position + bytes.size();
    if (is_binary() && position != end) {
        append(position, end);
        position = end;
    }
    while (position != end && state_ != State::finished) position = step(position, end);
    if (is_finished()) settle();
    return static_cast<std::size_t>(position - bytes.data());
}

void ContentReader::finish() {
    constexpr std::string_view kEnd = "\r\n";
    if (state_ == State::after_cr) note(Flaw::bare_cr);
    if (state_ == State::text) append(kEnd.data(), kEnd.data() + kEnd.size());
    state_ = State::finished;
    settle();
}

// It is as large as it is: of what it might have become, others can make use.
void ContentReader::settle() {
    lease_.keep(); // nor is anything to come that could be missed
    const auto size = std::max(content_.size(), kFirstCapacity);
    if (is_binary())
        lease_.claim_only(claim_for(size));
    else
        lease_.shrink_to(size);
}

std::uint64_t ContentReader::claim_for(std::uint64_t size) const {
    return is_binary() ? size + size / 2 * 3 : size;
}

std::uint64_t ContentReader::most_binary(const net::MemoryBudget& budget) {
    return budget.largest() / 5 * 2;
}

void ContentReader::expect_whole(std::uint64_t size) {
    if (size > limit_) return note(Flaw::too_large);
    expected_ = std::min(size + kLastLineEnd, limit_);
    lease_.claim_only(claim_for(expected_));
}

net::Task<void> ContentReader::wait_for_room_to_convert(std::chrono::milliseconds patience) {
    const auto needed = claim_for(content_.size());
    const bool has_room = co_await lease_.wait_for(needed, needed, patience);
    if (!has_room) note(Flaw::no_memory);
}

void ContentReader::release_for(std::size_t converted) {
    content_.release();
    lease_.shrink_to(converted);
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
    content_.append({begin, count});
}

// What is counted is what is written: pages behind that are none yet.
bool ContentReader::make_room(std::size_t count) {
    const auto needed = content_.size() + count;
    if (lease_.grow_to(std::max(needed, kFirstCapacity))) {
        if (content_.is_empty()) content_.reserve(kFirstCapacity);
        return true;
    }
    note(Flaw::no_memory);
    return false;
}

// What was announced is claimed before the first octet. Without that, and beyond what small mail
// may have, it may become as large as a message can be, and claims that step by step.
net::Task<void> ContentReader::wait_for_room(std::size_t count,
                                             std::chrono::milliseconds patience) {
    if (flaw_ != Flaw::none) co_return;
    // Dots, the end and what is pipelined behind it are no content.
    const auto size = std::min<std::uint64_t>(content_.size() + count, limit_);
    const auto needed = std::max<std::uint64_t>(size, kFirstCapacity);
    const bool is_expected = needed <= expected_;
    const bool is_small = needed + kLastLineEnd <= net::MemoryBudget::kSmall;
    bool has_room = false;
    if (is_expected || is_small)
        has_room =
            co_await lease_.wait_for(needed, is_expected ? claim_for(expected_) : 0, patience);
    else
        has_room = co_await lease_.wait_for_step(needed, claim_for(limit_), patience);
    if (!has_room) note(Flaw::no_memory);
}

void ContentReader::note(Flaw flaw) {
    const bool is_bare = flaw == Flaw::bare_cr || flaw == Flaw::bare_lf;
    const bool was_bare = flaw_ == Flaw::bare_cr || flaw_ == Flaw::bare_lf;
    if (flaw == Flaw::no_memory && flaw_ == Flaw::none) lease_.note_refused();
    if (flaw_ == Flaw::none || (is_bare && !was_bare)) flaw_ = flaw;
    has_8bit_ = false;
    content_.release();
    lease_.shrink_to(0);
}

} // namespace maild::smtp
