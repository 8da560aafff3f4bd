#pragma once
// Service's state, and how a request becomes a call.

#include "store/service_sink.hpp"
#include "store/wire.hpp"

#include "maild/store/service.hpp"

#include <map>
#include <memory>
#include <string>

namespace maild::store {

class Service::Impl : public std::enable_shared_from_this<Service::Impl> {
public:
    Impl(boost::asio::io_context& io, MessageStore& store, Claims& claims, StoreAdmin& admin,
         const ServiceLimits& limits);

    net::Task<void> handle(std::shared_ptr<ipc::Connection> connection, ipc::Request request);
    void closed(ipc::Connection& connection);

    MessageStore& store;
    Claims& claims;
    StoreAdmin& admin;
    Queue* queue = nullptr; // none: nobody sends
    QueueAdmin* queue_admin = nullptr;
    const ServiceLimits limits;
    ipc::Server server;

private:
    using Sessions = std::map<SessionId, std::unique_ptr<ServiceSink>>;
    struct Exchange {
        std::shared_ptr<ipc::Connection> connection;
        ipc::Request request;
    };

    // One for each group of calls; false when the type is of another group.
    net::Task<bool> handle_delivery(Exchange& exchange);
    net::Task<bool> handle_mailboxes(Exchange& exchange);
    net::Task<bool> handle_annotations(Exchange& exchange);
    net::Task<bool> handle_sharing(Exchange& exchange);
    net::Task<bool> handle_messages(Exchange& exchange);
    net::Task<bool> handle_admin(Exchange& exchange);
    net::Task<bool> handle_sender(Exchange& exchange);
    net::Task<bool> handle_queue_admin(Exchange& exchange);
    net::Task<bool> handle_queue_lists(Exchange& exchange);

    net::Task<void> check_room(Exchange& exchange);
    net::Task<void> deliver(Exchange& exchange);
    net::Task<void> open_session(Exchange& exchange);
    net::Task<void> open_beside(Exchange& exchange);
    net::Task<void> open_shared(Exchange& exchange);
    net::Task<void> copy(Exchange& exchange, bool is_move);
    std::unique_ptr<ServiceSink> new_sink(Exchange& exchange);
    void answer_opened(Exchange& exchange, const Result<SessionId>& opened,
                       std::unique_ptr<ServiceSink> own);
    net::Task<void> open_mailbox(Exchange& exchange);
    net::Task<void> message_states(Exchange& exchange);
    net::Task<void> change_flags(Exchange& exchange);
    net::Task<void> create(Exchange& exchange);
    net::Task<void> read(Exchange& exchange);
    net::Task<void> append(Exchange& exchange);
    net::Task<void> vanished(Exchange& exchange);
    net::Task<void> narrow(Exchange& exchange);
    net::Task<void> check(Exchange& exchange);
    net::Task<void> read_queued(Exchange& exchange);
    static void answer_piece(const Exchange& exchange, Result<std::string> piece);
    void close_session(Exchange& exchange);
    void close_mailbox(Exchange& exchange);
    void watch(Exchange& exchange);

    // The request as T, if it is one and its session belongs to this connection; otherwise it is
    // answered.
    template <class T> std::optional<T> decode(Exchange& exchange);
    template <class T> std::optional<T> decode_for_session(Exchange& exchange);
    // For what may be large.
    template <class T> void answer_in_blob(const Exchange& exchange, const Result<T>& result);
    ServiceSink* sink(const ipc::Connection& connection, SessionId session);
    void forget(std::uint64_t connection, SessionId session);

    std::map<std::uint64_t, Sessions> sessions_; // by connection
};

template <class T> std::optional<T> Service::Impl::decode(Exchange& exchange) {
    auto decoded = ipc::decode<T>(exchange.request.payload);
    if (decoded) return std::move(*decoded);
    exchange.connection->reply_error(exchange.request.id, decoded.error());
    return std::nullopt;
}

template <class T> std::optional<T> Service::Impl::decode_for_session(Exchange& exchange) {
    auto decoded = decode<T>(exchange);
    if (!decoded || sink(*exchange.connection, decoded->session) != nullptr) return decoded;
    exchange.connection->reply_error(exchange.request.id,
                                     {Errc::not_permitted, "no session of this connection"});
    return std::nullopt;
}

template <class T>
void Service::Impl::answer_in_blob(const Exchange& exchange, const Result<T>& result) {
    auto blob = result ? ipc::Blob::create(ipc::encode(*result))
                       : Result<ipc::Blob>(std::unexpected(result.error()));
    if (blob)
        exchange.connection->reply(exchange.request.id, {}, std::move(*blob));
    else
        exchange.connection->reply_error(exchange.request.id, blob.error());
}

} // namespace maild::store
