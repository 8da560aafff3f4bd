#include "store/lease_book.hpp"

#include <algorithm>

namespace maild::store {

std::vector<LeaseBook::Place> LeaseBook::begin_look(const std::string& destination) {
    ++looking_;
    const auto found = leased_.find(destination);
    if (found == leased_.end()) return {};
    return {found->second.begin(), found->second.end()};
}

void LeaseBook::end_look(const std::string& destination, std::vector<queue::LeasedMessage>& found) {
    for (auto& message : found) {
        std::erase_if(message.recipients, [&](const queue::LeasedRecipient& recipient) {
            const Place place(recipient.key.message, recipient.key.position);
            if (settled_.contains(place) || !destinations_.emplace(place, destination).second)
                return true;
            leased_[destination].insert(place);
            return false;
        });
    }
    std::erase_if(found,
                  [](const queue::LeasedMessage& message) { return message.recipients.empty(); });
    abandon_look();
}

void LeaseBook::abandon_look() {
    if (--looking_ == 0) settled_.clear();
}

void LeaseBook::settled(const queue::RecipientKey& key) {
    const Place place(key.message, key.position);
    if (looking_ > 0) settled_.insert(place);
    forget(place);
}

void LeaseBook::released(const queue::RecipientKey& key) { forget({key.message, key.position}); }

void LeaseBook::release_all() {
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
