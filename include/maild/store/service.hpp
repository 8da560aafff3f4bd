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

#include <cstddef>
#include <memory>

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

    // A worker is told at once whether mail is accepted. Control may call StoreAdmin, and nothing
    // else; workers MessageStore and Claims, and nothing else; other roles nothing.
    void attach(UniqueFd socket, ipc::PeerRole role, unsigned index);
    void announce_accepts_mail(); // to all workers, what the store says now
    std::size_t connections() const;

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::store
