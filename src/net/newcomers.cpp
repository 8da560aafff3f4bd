#include "net/newcomers.hpp"

namespace maild::net {

void Newcomers::add(std::uint64_t id, const IpAddress& network) {
    auto& ids = by_network_[network];
    if (!ids.empty()) ranks_.erase(rank(ids));
    ids.insert(id);
    ranks_.insert(rank(ids));
    network_of_.emplace(id, network);
}

std::optional<IpAddress> Newcomers::remove(std::uint64_t id) {
    const auto known = network_of_.find(id);
    if (known == network_of_.end()) return std::nullopt;
    const auto network = by_network_.find(known->second);
    auto& ids = network->second;
    ranks_.erase(rank(ids));
    ids.erase(id);
    if (ids.empty())
        by_network_.erase(network);
    else
        ranks_.insert(rank(ids));
    const auto key = known->second;
    network_of_.erase(known);
    return key;
}

std::optional<std::uint64_t> Newcomers::first_to_go() const {
    if (ranks_.empty()) return std::nullopt;
    return ~ranks_.rbegin()->second;
}

} // namespace maild::net
