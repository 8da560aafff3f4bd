#pragma once
// Which bodies were found whole a short while ago, so that a large message that is read in pieces
// is verified once and not for each piece. Bounded; any thread.

#include "store/pack_record.hpp"

#include <cstddef>
#include <mutex>
#include <set>
#include <vector>

namespace maild::store {

class VerifiedBodies {
public:
    bool contains(const Location& location) const {
        const std::lock_guard lock(mutex_);
        return known_.contains(location);
    }
    void add(const Location& location) {
        const std::lock_guard lock(mutex_);
        if (!known_.insert(location).second) return;
        if (order_.size() < kLimit)
            order_.push_back(location);
        else { // the oldest makes place
            known_.erase(order_[next_]);
            order_[next_] = location;
            next_ = (next_ + 1) % kLimit;
        }
    }

private:
    static constexpr std::size_t kLimit = 1024;
    mutable std::mutex mutex_;
    std::set<Location> known_;
    std::vector<Location> order_;
    std::size_t next_ = 0;
};

} // namespace maild::store
