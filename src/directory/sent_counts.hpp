#pragma once
// How much each account has submitted on one day, in memory: an entry for each account that has
// sent something. Another day begins at nought. Kept in the rows now and then, see changed().

#include "maild/base/ids.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <utility>

namespace maild::directory {

class SentCounts {
public:
    using Day = std::chrono::sys_days;
    struct Count {
        std::uint32_t messages = 0;
        std::uint32_t recipients = 0;
    };

    Day day() const { return day_; }
    void turn_to(Day day) {
        if (day == day_) return;
        day_ = day;
        counts_.clear();
        changed_.clear();
    }
    Count of(AccountId account) const {
        const auto found = counts_.find(account);
        return found == counts_.end() ? Count{} : found->second;
    }
    // One more message to so many recipients.
    void add(AccountId account, std::uint32_t recipients) {
        constexpr auto kMost = std::numeric_limits<std::uint32_t>::max();
        auto& count = counts_[account];
        count.messages += count.messages < kMost ? 1 : 0;
        count.recipients += std::min(recipients, kMost - count.recipients);
        changed_.insert(account);
    }
    void put(AccountId account, Count count) { counts_[account] = count; }
    // False if there was nothing.
    bool forget(AccountId account) {
        if (counts_.erase(account) == 0) return false;
        changed_.insert(account);
        return true;
    }
    const std::map<AccountId, Count>& all() const { return counts_; }
    // Accounts whose count the rows do not have yet.
    const std::set<AccountId>& changed() const { return changed_; }
    void set_kept() { changed_.clear(); }

private:
    Day day_{};
    std::map<AccountId, Count> counts_;
    std::set<AccountId> changed_;
};

} // namespace maild::directory
