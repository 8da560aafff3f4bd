#pragma once
// What sessions and store both do to the states of a mailbox's messages, ascending by UID as they
// keep them. Pure.

#include "maild/store/types.hpp"

#include <algorithm>
#include <iterator>
#include <span>
#include <type_traits>
#include <vector>

namespace maild::store {

// Those with these UIDs, ascending, go; others are not looked at, but moved in whole runs. So one
// message of a million goes in the time that moving memory takes.
inline void remove_messages(std::vector<MessageState>& messages, std::span<const Uid> gone) {
    static_assert(std::is_trivially_copyable_v<MessageState>);
    auto kept = messages.begin(); // the end of what stays, so far
    auto next = messages.begin(); // behind what has been dealt with
    for (const auto uid : gone) {
        const auto found =
            std::ranges::lower_bound(next, messages.end(), uid, {}, &MessageState::uid);
        if (found == messages.end()) break;
        if (found->uid != uid) continue;
        kept = kept == next ? found : std::move(next, found, kept);
        next = std::next(found);
    }
    if (kept != next) messages.erase(std::move(next, messages.end(), kept), messages.end());
}

} // namespace maild::store
