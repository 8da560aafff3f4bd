#pragma once
// sequence-set (RFC 9051 §9): `1,3:5,*`. Kept as ranges and never expanded, whatever numbers they
// span.

#include "imap/syntax.hpp"

#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace maild::imap {

// Inclusive, first <= last.
struct Range {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    friend bool operator==(Range, Range) = default;
};
using Ranges = std::vector<Range>; // ascending and disjoint where a function says "normal"

class SequenceSet {
public:
    SequenceSet() = default;
    explicit SequenceSet(Ranges ranges) : parts_(std::move(ranges)) {}

    // Normal ranges with `*` as `star`, which may be 0 (an empty mailbox): then ranges with `*`
    // vanish.
    Ranges resolve(std::uint32_t star) const;
    // The greatest number that stands in it, `*` apart, except where it is one end of a range with
    // `*`: `5:*` is right in a mailbox of three messages (RFC 9051 §9 seq-range).
    std::uint32_t greatest() const;
    // `*` where it stands alone is this number from now on; in `n:*` it goes on growing.
    void pin_star(std::uint32_t star);
    bool empty() const { return parts_.empty(); }
    bool is_saved() const { return is_saved_; } // `$`, RFC 5182 §3: what a search has left
    // As it was written, if that is ascending and without `*` and `$` (RFC 7162 §7 known-uids).
    std::optional<Ranges> ascending() const;

private:
    friend Parsed<SequenceSet> parse_sequence_set(Cursor& in);
    std::vector<Range> parts_; // as written; 0 is `*`
    bool is_saved_ = false;
};

Parsed<SequenceSet> parse_sequence_set(Cursor& in);

// Sorts and joins.
Ranges normal(Ranges ranges);
// `number` is beyond all that are there.
void append_seq(Ranges& ranges, std::uint32_t number);
bool contains(const Ranges& normal_ranges, std::uint32_t number);

} // namespace maild::imap
