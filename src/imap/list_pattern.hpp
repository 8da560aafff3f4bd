#pragma once
// LIST's and LSUB's patterns (RFC 9051 §6.3.9): `*` matches anything, `%` anything but the
// delimiter.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

class ListPattern {
public:
    // In UTF-8, reference and pattern already joined.
    explicit ListPattern(std::string_view pattern);

    // A set of states over the pattern's octets that are no wildcards, 64 in a word, one step for
    // each octet of the name: no backtracking, and only words with live states are looked at. How
    // many these were is added to `work`. INBOX is compared without case.
    bool matches(std::string_view name, std::uint64_t& work) const;
    bool matches(std::string_view name) const {
        std::uint64_t work = 0;
        return matches(name, work);
    }
    // Whether some name that begins so can match.
    bool may_begin(std::string_view with) const;
    bool has_percent() const { return has_percent_; }

private:
    using Words = std::vector<std::uint64_t>; // bit i: so many octets of text_ have been matched
    class States;
    std::uint64_t word_of(char c, bool fold_case, std::size_t word) const;

    std::string text_;            // without wildcards
    std::size_t fixed_ = 0;       // octets of it before the first wildcard
    bool is_exact_ = true;        // there is none
    bool is_hopeless_ = false;    // longer than any name
    std::array<Words, 256> next_; // by octet: whether it is the next one; empty: nowhere
    Words stays_;                 // anything but a delimiter can follow …
    Words stays_anyway_;          // … and a delimiter, too
    bool has_percent_ = false;
};

} // namespace maild::imap
