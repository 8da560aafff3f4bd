#pragma once
// What SEARCH RETURN (…) asks for and how it is answered: ESEARCH (RFC 4731), SEARCHRES (RFC 5182),
// PARTIAL (RFC 9394), CONTEXT and UPDATE (RFC 5267). Pure.

#include "imap/fetch_items.hpp"
#include "imap/sequence_set.hpp"
#include "imap/syntax.hpp"

#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

// A part of a list by position, counted from its beginning or its end (RFC 9394 §4 partial-range).
struct PartialRange {
    std::uint32_t first = 1; // at most last, whichever way they were written
    std::uint32_t last = 1;
    bool from_end = false;
};
Parsed<PartialRange> parse_partial_range(Cursor& in);
// Positions [begin, end) of a list of `count`.
struct Positions {
    std::size_t begin = 0;
    std::size_t end = 0;
};
Positions positions(const PartialRange& range, std::size_t count);
// The sequence numbers at these positions.
Ranges pick(const Ranges& seqs, const PartialRange& range);

struct SearchReturn {
    bool min = false;
    bool max = false;
    bool all = false;
    bool count = false;
    bool save = false;
    bool context = false;         // RFC 5267 §4.2: a hint, of which nothing needs to be made
    bool update = false;          // §4.3
    bool relevancy = false;       // RFC 6203 §4
    FetchItems update_items = {}; // of each message that comes, RFC 5465 §7
    std::optional<PartialRange> partial = {};

    // Something is to be answered; SAVE alone is not.
    bool answers() const {
        return min || max || all || count || partial || context || update || relevancy;
    }
};
// "(" [search-return-opt *(SP search-return-opt)] ")"; empty means ALL (RFC 4731 §3.1).
Parsed<SearchReturn> parse_search_return(Cursor& in);

// Of what was found (sequence numbers, ascending) those that are answered one by one: what `$` is
// afterwards (RFC 5182 §2.4, RFC 9394 §3.2), and whose mod-sequences count (RFC 4731 §3.2).
std::vector<std::uint32_t> chosen(const SearchReturn& returns,
                                  const std::vector<std::uint32_t>& found);

// What was found, in the order of the answer: ascending, or sorted.
struct FoundMessages {
    std::vector<std::uint32_t> numbers; // sequence numbers or UIDs
    std::vector<std::uint32_t> scores;  // of each, 1 to 100; empty: not asked for
};

// The ESEARCH response, up to MODSEQ and the end of the line; `correlators` say what it is about.
void append_esearch(std::string& out, std::string_view correlators, bool is_uid,
                    const SearchReturn& returns, const FoundMessages& found);

} // namespace maild::imap
