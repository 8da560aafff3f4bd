#pragma once
// One destination's mail, from when something is due there until nothing is: leases in batches and
// deals messages out to its connections.

#include "sender/context.hpp"

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace maild::sender {

class Run : public std::enable_shared_from_this<Run> {
public:
    Run(std::shared_ptr<Context> context, std::string destination)
        : context_(std::move(context)), destination_(std::move(destination)) {}

    net::Task<void> go();

private:
    net::Task<void> refill(std::uint32_t most);
    net::Task<void> work();
    net::Task<bool> work_on(std::string way);
    net::Task<bool> send_one(Connection& connection, queue::LeasedMessage message);
    std::optional<queue::LeasedMessage> take(const std::string& way);
    net::Task<std::string> content_of(const queue::LeasedMessage& message);
    void note_pace(std::chrono::steady_clock::duration took);
    std::size_t wanted_workers() const;
    bool has_to_make_room(SteadyTime began) const;
    void put_back(queue::LeasedMessage message);
    void add_workers();
    void settle(const queue::LeasedMessage& message, const std::vector<relay::Outcome>& outcomes,
                bool host_reports);
    bool fail_to_connect(const std::string& way, const queue::LeasedMessage& message,
                         const relay::Outcome& outcome);
    void settle_refused();
    void settle_untried(const queue::LeasedMessage& message, const relay::Outcome& outcome);
    void hand_over(queue::Settlement settlement);
    void release(const queue::LeasedMessage& message);

    std::shared_ptr<Context> context_;
    std::string destination_;
    std::deque<queue::LeasedMessage> pending_;
    std::size_t workers_ = 0;
    std::size_t most_workers_ = 0;
    bool is_exhausted_ = false; // nothing more was due when it was asked last
    bool is_leasing_ = false;
    // By way (Transport::way_of): of those that lead nowhere, which nobody tries again in this run.
    std::map<std::string, relay::Outcome> verdicts_;
    std::map<std::string, std::size_t> connected_; // connections that are open, by way
    std::set<std::string> ways_;                   // that messages of this run wanted to go
    std::optional<WallTime> next_due_;             // of what was deferred
    std::map<QueueId, std::string> contents_;      // read before it is their turn
    // What a transaction takes here; before the first has ended, since when it has been under way.
    std::optional<std::chrono::steady_clock::duration> pace_;
    std::optional<SteadyTime> first_began_;
    net::Event changed_;
};

} // namespace maild::sender
