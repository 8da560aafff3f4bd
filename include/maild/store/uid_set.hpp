#pragma once
// Sets of UIDs as ranges. Everything is linear in the ranges, never in the UIDs that they span
// (1:4294967295).

#include "maild/base/error.hpp"
#include "maild/store/types.hpp"

#include <algorithm>

namespace maild::store {

inline constexpr std::size_t kMaxRanges = 100'000; // of one request

// invalid_argument unless ascending, disjoint, without zero, and at most kMaxRanges.
inline Result<void> check_uids(const UidSet& uids) {
    if (uids.size() > kMaxRanges) return fail(Errc::invalid_argument, "too many UID ranges");
    Uid before;
    for (const auto& range : uids) {
        if (range.first <= before || range.last < range.first)
            return fail(Errc::invalid_argument, "UID set");
        before = range.last;
    }
    return {};
}

// `uids` ascending.
inline void append_uid(UidSet& uids, Uid uid) {
    if (!uids.empty() && uids.back().last.value + 1 == uid.value)
        uids.back().last = uid;
    else
        uids.push_back({uid, uid});
}

// How many there are, if each of them is meant.
inline std::uint64_t count_of(const UidSet& uids) {
    std::uint64_t count = 0;
    for (const auto& range : uids) count += std::uint64_t{range.last.value} - range.first.value + 1;
    return count;
}

inline bool contains(const UidSet& uids, Uid uid) {
    const auto range = std::ranges::lower_bound(uids, uid, {}, &UidRange::last);
    return range != uids.end() && range->first <= uid;
}

} // namespace maild::store
