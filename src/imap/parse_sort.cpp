// SORT and THREAD (RFC 5256 §5 sort, thread; RFC 5267 §3.1 for RETURN).
#include "imap/limits.hpp"
#include "imap/parse.hpp"
#include "imap/relevancy.hpp"

#include "maild/base/ascii.hpp"

#include <array>
#include <utility>

namespace maild::imap {

namespace {

constexpr auto kFields = std::to_array<std::pair<std::string_view, SortField>>({
    {"ARRIVAL", SortField::arrival},
    {"CC", SortField::cc},
    {"DATE", SortField::date},
    {"FROM", SortField::from},
    {"SIZE", SortField::size},
    {"SUBJECT", SortField::subject},
    {"TO", SortField::to},
    {"DISPLAYFROM", SortField::display_from},
    {"DISPLAYTO", SortField::display_to},
    {"RELEVANCY", SortField::relevancy},
});

// sort-criterion = ["REVERSE" SP] sort-key
Parsed<SortCriterion> parse_criterion(Cursor& in) {
    SortCriterion criterion;
    criterion.is_reverse = in.take_icase("REVERSE ");
    const auto name = in.take_while(ascii::is_alpha);
    for (const auto& [text, field] : kFields) {
        if (!ascii::equals_icase(text, name)) continue;
        criterion.field = field;
        return criterion;
    }
    return in.expected("sort criterion");
}

// search-criteria = charset 1*(SP search-key)
Parsed<bool> parse_search_criteria(Cursor& in, Search& search) {
    if (!in.take(' ')) return in.expected("charset");
    auto charset = parse_astring(in);
    if (!charset) return std::unexpected(charset.error());
    if (!in.take(' ')) return in.expected("search key");
    auto program = parse_search_keys(in);
    if (!program) return std::unexpected(program.error());
    search.charset = std::move(*charset);
    search.program = std::move(*program);
    return true;
}

} // namespace

Parsed<SortProgram> parse_sort_criteria(Cursor& in) {
    SortProgram program;
    if (!in.take('(')) return in.expected("sort criteria");
    do {
        if (program.size() == kMaxSortCriteria) return in.expected("fewer sort criteria");
        const auto criterion = parse_criterion(in);
        if (!criterion) return std::unexpected(criterion.error());
        program.push_back(*criterion);
    } while (in.take(' '));
    if (!in.take(')')) return in.expected(")");
    return program;
}

// sort = "SORT" [SP "RETURN" SP (…)] SP sort-criteria SP search-criteria
Parsed<Arguments> parse_sort(Cursor& in) {
    Sort sort;
    if (!in.take(' ')) return in.expected("sort criteria");
    if (in.take_icase("RETURN ")) {
        const auto returns = parse_search_return(in);
        if (!returns) return std::unexpected(returns.error());
        if (!in.take(' ')) return in.expected("sort criteria");
        sort.search.returns = *returns;
    }
    auto program = parse_sort_criteria(in);
    if (!program) return std::unexpected(program.error());
    sort.program = std::move(*program);
    const auto criteria = parse_search_criteria(in, sort.search);
    if (!criteria) return std::unexpected(criteria.error());
    const bool needs_fuzzy =
        (sort.search.returns && sort.search.returns->relevancy) || sorts_by_relevancy(sort.program);
    if (needs_fuzzy && !has_fuzzy(sort.search.program))
        return in.expected("FUZZY"); // RFC 6203 §4, §6
    return sort;
}

// thread = "THREAD" SP thread-alg SP search-criteria
Parsed<Arguments> parse_thread(Cursor& in) {
    Thread thread;
    if (in.take_icase(" ORDEREDSUBJECT"))
        thread.algorithm = ThreadAlgorithm::ordered_subject;
    else if (in.take_icase(" REFERENCES"))
        thread.algorithm = ThreadAlgorithm::references;
    else
        return in.expected("threading algorithm");
    const auto criteria = parse_search_criteria(in, thread.search);
    if (!criteria) return std::unexpected(criteria.error());
    return thread;
}

} // namespace maild::imap
