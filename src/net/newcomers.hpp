#pragma once
// The sessions of a gate whose peer has shown nothing yet (or has not logged in and is a stranger
// for good, in another object), by network, and who of them makes room
// for the next: of the network that has most, the oldest. So whoever opens many stands in his own
// way first. Memory: an entry for each; every call takes the logarithm of their number.

#include "maild/net/ip.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace maild::net {

class Newcomers {
public:
    // Ids grow: the least is the oldest.
    void add(std::uint64_t id, const IpAddress& network);
    // Gives back its network; none, and no error, when it is no newcomer.
    std::optional<IpAddress> remove(std::uint64_t id);
    std::optional<std::uint64_t> first_to_go() const;
    std::size_t count() const { return network_of_.size(); }

private:
    using Ids = std::set<std::uint64_t>;
    // Ascending: the greatest is whose oldest goes first.
    static std::pair<std::size_t, std::uint64_t> rank(const Ids& ids) {
        return {ids.size(), ~*ids.begin()};
    }

    std::map<std::uint64_t, IpAddress> network_of_;
    std::map<IpAddress, Ids> by_network_;
    std::set<std::pair<std::size_t, std::uint64_t>> ranks_; // of each network
};

} // namespace maild::net
