#include "imap/sequence_set.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr std::uint32_t kStar = 0;

// seq-number = nz-number / "*"
Parsed<std::uint32_t> parse_seq_number(Cursor& in) {
    if (in.take('*')) return kStar;
    return parse_nz_number(in);
}

} // namespace

Parsed<SequenceSet> parse_sequence_set(Cursor& in) {
    SequenceSet set;
    set.is_saved_ = in.take('$');
    if (set.is_saved_) return set;
    do {
        const auto first = parse_seq_number(in);
        if (!first) return std::unexpected(first.error());
        if (!in.take(':')) {
            set.parts_.push_back({*first, *first});
            continue;
        }
        const auto last = parse_seq_number(in);
        if (!last) return std::unexpected(last.error());
        set.parts_.push_back({*first, *last});
    } while (in.take(','));
    return set;
}

Ranges SequenceSet::resolve(std::uint32_t star) const {
    Ranges out;
    out.reserve(parts_.size());
    for (auto [first, last] : parts_) {
        if ((first == kStar || last == kStar) && star == 0) continue;
        if (first == kStar) first = star;
        if (last == kStar) last = star;
        out.push_back({std::min(first, last), std::max(first, last)});
    }
    return normal(std::move(out));
}

std::uint32_t SequenceSet::greatest() const {
    std::uint32_t out = 0;
    for (const auto& [first, last] : parts_)
        if (first != kStar && last != kStar) out = std::max({out, first, last});
    return out;
}

void SequenceSet::pin_star(std::uint32_t star) {
    for (auto& part : parts_)
        if (part == Range{0, 0}) part = {star, star};
}

std::optional<Ranges> SequenceSet::ascending() const {
    std::uint32_t before = 0;
    for (const auto& [first, last] : parts_) {
        // A star is 0 and so never above anything.
        if (first <= before || last < first) return std::nullopt;
        before = last;
    }
    return is_saved_ ? std::nullopt : std::optional(parts_);
}

Ranges normal(Ranges ranges) {
    std::ranges::sort(ranges, {}, &Range::first);
    Ranges out;
    for (const auto& range : ranges) {
        const bool joins =
            !out.empty() && (range.first <= out.back().last || range.first - 1 == out.back().last);
        if (joins)
            out.back().last = std::max(out.back().last, range.last);
        else
            out.push_back(range);
    }
    return out;
}

void append_seq(Ranges& ranges, std::uint32_t number) {
    if (!ranges.empty() && ranges.back().last + 1 == number)
        ranges.back().last = number;
    else
        ranges.push_back({number, number});
}

bool contains(const Ranges& normal_ranges, std::uint32_t number) {
    const auto after = std::ranges::upper_bound(normal_ranges, number, {}, &Range::first);
    return after != normal_ranges.begin() && std::prev(after)->last >= number;
}

} // namespace maild::imap
