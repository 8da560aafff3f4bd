#include "imap/search_result.hpp"

#include "imap/respond.hpp"

#include "maild/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace maild::imap {

namespace {

// search-return-opt
Parsed<bool> parse_return_option(Cursor& in, SearchReturn& returns) {
    const auto name = parse_atom(in);
    if (!name) return std::unexpected(name.error());
    using Entry = std::pair<std::string_view, bool SearchReturn::*>;
    constexpr std::array kOptions = {
        Entry{"MIN", &SearchReturn::min},       Entry{"MAX", &SearchReturn::max},
        Entry{"ALL", &SearchReturn::all},       Entry{"COUNT", &SearchReturn::count},
        Entry{"SAVE", &SearchReturn::save},     Entry{"CONTEXT", &SearchReturn::context},
        Entry{"UPDATE", &SearchReturn::update}, Entry{"RELEVANCY", &SearchReturn::relevancy}};
    for (const auto& [text, member] : kOptions) {
        if (!ascii::equals_icase(text, *name)) continue;
        returns.*member = true;
        // modifier-update, RFC 5465 §8
        if (member != &SearchReturn::update || !in.rest().starts_with(" (")) return true;
        in.take(' ');
        auto items = parse_fetch_items(in);
        if (!items) return std::unexpected(items.error());
        returns.update_items = std::move(*items);
        return true;
    }
    // RFC 9394 §3.1: once, and not together with ALL.
    if (!ascii::equals_icase("PARTIAL", *name) || returns.partial || !in.take(' '))
        return in.expected("result option");
    const auto range = parse_partial_range(in);
    if (!range) return std::unexpected(range.error());
    returns.partial = *range;
    return true;
}

void append_range(std::string& out, const PartialRange& range) {
    const std::string_view sign = range.from_end ? "-" : "";
    out += sign;
    append_number(out, range.first);
    out.append(":").append(sign);
    append_number(out, range.last);
}

// RFC 6203 §7 score-list
void append_scores(std::string& out, std::span<const std::uint32_t> scores) {
    char before = '(';
    out += " RELEVANCY ";
    for (const auto score : scores) {
        append_number(out += before, score);
        before = ' ';
    }
    out += scores.empty() ? "()" : ")";
}

} // namespace

Parsed<PartialRange> parse_partial_range(Cursor& in) {
    const bool from_end = in.take('-');
    const auto first = parse_nz_number(in);
    if (!first) return std::unexpected(first.error());
    if (!in.take(':') || (from_end && !in.take('-'))) return in.expected("range");
    const auto last = parse_nz_number(in);
    if (!last) return std::unexpected(last.error());
    return PartialRange{std::min(*first, *last), std::max(*first, *last), from_end};
}

Positions positions(const PartialRange& range, std::size_t count) {
    const auto before = std::min<std::size_t>(range.first - 1, count);
    const auto upto = std::min<std::size_t>(range.last, count);
    if (range.from_end) return {count - upto, count - before};
    return {before, upto};
}

Ranges pick(const Ranges& seqs, const PartialRange& range) {
    std::size_t count = 0;
    for (const auto& [first, last] : seqs) count += last - first + 1;
    const auto [begin, end] = positions(range, count);
    Ranges out;
    std::size_t before = 0; // of this range
    for (const auto& [first, last] : seqs) {
        const std::size_t size = last - first + 1;
        const auto from = std::max(begin, before) - before;
        const auto upto = std::min(end, before + size) - std::min(end, before);
        before += size;
        if (from >= upto) continue;
        out.push_back({static_cast<std::uint32_t>(first + from),
                       static_cast<std::uint32_t>(first + upto - 1)});
    }
    return out;
}

Parsed<SearchReturn> parse_search_return(Cursor& in) {
    SearchReturn returns;
    if (!in.take('(')) return in.expected("(");
    if (in.take(')')) {
        returns.all = true;
        return returns;
    }
    do {
        const auto option = parse_return_option(in, returns);
        if (!option) return std::unexpected(option.error());
    } while (in.take(' '));
    if (!in.take(')') || (returns.all && returns.partial)) return in.expected("result options");
    return returns;
}

std::vector<std::uint32_t> chosen(const SearchReturn& returns,
                                  const std::vector<std::uint32_t>& found) {
    const bool has_few = returns.min || returns.max || returns.partial;
    if (!has_few || returns.all || returns.count || found.empty()) return found;
    std::vector<std::uint32_t> out;
    if (returns.partial) {
        const auto [begin, end] = positions(*returns.partial, found.size());
        out.assign(found.begin() + static_cast<std::ptrdiff_t>(begin),
                   found.begin() + static_cast<std::ptrdiff_t>(end));
    }
    if (returns.min && (out.empty() || out.front() != found.front()))
        out.insert(out.begin(), found.front());
    if (returns.max && (out.empty() || out.back() != found.back())) out.push_back(found.back());
    return out;
}

void append_esearch(std::string& out, std::string_view correlators, bool is_uid,
                    const SearchReturn& returns, const FoundMessages& found) {
    const auto& numbers = found.numbers;
    out.append("* ESEARCH (").append(correlators);
    out += is_uid ? ") UID" : ")";
    if (returns.min && !numbers.empty()) append_number(out += " MIN ", numbers.front());
    if (returns.max && !numbers.empty()) append_number(out += " MAX ", numbers.back());
    if (returns.all && !numbers.empty()) append_number_set(out += " ALL ", numbers);
    if (returns.count) append_number(out += " COUNT ", numbers.size());
    const auto [begin, end] = returns.partial ? positions(*returns.partial, numbers.size())
                                              : Positions{0, numbers.size()};
    if (returns.partial) {
        append_range(out += " PARTIAL (", *returns.partial);
        if (begin == end)
            out += " NIL";
        else
            append_number_set(out += ' ', std::span(numbers).subspan(begin, end - begin));
        out += ')';
    }
    if (!found.scores.empty())
        append_scores(out, std::span(found.scores).subspan(begin, end - begin));
}

} // namespace maild::imap
