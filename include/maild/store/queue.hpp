#pragma once
// The queue, to who sends: `sender` leases what is due, reads it, and settles what became of it.
// Rows are written by MessageStore::deliver. Beside a MessageStore, as Claims is.

#include "maild/base/error.hpp"
#include "maild/net/task.hpp"
#include "maild/queue/lease.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::store {

// Of a QueueId: the row in its shard. Above them stands the shard.
inline constexpr int kQueueRowBits = 40;

inline constexpr std::uint32_t kMaxLeased = 1'000;       // recipients of one lease
inline constexpr std::uint32_t kMaxDestinations = 1'000; // of one answer
inline constexpr std::size_t kMaxSettlements = 4'000;    // of one call
inline constexpr std::size_t kMaxReadWhole = 32;         // messages of one call
inline constexpr std::uint64_t kMaxWhole = 64U << 10U;   // octets of one that is read so

class Queue {
public:
    virtual ~Queue() = default;
    // Where something is due at some time, ascending by domain from behind `after`, at most `most`.
    virtual net::Task<Result<std::vector<queue::Destination>>> destinations(std::string after,
                                                                            std::uint32_t most) = 0;
    // Leases up to `most` recipients of a destination that are due now: those with a higher
    // priority first (RFC 6710), then those that have been due for longer. A message comes once,
    // with all of its recipients that are leased.
    virtual net::Task<Result<std::vector<queue::LeasedMessage>>> lease(std::string destination,
                                                                       std::uint32_t most) = 0;
    // Recipients that owe a report to the sender of their message and are not told of elsewhere,
    // from behind `after`: at most `most` messages.
    virtual net::Task<Result<std::vector<queue::LeasedMessage>>> owed(QueueId after,
                                                                      std::uint32_t most) = 0;
    // The message as it goes out, its trace fields first; empty behind its end. not_found: it has
    // left the queue.
    virtual net::Task<Result<std::string>> read_queued(QueueId message, std::uint64_t offset,
                                                       std::uint64_t length) = 0;
    // Several small ones in one go: an answer for each, in their order, which is empty for what has
    // left the queue or is larger than kMaxWhole. At most kMaxReadWhole, all of one shard.
    virtual net::Task<Result<std::vector<std::string>>>
    read_whole(std::vector<QueueId> messages) = 0;
    // In one commit for each shard. Keys that are not up to date are passed over: the number of
    // those. A message whose last recipient goes, goes with it.
    virtual net::Task<Result<std::uint64_t>> settle(std::vector<queue::Settlement> settlements) = 0;
    // Those that have not ended, by destination.
    virtual net::Task<Result<std::vector<queue::Suspension>>> suspensions() = 0;
    // All leases end: whoever had them is gone.
    virtual void release_leases() = 0;
};

// What an admin asks.
class QueueAdmin {
public:
    virtual ~QueueAdmin() = default;
    // What is being delivered just now is changed when that attempt has ended, except `hold`,
    // which keeps it from being tried again.
    virtual net::Task<Result<queue::ChangeSlice>> change_queue(queue::ChangeRequest request) = 0;
    // The one there was is replaced; one whose time has passed ends it. The same as in Queue.
    virtual net::Task<Result<void>> suspend(queue::Suspension suspension) = 0;
    virtual net::Task<Result<std::vector<queue::Suspension>>> list_suspensions() = 0;
    // What comes into the queue for that address from now on fails at once.
    virtual net::Task<Result<void>> suppress(queue::Suppression suppression) = 0;
    // not_found: it is not suppressed.
    virtual net::Task<Result<void>> unsuppress(std::string address) = 0;
    // By address, from behind `after`, at most `most`.
    virtual net::Task<Result<std::vector<queue::Suppression>>>
    list_suppressions(std::string after, std::uint32_t most) = 0;
    // Those with most recipients first, at most `most`.
    virtual net::Task<Result<std::vector<queue::DestinationFigures>>>
    queue_figures(std::uint32_t most) = 0;
};

} // namespace maild::store
