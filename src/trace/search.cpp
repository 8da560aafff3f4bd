#include "trace/search.hpp"

#include <algorithm>
#include <ranges>

namespace maild::trace {
namespace {

// Of one call, so that the process that searches stays with its other work: some 10 ms.
constexpr std::uint64_t kMaxRead = 16ULL << 20;
constexpr std::uint64_t kMaxFound = 1ULL << 20;
constexpr std::chrono::hours kMaxDelay{1}; // of a record on its way here

} // namespace

bool Search::look_at(std::uint64_t number, std::string_view bytes) {
    if (number >= range_.before || number < range_.from) return true;
    const auto record = parse_record(bytes);
    if (!record || !query_.matches(*record)) return true;
    page_.found.push_back({number, std::string(bytes)});
    found_ += bytes.size();
    if (page_.found.size() < range_.limit && found_ < kMaxFound) return true;
    page_.next = number;
    return false;
}

bool Search::look_at(const BlockBuilder& block) {
    auto number = block.end();
    for (const auto& bytes : block.records() | std::views::reverse)
        if (!look_at(--number, bytes)) return false;
    return true;
}

bool Search::look_at(const Segment& segment) {
    for (const auto& place : segment.blocks() | std::views::reverse) {
        const auto& header = place.header;
        if (header.end() <= range_.from) return true;
        if (header.first >= range_.before || header.last_time < query_.since || is_too_new(header))
            continue;
        if (!look_at(segment, place)) return false;
        if (read_ < kMaxRead) continue;
        page_.next = header.first;
        return false;
    }
    return true;
}

// A record comes here after the time that it tells, as long as its worker waits for us.
bool Search::is_too_new(const BlockHeader& header) const {
    return query_.before != WallTime() && header.first_time > query_.before + kMaxDelay;
}

bool Search::look_at(const Segment& segment, const BlockPlace& place) {
    if (!keys_.empty()) {
        read_ += place.header.key_octets;
        const auto keys = segment.read_keys(place);
        if (keys && !may_be_in(*keys)) return true; // damaged keys: look at the records
    }
    read_ += place.header.record_octets;
    std::string buffer;
    const auto records = segment.read_records(place, buffer);
    if (!records) return true;
    auto number = place.header.end();
    for (const auto bytes : *records | std::views::reverse)
        if (!look_at(--number, bytes)) return false;
    return true;
}

bool Search::may_be_in(const std::vector<std::uint64_t>& keys) const {
    return std::ranges::all_of(keys_, [&](const auto& any) {
        return std::ranges::any_of(
            any, [&](std::uint64_t key) { return std::ranges::binary_search(keys, key); });
    });
}

SearchPage Search::page(std::uint64_t end) && {
    page_.end = end;
    return std::move(page_);
}

} // namespace maild::trace
