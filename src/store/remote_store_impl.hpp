#pragma once
// RemoteStore's state: the line to the store, and the sessions that it stands for.

#include "store/pass.hpp"
#include "store/wire.hpp"

#include "maild/store/remote_store.hpp"

#include <map>
#include <set>

namespace maild::store {

class RemoteStore::Impl : public std::enable_shared_from_this<RemoteStore::Impl> {
public:
    struct Session {
        ChangeSink* sink = nullptr;
        std::uint32_t opening = 0;        // counts openings; changes of an earlier one are dropped
        bool is_open = false;             // the caller has the snapshot of this opening
        std::vector<wire::Changes> early; // came before that
    };

    Impl(boost::asio::io_context& io, ipc::Client& line, std::chrono::milliseconds timeout);
    void listen();
    void release_changes(SessionId session, std::uint32_t opening);

    net::Task<Result<SessionId>> open(net::Task<Result<SessionId>> request, ChangeSink* sink);
    template <class Reply, class Request>
    net::Task<Result<Reply>> call(wire::Type type, Request request);
    template <class Reply, class Request> // answered in the blob: it may be large
    net::Task<Result<Reply>> call_for_blob(wire::Type type, Request request);
    template <class Request>
    net::Task<Result<void>> command(wire::Type type,
                                    Request request); // answered by nothing but success

    boost::asio::io_context& io;
    ipc::Client& line;
    const std::chrono::milliseconds timeout;
    std::map<SessionId, Session> sessions;
    std::set<SessionId> lost_early;
    std::size_t sessions_coming = 0;
    std::uint64_t line_number = 0; // counts lines that broke
    Result<void> accepts_mail = fail(Errc::unavailable);
    std::function<void(std::vector<queue::Destination>)> on_queued;

private:
    void on_event(wire::Type type, std::string_view payload);
    void on_changes(wire::Changes event);
    void on_annotations(const wire::AnnotationsChanged& event);
    void on_account(const wire::AccountChanged& event);
    void on_session_lost(SessionId session);
    void on_line_lost();
};

template <class Reply, class Request>
net::Task<Result<Reply>> RemoteStore::Impl::call(wire::Type type, Request request) {
    auto payload = ipc::encode(request);
    const auto reply = co_await line.call(wire::number(type), std::move(payload), timeout);
    if (!reply) co_return pass(reply);
    co_return ipc::decode<Reply>(*reply);
}

template <class Reply, class Request>
net::Task<Result<Reply>> RemoteStore::Impl::call_for_blob(wire::Type type, Request request) {
    ipc::Message message;
    message.payload = ipc::encode(request);
    const auto reply = co_await line.exchange(wire::number(type), std::move(message), timeout);
    if (!reply) co_return pass(reply);
    co_return ipc::decode<Reply>(reply->blob.view());
}

template <class Request>
net::Task<Result<void>> RemoteStore::Impl::command(wire::Type type, Request request) {
    auto payload = ipc::encode(request);
    const auto reply = co_await line.call(wire::number(type), std::move(payload), timeout);
    if (!reply) co_return pass(reply);
    co_return Result<void>();
}

} // namespace maild::store
