#pragma once
// Places that logins hold while they wait for something: so many in all, and not all of them for
// one network.

#include "maild/net/ip.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

namespace maild::directory {

class NetworkPlaces {
public:
    NetworkPlaces(std::size_t most, std::size_t most_of_one)
        : most_(most), most_of_one_(most_of_one) {}

    class Place {
    public:
        Place(Place&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), network_(other.network_) {}
        Place& operator=(Place&&) = delete;
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        ~Place() {
            if (owner_ != nullptr) owner_->give_back(network_);
        }

    private:
        friend class NetworkPlaces;
        Place(NetworkPlaces& owner, const std::optional<net::IpAddress>& network)
            : owner_(&owner), network_(network) {}
        NetworkPlaces* owner_;
        std::optional<net::IpAddress> network_;
    };

    // Without a network only all together count. Outlives its places.
    std::optional<Place> take(const std::optional<net::IpAddress>& network) {
        if (taken_ >= most_) return std::nullopt;
        if (network) {
            auto& here = by_network_[*network];
            if (here >= most_of_one_) return std::nullopt;
            ++here;
        }
        ++taken_;
        return Place(*this, network);
    }

private:
    void give_back(const std::optional<net::IpAddress>& network) {
        --taken_;
        if (!network) return;
        const auto here = by_network_.find(*network);
        if (--here->second == 0) by_network_.erase(here);
    }

    std::size_t most_;
    std::size_t most_of_one_;
    std::size_t taken_ = 0;
    std::map<net::IpAddress, std::size_t> by_network_;
};

} // namespace maild::directory
