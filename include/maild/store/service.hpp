#pragma once
// The store's side of the IPC: decodes what workers and control ask, calls a MessageStore, sends
// answers and changes back (DESIGN: IPC). It is the boundary that holds when a worker falls: every
// request is checked for what the peer's role may ask, every session handle for belonging to the
// connection it comes on, every number for its range; what is malformed is answered with
// protocol_error or ends the connection. When a connection ends, so do its sessions. Borrows io and
// the store, which outlive it. One thread.

#include "maild/base/unique_fd.hpp"
#include "maild/ipc/server.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/claims.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/queue.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace maild::store {

struct ServiceLimits {
    std::size_t sessions = 16 * 1024; // of one connection
    std::size_t recipients = 10'000;  // of one delivery
    std::size_t appended = 1'000;     // messages of one append
    ipc::ServerOptions server;
};

class Service {
public:
    // The three are one store.
    Service(boost::asio::io_context& io, MessageStore& store, Claims& claims, StoreAdmin& admin,
            const ServiceLimits& limits = {});
    ~Service();
    Service(const Service&) = delete;
    Service& operator=(const Service&) = delete;

    // The same store's queue. Before it, nobody may send, or change what is queued.
    void serve_queue(Queue& queue, QueueAdmin& admin);
    // A worker is told at once whether mail is accepted. Control may call StoreAdmin and
    // QueueAdmin, workers MessageStore and Claims, `sender` Queue and MessageStore::deliver();
    // nobody anything else.
    void attach(UniqueFd socket, ipc::PeerRole role, unsigned index);
    void announce_accepts_mail(); // to all workers, what the store says now
    void announce_queued(const std::vector<queue::Destination>& where); // to the sender
    std::size_t connections() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::store
