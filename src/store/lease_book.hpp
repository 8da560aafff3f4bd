#pragma once
// Which recipients of the queue are leased, for as long as their holder and this process live. What
// a reader has seen may be old: a row that was settled while it looked is not leased again on its
// word.

#include "maild/queue/lease.hpp"

#include <cstddef>
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
    std::vector<Place> begin_look(const std::string& destination);
    // Takes out what was leased or settled meanwhile, leases the rest.
    void end_look(const std::string& destination, std::vector<queue::LeasedMessage>& found);
    void abandon_look();
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
    std::set<Place> settled_;                   // while a reader looked that began before
    std::size_t looking_ = 0;
};

} // namespace maild::store
