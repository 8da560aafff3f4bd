#include "store/lease_book.hpp"

#include <algorithm>

namespace maild::store {

LeaseBook::Look LeaseBook::begin_look(const std::string& destination) {
    Look look{++last_look_, generation_, {}};
    looking_.insert(look.number);
    const auto found = leased_.find(destination);
    if (found != leased_.end()) look.except.assign(found->second.begin(), found->second.end());
    return look;
}

void LeaseBook::end_look(const Look& look, const std::string& destination,
                         std::vector<queue::LeasedMessage>& found) {
    if (look.generation != generation_) found.clear();
    for (auto& message : found) {
        std::erase_if(message.recipients, [&](const queue::LeasedRecipient& recipient) {
            const Place place(recipient.key.message, recipient.key.position);
            const auto settled = settled_.find(place);
            if (settled != settled_.end() && settled->second >= look.number) return true;
            if (!destinations_.emplace(place, destination).second) return true;
            leased_[destination].insert(place);
            return false;
        });
    }
    std::erase_if(found,
                  [](const queue::LeasedMessage& message) { return message.recipients.empty(); });
    abandon_look(look);
}

void LeaseBook::abandon_look(const Look& look) {
    looking_.erase(look.number);
    const auto oldest = looking_.empty() ? UINT64_MAX : *looking_.begin();
    std::erase_if(settled_, [oldest](const auto& one) { return one.second < oldest; });
}

void LeaseBook::settled(const queue::RecipientKey& key) {
    const Place place(key.message, key.position);
    if (!looking_.empty()) settled_[place] = last_look_;
    forget(place);
}

void LeaseBook::released(const queue::RecipientKey& key) { forget({key.message, key.position}); }

void LeaseBook::release_all() {
    ++generation_;
    leased_.clear();
    destinations_.clear();
}

void LeaseBook::forget(const Place& place) {
    const auto found = destinations_.find(place);
    if (found == destinations_.end()) return;
    const auto places = leased_.find(found->second);
    places->second.erase(place);
    if (places->second.empty()) leased_.erase(places);
    destinations_.erase(found);
}

} // namespace maild::store
