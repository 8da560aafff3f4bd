#pragma once
// What SORT and THREAD ask for (RFC 5256 §3 and §5, RFC 5957 for the display criteria, RFC 6203
// §6).

#include "imap/syntax.hpp"

#include <cstdint>
#include <vector>

namespace maild::imap {

enum class SortField : std::uint8_t {
    arrival,
    cc,
    date,
    from,
    size,
    subject,
    to,
    display_from, // RFC 5957 §4
    display_to,
    relevancy, // RFC 6203 §6: the best first
};

struct SortCriterion {
    SortField field = SortField::arrival;
    bool is_reverse = false;
    friend bool operator==(const SortCriterion&, const SortCriterion&) = default;
};
using SortProgram = std::vector<SortCriterion>; // at least one, by priority

bool sorts_by_relevancy(const SortProgram& program);

enum class ThreadAlgorithm : std::uint8_t { ordered_subject, references };

// "(" sort-criterion *(SP sort-criterion) ")"
Parsed<SortProgram> parse_sort_criteria(Cursor& in);

} // namespace maild::imap
