#pragma once
// How mail gets to a destination: what the sender knows of hosts, routes and TLS is behind this.

#include "maild/queue/lease.hpp"
#include "maild/relay/content.hpp"
#include "maild/relay/outcome.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace maild::sender {

// A connection to one of the destination's hosts. Belongs to one coroutine.
class Connection {
public:
    virtual ~Connection() = default;
    // One transaction with these recipients of the message: an outcome for each, in their order.
    virtual net::Task<std::vector<relay::Outcome>> send(const queue::LeasedMessage& message,
                                                        relay::Content& content) = 0;
    virtual bool is_usable() const = 0;              // for another transaction
    virtual std::size_t most_recipients() const = 0; // of one, at least 1
    virtual bool host_reports() const = 0;           // DSN was offered (RFC 3461)
    virtual std::size_t transactions() const = 0;    // so far
    virtual net::Task<void> quit() = 0;
};

class Transport {
public:
    virtual ~Transport() = default;
    // Messages with the same key may go over one connection.
    virtual std::string way_of(const std::string& destination,
                               const queue::LeasedMessage& message) = 0;
    // It is what single messages ask for: that it leads nowhere says nothing of all others.
    virtual bool is_special(const std::string& way) const = 0;
    // To the first host that can be reached and lets us in. Otherwise what holds for all mail that
    // goes this way: `failed` when there will never be such a host.
    virtual net::Task<Result<std::unique_ptr<Connection>, relay::Outcome>>
    connect(std::string destination, const queue::LeasedMessage& message) = 0;
};

} // namespace maild::sender
