#pragma once
// The content behind DATA or BDAT: finds its end, undoes transparency (RFC 5321 §4.5.2) and judges
// its octets. Only CRLF "." CRLF ends it, wherever the pieces that arrive are cut; a CR or LF alone
// is never repaired, because two servers that repair differently see different messages (SMTP
// smuggling). Memory: at most the limit, counted against the budget; what is flawed or too large is
// read to its end and not kept. Nor is what has come of content that comes no further while others
// wait for memory (Flaw::no_memory, at any time before it is whole).

#include "maild/base/octet_buffer.hpp"
#include "maild/net/memory_budget.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace maild::smtp {

enum class Flaw : std::uint8_t { none, bare_cr, bare_lf, nul, too_large, no_memory };

// Where it ends: at a dot, or where the peer has said (RFC 3030 §2, no transparency); and then
// whether any octet may stand anywhere (§3), which is not judged here.
enum class Framing : std::uint8_t { dotted, counted, binary };

class ContentReader {
public:
    ContentReader(std::uint64_t limit, net::MemoryBudget& budget, Framing framing = Framing::dotted)
        : ContentReader(limit, net::MemoryBudget::Lease(budget), framing) {}
    // With what was promised to this message already; expect() as below, 0 without it.
    ContentReader(std::uint64_t limit, net::MemoryBudget::Lease lease,
                  Framing framing = Framing::dotted, std::uint64_t expected = 0);
    ContentReader(const ContentReader&) = delete;
    ContentReader& operator=(const ContentReader&) = delete;
    ~ContentReader() = default;

    // The most that can be put into lines (make_room_to_convert()): more never fits the budget.
    static std::uint64_t most_binary(const net::MemoryBudget& budget);

    // So many are to come; without that it may be as many as the limit allows.
    void expect(std::uint64_t size) { expected_ = size; }
    // It will be so many, and no more.
    void expect_whole(std::uint64_t size);
    // Waits in turn for the memory of so many octets that are to be pushed next, with 0 for that of
    // what is expected. They are not kept if that does not come within `patience`, or until
    // stop_waiting().
    net::Task<void> wait_for_room(std::size_t count, std::chrono::milliseconds patience);
    void stop_waiting() { lease_.stop_waiting(); }

    // Takes the octets that belong to the content with its end, and says how many these were: all,
    // unless is_finished().
    std::size_t push(std::string_view bytes);

    // Counted content is whole. A last line without its end gets one, unless it is binary: what is
    // stored is lines.
    void finish();

    // Of binary content, which is to become lines beside it: one and a half times its size. If that
    // does not come within `patience`, it has Flaw::no_memory.
    net::Task<void> wait_for_room_to_convert(std::chrono::milliseconds patience);
    void release_for(std::size_t converted); // it has become that, and is empty itself

    bool is_finished() const { return state_ == State::finished; }
    // Twice the limit has come and no end: not worth to be read on.
    bool is_hopeless() const { return size_ / 2 > limit_; }
    // What is wrong with it. Bare CR or LF outranks the rest.
    Flaw flaw() const { return flaw_; }
    std::uint64_t size() const { return size_; } // octets, transparency undone, kept or not

    std::string_view content() const { return content_.view(); } // empty when flawed
    char* octets() { return content_.data(); }                   // the same, to be changed
    bool has_8bit() const { return has_8bit_; }
    bool is_binary() const { return framing_ == Framing::binary; }

private:
    enum class State : std::uint8_t { line_start, text, after_cr, dot, dot_cr, finished };
    const char* step(const char* position, const char* end);
    const char* take_text(const char* position, const char* end);
    void append(const char* begin, const char* end);
    bool make_room(std::size_t count);
    std::uint64_t claim_for(std::uint64_t size) const;
    void settle();
    void note(Flaw flaw);

    std::uint64_t limit_;
    net::MemoryBudget::Lease lease_;
    Framing framing_;
    OctetBuffer content_;
    std::uint64_t size_ = 0;
    std::uint64_t expected_ = 0;
    State state_ = State::line_start;
    Flaw flaw_ = Flaw::none;
    bool has_8bit_ = false;
};

} // namespace maild::smtp
