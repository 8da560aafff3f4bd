#pragma once
// Which recipients of the queue are leased, for as long as their holder and this process live. What
// a reader has seen may be old: a row that was settled while it looked is not leased again on its
// word.

#include "maild/queue/lease.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace maild::store {

class LeaseBook {
public:
    using Place = std::pair<QueueId, std::uint32_t>;

    // Before a reader looks for what is due: what it is not to tell, ascending.
    struct Look {
        std::uint64_t number = 0;
        std::uint64_t generation = 0;
        std::vector<Place> except;
    };
    Look begin_look(const std::string& destination);
    // Takes out what was leased or settled meanwhile, leases the rest; nothing, if all leases have
    // ended meanwhile, because who asked is gone.
    void end_look(const Look& look, const std::string& destination,
                  std::vector<queue::LeasedMessage>& found);
    void abandon_look(const Look& look);
    // The row says what it says from now on.
    void settled(const queue::RecipientKey& key);
    // Nothing was tried.
    void released(const queue::RecipientKey& key);
    void release_all();
    bool has(const Place& place) const { return destinations_.contains(place); }

private:
    void forget(const Place& place);

    std::unordered_map<std::string, std::set<Place>> leased_;
    std::map<Place, std::string> destinations_; // of what is leased
    std::map<Place, std::uint64_t> settled_;    // behind which look; while an earlier one goes on
    std::set<std::uint64_t> looking_;
    std::uint64_t last_look_ = 0;
    std::uint64_t generation_ = 0;
};

} // namespace maild::store
