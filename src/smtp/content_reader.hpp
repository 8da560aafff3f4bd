#pragma once
// The content behind DATA or BDAT: finds its end, undoes transparency (RFC 5321 §4.5.2) and judges
// its octets. Only CRLF "." CRLF ends it, wherever the pieces that arrive are cut; a CR or LF alone
// is never repaired, because two servers that repair differently see different messages (SMTP
// smuggling). Memory: at most the limit, counted against the budget by capacity; what is flawed or
// too large is read to its end and not kept.

#include "maild/smtp/budget.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::smtp {

enum class Flaw : std::uint8_t { none, bare_cr, bare_lf, nul, too_large, no_memory };

// Where it ends: at a dot, or where the peer has said (RFC 3030 §2, no transparency); and then
// whether any octet may stand anywhere (§3), which is not judged here.
enum class Framing : std::uint8_t { dotted, counted, binary };

class ContentReader {
public:
    ContentReader(std::uint64_t limit, Budget& budget, Framing framing = Framing::dotted)
        : limit_(limit), lease_(budget), framing_(framing) {}

    // Takes the octets that belong to the content with its end, and says how many these were: all,
    // unless is_finished().
    std::size_t push(std::string_view bytes);

    // Counted content is whole. A last line without its end gets one, unless it is binary: what is
    // stored is lines.
    void finish();

    bool is_finished() const { return state_ == State::finished; }
    // Twice the limit has come and no end: not worth to be read on.
    bool is_hopeless() const { return size_ / 2 > limit_; }
    // What is wrong with it. Bare CR or LF outranks the rest.
    Flaw flaw() const { return flaw_; }
    std::uint64_t size() const { return size_; } // octets, transparency undone, kept or not

    std::string_view content() const { return content_; } // empty when flawed
    char* octets() { return content_.data(); }            // the same, to be changed
    bool has_8bit() const { return has_8bit_; }
    bool is_binary() const { return framing_ == Framing::binary; }

private:
    enum class State : std::uint8_t { line_start, text, after_cr, dot, dot_cr, finished };
    const char* step(const char* position, const char* end);
    const char* take_text(const char* position, const char* end);
    void append(const char* begin, const char* end);
    bool make_room(std::size_t count);
    void note(Flaw flaw);

    std::uint64_t limit_;
    Budget::Lease lease_;
    Framing framing_;
    std::string content_;
    std::uint64_t size_ = 0;
    State state_ = State::line_start;
    Flaw flaw_ = Flaw::none;
    bool has_8bit_ = false;
};

} // namespace maild::smtp
