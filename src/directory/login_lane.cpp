#include "directory/login_lane.hpp"

#include "maild/net/timer.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <utility>

// GCC 12 takes Asio's recycled coroutine frames (aligned_alloc, freed by the frame's operator
// delete) for a mismatch.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"

namespace maild::directory {

struct LoginLane::State : std::enable_shared_from_this<LoginLane::State> {
    struct Network {
        std::size_t places = 0;
        std::list<Waiter*> waiting;
    };

    bool has_place(const Network& network) const {
        return places < kPlaces && network.places < kPlacesOfOne;
    }
    void leave(const net::IpAddress& network);
    void let_in();
    void forget_if_idle(const net::IpAddress& network);

    std::map<net::IpAddress, Network> networks; // that have a place or wait for one
    std::size_t places = 0;
    std::size_t waiting = 0;
    std::uint64_t last_number = 0;
};

// In the frame of who waits.
struct LoginLane::Waiter {
    Waiter(State& lane, const net::IpAddress& key)
        : state(lane), network(key), number(++lane.last_number) {
        state.networks[network].waiting.push_back(this);
        ++state.waiting;
    }
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;
    ~Waiter() {
        if (!place) unlink();
    }
    void unlink() {
        state.networks[network].waiting.remove(this);
        --state.waiting;
        state.forget_if_idle(network);
    }

    State& state;
    net::IpAddress network;
    std::uint64_t number;
    std::optional<Place> place;
    net::Event let_in;
};

void LoginLane::State::forget_if_idle(const net::IpAddress& network) {
    const auto found = networks.find(network);
    if (found != networks.end() && found->second.places == 0 && found->second.waiting.empty())
        networks.erase(found);
}

void LoginLane::State::leave(const net::IpAddress& network) {
    --places;
    --networks[network].places;
    let_in();
    forget_if_idle(network);
}

void LoginLane::State::let_in() {
    while (true) {
        Waiter* next = nullptr;
        std::size_t fewest = 0;
        for (const auto& [key, network] : networks) {
            if (network.waiting.empty() || !has_place(network)) continue;
            auto* first = network.waiting.front();
            if (next != nullptr &&
                std::pair(network.places, first->number) >= std::pair(fewest, next->number))
                continue;
            next = first;
            fewest = network.places;
        }
        if (next == nullptr) return;
        next->place.emplace(Place(shared_from_this(), next->network));
        next->unlink();
        next->let_in.notify();
    }
}

LoginLane::Place::Place(std::shared_ptr<State> state, const net::IpAddress& network)
    : state_(std::move(state)), network_(network) {
    ++state_->places;
    ++state_->networks[network_].places;
}

LoginLane::Place::~Place() {
    if (state_) state_->leave(network_);
}

LoginLane::LoginLane() : state_(std::make_shared<State>()) {}
LoginLane::~LoginLane() = default;

net::Task<Result<LoginLane::Place>> LoginLane::enter(std::string remote_address) {
    const auto state = state_;
    const auto address = net::parse_ip(remote_address);
    const auto key = address ? net::peer_key(*address) : net::IpAddress{};
    const auto found = state->networks.find(key);
    const bool is_new = found == state->networks.end();
    if (state->has_place(is_new ? State::Network{} : found->second)) co_return Place(state, key);
    const auto of_one = is_new ? 0 : found->second.waiting.size();
    if (state->waiting >= kMostWaiting || of_one >= kMostWaitingOfOne)
        co_return fail(Errc::busy, "too many logins wait");
    Waiter waiter(*state, key);
    const bool is_in = co_await waiter.let_in.wait(kLongestWait);
    if (!is_in || !waiter.place) co_return fail(Errc::busy, "logins take too long");
    Place place = std::move(*waiter.place);
    co_return place;
}

} // namespace maild::directory
