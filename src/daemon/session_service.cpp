#include "daemon/session_service.hpp"

namespace maild::daemon {

SessionService::SessionService(boost::asio::io_context& io, std::vector<net::Gate*> gates,
                               Needs needs)
    : gates_(std::move(gates)),
      needs_(needs),
      reports_(needs.store),
      server_(io, "worker",
              [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
                  return answer(*this, std::move(connection), std::move(request));
              }) {}

void SessionService::attach(UniqueFd socket) {
    server_.attach(std::move(socket), ipc::PeerRole::control, 0);
}

net::Task<void> SessionService::answer(SessionService& self,
                                       std::shared_ptr<ipc::Connection> connection,
                                       ipc::Request request) {
    if (request.type == kListSessions) {
        connection->reply(request.id, ipc::encode(self.list()));
        co_return;
    }
    if (request.type == kReadReports) {
        co_await answer_reports(self, std::move(connection), std::move(request));
        co_return;
    }
    if (request.type == kSendReport) {
        co_await send_report(self, std::move(connection), std::move(request));
        co_return;
    }
    if (request.type == kDeliverNotice) {
        co_await deliver_notice(self, std::move(connection), std::move(request));
        co_return;
    }
    const auto kick = request.type == kKick ? ipc::decode<KickRequest>(request.payload)
                                            : fail(Errc::protocol_error, "unknown request");
    if (kick)
        connection->reply(request.id, ipc::encode(self.kick(*kick)));
    else
        connection->reply_error(request.id, kick.error());
}

net::Task<void> SessionService::answer_reports(SessionService& self,
                                               std::shared_ptr<ipc::Connection> connection,
                                               ipc::Request request) {
    auto wanted = ipc::decode<ReadReports>(request.payload);
    if (!wanted) {
        connection->reply_error(request.id, wanted.error());
        co_return;
    }
    const auto page = co_await self.reports_.read(std::move(*wanted));
    connection->answer(request.id, page);
}

net::Task<void> SessionService::send_report(SessionService& self,
                                            std::shared_ptr<ipc::Connection> connection,
                                            ipc::Request request) {
    auto wanted = ipc::decode<SendReport>(request.payload);
    if (!wanted) {
        connection->reply_error(request.id, wanted.error());
        co_return;
    }
    const auto fate =
        co_await self.needs_.sender.send(std::move(*wanted), self.needs_.context.config());
    connection->answer(request.id, fate);
}

net::Task<void> SessionService::deliver_notice(SessionService& self,
                                               std::shared_ptr<ipc::Connection> connection,
                                               ipc::Request request) {
    auto notice = ipc::decode<DeliverNotice>(request.payload);
    if (!notice) {
        connection->reply_error(request.id, notice.error());
        co_return;
    }
    const auto place =
        co_await self.needs_.notices.deliver(std::move(*notice), self.needs_.context.config());
    connection->answer(request.id, place);
}

SessionList SessionService::list() const {
    SessionList out;
    for (const auto* gate : gates_) {
        for (auto& entry : gate->sessions()) {
            out.sessions.push_back({.id = entry.id,
                                    .service = std::move(entry.service),
                                    .remote = std::move(entry.peer),
                                    .account = std::move(entry.account_name),
                                    .state = std::move(entry.state),
                                    .since = entry.since});
        }
    }
    return out;
}

KickResult SessionService::kick(const KickRequest& request) {
    KickResult result;
    for (auto* gate : gates_) {
        if (request.id == 0)
            result.told += static_cast<std::uint32_t>(gate->kick(request.account));
        else if (gate->service() == request.service)
            result.told += gate->kick(request.id) ? 1 : 0;
    }
    return result;
}

} // namespace maild::daemon
