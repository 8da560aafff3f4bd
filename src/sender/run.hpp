#pragma once
// One destination's mail, from when something is due there until nothing is: leases in batches and
// deals messages out to its connections.

#include "sender/context.hpp"

#include <deque>
#include <memory>
#include <optional>
#include <string>

namespace maild::sender {

class Run : public std::enable_shared_from_this<Run> {
public:
    Run(std::shared_ptr<Context> context, std::string destination)
        : context_(std::move(context)), destination_(std::move(destination)) {}

    net::Task<void> go();

private:
    net::Task<bool> refill(std::uint32_t most);
    net::Task<void> work();
    net::Task<void> work_on(std::string way);
    net::Task<bool> send_one(Connection& connection, queue::LeasedMessage message);
    std::optional<queue::LeasedMessage> take(const std::string& way);
    void put_back(queue::LeasedMessage message);
    void add_workers();
    void settle(const queue::LeasedMessage& message, const std::vector<relay::Outcome>& outcomes,
                bool host_reports);
    void fail_to_connect(const queue::LeasedMessage& message, const relay::Outcome& outcome);
    net::Task<void> refuse_all();
    void settle_untried(const queue::LeasedMessage& message);
    void hand_over(queue::Settlement settlement);
    void release(const queue::LeasedMessage& message);

    std::shared_ptr<Context> context_;
    std::string destination_;
    std::deque<queue::LeasedMessage> pending_;
    std::size_t workers_ = 0;
    std::size_t connected_ = 0; // of `workers_`
    std::size_t most_workers_ = 0;
    bool is_exhausted_ = false; // nothing more was due when it was asked last
    bool is_leasing_ = false;
    std::optional<relay::Outcome> verdict_; // of the destination: nobody tries it again in this run
    std::optional<WallTime> next_due_;      // of what was deferred
    net::Event changed_;
};

} // namespace maild::sender
