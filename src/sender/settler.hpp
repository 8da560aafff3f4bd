#pragma once
// What became of recipients, on its way to the store: gathered while the store is busy, and kept
// until it has answered, so that a store that restarts is told all the same. Knows what is in
// flight, that is leased here and not settled: a store that has forgotten the lease must not give
// it out a second time. One thread.

#include "maild/net/timer.hpp"
#include "maild/store/queue.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <vector>

namespace maild::sender {

class Settler {
public:
    // Borrowed.
    explicit Settler(store::Queue& queue) : queue_(queue) {}

    // Of those that were leased, the ones that are not in flight; from now on they are.
    void take_over(std::vector<queue::LeasedMessage>& leased);
    void add(queue::Settlement settlement);
    // Told after a report has come to be owed.
    void on_owed(std::function<void()> handler) { on_owed_ = std::move(handler); }
    // For ever, or after stop() until everything was told.
    net::Task<void> run();
    void stop();
    // Until less than this waits to be told.
    net::Task<void> drain(std::size_t below);
    std::size_t in_flight() const { return in_flight_.size(); }

private:
    using Place = std::pair<QueueId, std::uint32_t>;

    store::Queue& queue_;
    std::set<Place> in_flight_;
    struct Lane {
        std::vector<queue::Settlement> waiting;
        std::chrono::steady_clock::time_point not_before{}; // it has failed
    };
    net::Task<bool> settle_some(std::int64_t shard);
    std::size_t waiting() const;

    std::map<std::int64_t, Lane> lanes_; // by shard: one that fails keeps no other's waiting
    net::Event added_;
    net::Event told_;
    std::function<void()> on_owed_;
    bool is_stopping_ = false;
};

} // namespace maild::sender
