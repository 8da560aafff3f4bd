#pragma once
// A worker's answers to `control`: who is connected here, ending sessions, what the mailbox of
// reports holds, and getting reports of our own out.

#include "daemon/notice_mail.hpp"
#include "daemon/peer_messages.hpp"
#include "daemon/report_reader.hpp"
#include "daemon/report_sender.hpp"
#include "daemon/role.hpp"

#include "maild/ipc/server.hpp"
#include "maild/net/gate.hpp"

#include <vector>

namespace maild::daemon {

class SessionService {
public:
    // What a worker has for it; all of it outlives the service.
    struct Needs {
        store::MessageStore& store;
        ReportSender& sender;
        NoticeMail& notices;
        RoleContext& context; // for the configuration in force
    };
    SessionService(boost::asio::io_context& io, std::vector<net::Gate*> gates, Needs needs);
    void attach(UniqueFd socket);

private:
    static net::Task<void> answer(SessionService& self, std::shared_ptr<ipc::Connection> connection,
                                  ipc::Request request);
    SessionList list() const;
    KickResult kick(const KickRequest& request);

    static net::Task<void> answer_reports(SessionService& self,
                                          std::shared_ptr<ipc::Connection> connection,
                                          ipc::Request request);
    static net::Task<void> send_report(SessionService& self,
                                       std::shared_ptr<ipc::Connection> connection,
                                       ipc::Request request);

    static net::Task<void> deliver_notice(SessionService& self,
                                          std::shared_ptr<ipc::Connection> connection,
                                          ipc::Request request);

    std::vector<net::Gate*> gates_;
    Needs needs_;
    ReportReader reports_;
    ipc::Server server_;
};

} // namespace maild::daemon
