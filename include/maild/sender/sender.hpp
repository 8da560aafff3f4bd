#pragma once
// The queue's engine: takes destinations as they become due, leases what waits there, sends it over
// connections that are used again, and tells the store what became of it. How many connections a
// destination gets follows what it bears; one that cannot be reached costs the others nothing. One
// thread; everything that is borrowed outlives it.

#include "maild/base/clock.hpp"
#include "maild/net/task.hpp"
#include "maild/sender/retry.hpp"
#include "maild/sender/schedule.hpp"
#include "maild/sender/transport.hpp"
#include "maild/store/queue.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace maild::sender {

struct Options {
    RetryPolicy retry{};
    DownPolicy down{};
    std::size_t connections = 200; // of all destinations together
    std::size_t connections_per_destination = 20;
    std::size_t first_connections = 2; // of one that is not known yet
    std::size_t messages_per_connection = 100;
    std::chrono::seconds look_again = std::chrono::minutes(1); // at everything that waits
};

// Who wants to know what was tried: the trace, and logs.
class AttemptSink {
public:
    virtual ~AttemptSink() = default;
    // One transaction, with an outcome for each of the message's recipients.
    virtual void attempted(const queue::LeasedMessage& message, const std::string& destination,
                           const std::vector<relay::Outcome>& outcomes,
                           const std::vector<queue::Settlement>& settlements) = 0;
};

struct Figures {
    std::size_t destinations = 0; // with something that waits, or down
    std::size_t connections = 0;
    std::size_t in_flight = 0; // recipients
};

class Sender {
public:
    // `attempts` may be null.
    Sender(boost::asio::io_context& io, store::Queue& queue, Transport& transport,
           AttemptSink* attempts, const Clock& clock, Random& random, const Options& options);
    ~Sender();
    Sender(const Sender&) = delete;
    Sender& operator=(const Sender&) = delete;

    // Reports have come to be owed: store::Queue::owed() has them.
    void on_owed(std::function<void()> handler);
    void set_options(const Options& options);
    net::Task<void> run(); // until stop()
    // store::RemoteStore::on_queued; nothing told: look at everything.
    void queued(const std::vector<queue::Destination>& where);
    Figures figures() const;
    // Leases nothing more; what is under way ends, and the store is told, at most for so long.
    net::Task<void> stop(std::chrono::milliseconds patience);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::sender
