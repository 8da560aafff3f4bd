#pragma once
// A worker's answers to `control`: who is connected here, ending sessions, and what the mailbox of
// reports holds.

#include "daemon/peer_messages.hpp"
#include "daemon/report_reader.hpp"

#include "maild/ipc/server.hpp"
#include "maild/net/gate.hpp"

#include <vector>

namespace maild::daemon {

class SessionService {
public:
    // Gates and store outlive it.
    SessionService(boost::asio::io_context& io, std::vector<net::Gate*> gates,
                   store::MessageStore& store);
    void attach(UniqueFd socket);

private:
    static net::Task<void> answer(SessionService& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request);
    SessionList list() const;
    KickResult kick(const KickRequest& request);

    static net::Task<void> answer_reports(SessionService& self,
                                          std::shared_ptr<ipc::Connection> connection,
                                          ipc::Request request);

    std::vector<net::Gate*> gates_;
    ReportReader reports_;
    ipc::Server server_;
};

} // namespace maild::daemon
