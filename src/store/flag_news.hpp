#pragma once
// A change of flags as sessions are told of it: the messages by what they look like afterwards, so
// that a whole mailbox is a few ranges.

#include "maild/store/types.hpp"
#include "maild/store/uid_set.hpp"

#include <map>
#include <utility>
#include <vector>

namespace maild::store {

class FlagNews {
public:
    // Ascending.
    void add(Uid uid, Flags after) {
        if (groups_.empty() || groups_[last_].flags != after) last_ = place_of(after);
        if (groups_[last_].uids.size() == kRangesOfChange) last_ = another(after);
        append_uid(groups_[last_].uids, uid);
    }
    std::vector<FlagsChanged> take(ModSeq modseq) {
        for (auto& group : groups_) group.modseq = modseq;
        return std::move(groups_);
    }

private:
    std::size_t place_of(Flags after) {
        const auto found = places_.find(after.bits);
        return found == places_.end() ? another(after) : found->second;
    }
    std::size_t another(Flags after) {
        groups_.push_back({{}, after, {}});
        places_[after.bits] = groups_.size() - 1;
        return groups_.size() - 1;
    }

    std::vector<FlagsChanged> groups_;
    // Of the newest one with these flags. No hash: clients choose the keys.
    std::map<std::uint64_t, std::size_t> places_;
    std::size_t last_ = 0;
};

} // namespace maild::store
