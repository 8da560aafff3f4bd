// Checking: the search index, block by block. What is wrong is dropped at once, with or without
// --repair: searches scan until it has been made anew.
#include "store/check.hpp"
#include "store/indexer.hpp"
#include "store/pass.hpp"
#include "store/search_index.hpp"

#include "maild/db/transaction.hpp"

namespace maild::store {
namespace {

constexpr std::size_t kBlocksPerSlice = 128; // of 32 KiB

// Why a block is not to be believed; empty: it is.
Result<std::string> fault_of(Checking& check, const IndexSegment& segment, std::size_t block) {
    std::string buffer;
    const auto entries = segment.read(block, buffer);
    if (!entries) return entries.error().internal;
    const auto ours = living(check.reading.database, *entries);
    if (!ours) return pass(ours);
    return *ours ? std::string() : std::string("it is about other mail");
}

// False: there is more of the segment.
Result<bool> check_segment(Checking& check, const IndexSegment& segment, std::size_t& left) {
    for (std::size_t i = 0; i < segment.blocks().size(); ++i) {
        if (segment.blocks()[i].last < check.at.first) continue;
        check.at.first = segment.blocks()[i].first;
        if (left-- == 0) return false;
        const auto fault = fault_of(check, segment, i);
        if (!fault) return pass(fault);
        if (fault->empty()) continue;
        check.reading.index.condemn(segment, *fault);
        check
            .add(FindingKind::index,
                 "a part of the search index was dropped, and is made anew (" + *fault + ")")
            .finding.is_repaired = true;
        break;
    }
    check.at.first = segment.range().last + 1;
    return true;
}

} // namespace

Result<bool> check_index(Checking& check) {
    auto view = db::Transaction::begin_read(check.reading.database);
    if (!view) return pass(view);
    const auto segments = check.reading.index.segments();
    std::size_t left = kBlocksPerSlice;
    for (const auto& segment : *segments) {
        if (segment->range().last < check.at.first) continue;
        const auto is_through = check_segment(check, *segment, left);
        if (!is_through) return is_through;
        if (*is_through) continue;
        const auto last = std::max<std::int64_t>(segments->back()->range().last, 1);
        check.percent = static_cast<std::uint32_t>(check.at.first * 100 / last);
        return false;
    }
    return true;
}

} // namespace maild::store
