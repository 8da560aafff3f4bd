#pragma once
// A worker's answers to `control`: who is connected here, and ending sessions.

#include "daemon/peer_messages.hpp"

#include "maild/ipc/server.hpp"
#include "maild/net/gate.hpp"

#include <vector>

namespace maild::daemon {

class SessionService {
public:
    // The gates outlive it.
    SessionService(boost::asio::io_context& io, std::vector<net::Gate*> gates);
    void attach(UniqueFd socket);

private:
    static net::Task<void> answer(SessionService& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request);
    SessionList list() const;
    KickResult kick(const KickRequest& request);

    std::vector<net::Gate*> gates_;
    ipc::Server server_;
};

} // namespace maild::daemon
