// Service: connections, sessions, and the calls that need more than decoding.
#include "maild/store/service.hpp"

#include "store/pass.hpp"
#include "store/service_impl.hpp"

#include "maild/base/log.hpp"

namespace maild::store {

using ipc::PeerRole;
using wire::Type;

Service::Impl::Impl(boost::asio::io_context& io, MessageStore& message_store, Claims& store_claims,
                    StoreAdmin& store_admin, const ServiceLimits& service_limits)
    : store(message_store),
      claims(store_claims),
      admin(store_admin),
      limits(service_limits),
      server(
          io, "store",
          [this](std::shared_ptr<ipc::Connection> connection, ipc::Request request) {
              return handle(std::move(connection), std::move(request));
          },
          service_limits.server) {
    server.on_closed([this](ipc::Connection& connection) { closed(connection); });
}

Service::Service(boost::asio::io_context& io, MessageStore& store, Claims& claims,
                 StoreAdmin& admin, const ServiceLimits& limits)
    : impl_(std::make_shared<Impl>(io, store, claims, admin, limits)) {}
Service::~Service() = default;

void Service::attach(UniqueFd socket, PeerRole role, unsigned index) {
    const auto connection = impl_->server.attach(std::move(socket), role, index);
    if (connection && role == PeerRole::worker) {
        connection->send_event(wire::number(Type::accepts_mail),
                               ipc::encode(wire::AcceptsMail{impl_->store.accepts_mail()}));
    }
}

void Service::announce_accepts_mail() {
    const auto answer = ipc::encode(wire::AcceptsMail{impl_->store.accepts_mail()});
    for (const auto& connection : impl_->server.connections()) {
        if (connection->role() != PeerRole::worker) continue;
        connection->send_event(wire::number(Type::accepts_mail), answer);
    }
}

std::size_t Service::connections() const { return impl_->server.connections().size(); }

net::Task<void> Service::Impl::handle(std::shared_ptr<ipc::Connection> connection,
                                      ipc::Request request) {
    Exchange exchange{std::move(connection), std::move(request)};
    const auto role = exchange.connection->role();
    bool is_known = false;
    if (role == PeerRole::control) {
        is_known = co_await handle_admin(exchange);
        if (!is_known) is_known = co_await handle_queue_admin(exchange);
    } else if (role == PeerRole::sender && queue != nullptr)
        is_known = co_await handle_sender(exchange);
    else if (role == PeerRole::worker) {
        is_known = co_await handle_delivery(exchange);
        if (!is_known) is_known = co_await handle_mailboxes(exchange);
        if (!is_known) is_known = co_await handle_messages(exchange);
    }
    if (is_known) co_return;
    log::warning("store_request_refused",
                 {{"type", exchange.request.type}, {"connection", exchange.connection->id()}});
    exchange.connection->reply_error(exchange.request.id,
                                     {Errc::not_permitted, "not for this peer"});
}

void Service::Impl::closed(ipc::Connection& connection) {
    if (connection.role() == PeerRole::sender && queue != nullptr) queue->release_leases();
    const auto found = sessions_.find(connection.id());
    if (found == sessions_.end()) return;
    const auto ended = std::move(found->second);
    sessions_.erase(found);
    for (const auto& [id, sink] : ended) store.close_session(id);
}

ServiceSink* Service::Impl::sink(const ipc::Connection& connection, SessionId session) {
    const auto found = sessions_.find(connection.id());
    if (found == sessions_.end()) return nullptr;
    const auto entry = found->second.find(session);
    return entry == found->second.end() ? nullptr : entry->second.get();
}

void Service::Impl::forget(std::uint64_t connection, SessionId session) {
    const auto found = sessions_.find(connection);
    if (found != sessions_.end()) found->second.erase(session);
}

// For a session that is to come; null: there are too many, which is answered.
std::unique_ptr<ServiceSink> Service::Impl::new_sink(Exchange& exchange) {
    auto& connection = *exchange.connection;
    if (const auto found = sessions_.find(connection.id());
        found != sessions_.end() && found->second.size() >= limits.sessions) {
        connection.reply_error(exchange.request.id,
                               {Errc::limit_exceeded, "sessions of a connection"});
        return nullptr;
    }
    return std::make_unique<ServiceSink>(
        connection, [this, id = connection.id()](SessionId lost) { forget(id, lost); });
}

net::Task<void> Service::Impl::open_session(Exchange& exchange) {
    auto message = decode<wire::OpenSession>(exchange);
    if (!message) co_return;
    auto own = new_sink(exchange);
    if (!own) co_return;
    const auto opened = co_await store.open_session(message->token, *own);
    answer_opened(exchange, opened, std::move(own));
}

net::Task<void> Service::Impl::open_beside(Exchange& exchange) {
    const auto message = decode_for_session<wire::OfSession>(exchange);
    if (!message) co_return;
    auto own = new_sink(exchange);
    if (!own) co_return;
    const auto opened = co_await store.open_beside(message->session, *own);
    answer_opened(exchange, opened, std::move(own));
}

net::Task<void> Service::Impl::open_shared(Exchange& exchange) {
    const auto message = decode_for_session<wire::OpenShared>(exchange);
    if (!message) co_return;
    auto own = new_sink(exchange);
    if (!own) co_return;
    const auto opened = co_await store.open_shared(message->session, message->owner, *own);
    answer_opened(exchange, opened, std::move(own));
}

// Both handles have to be of this connection.
net::Task<void> Service::Impl::copy(Exchange& exchange, bool is_move) {
    auto message = decode_for_session<wire::Copy>(exchange);
    if (!message) co_return;
    if (message->into && sink(*exchange.connection, *message->into) == nullptr) {
        exchange.connection->reply_error(exchange.request.id,
                                         {Errc::not_permitted, "no session of this connection"});
        co_return;
    }
    Destination destination(std::move(message->destination), message->into);
    auto task =
        is_move ? store.move(message->session, std::move(message->uids), std::move(destination))
                : store.copy(message->session, std::move(message->uids), std::move(destination));
    const auto copied = co_await std::move(task);
    exchange.connection->answer(exchange.request.id, copied);
}

void Service::Impl::answer_opened(Exchange& exchange, const Result<SessionId>& opened,
                                  std::unique_ptr<ServiceSink> own) {
    auto& connection = *exchange.connection;
    if (opened && !connection.is_open()) { // it left while the store was busy
        store.close_session(*opened);
        return;
    }
    if (opened) {
        own->session = *opened;
        sessions_[connection.id()].emplace(*opened, std::move(own));
    }
    connection.answer(exchange.request.id, opened);
}

void Service::Impl::close_session(Exchange& exchange) {
    const auto message = decode_for_session<wire::OfSession>(exchange);
    if (!message) return;
    store.close_session(message->session);
    forget(exchange.connection->id(), message->session);
    if (exchange.request.id != 0) exchange.connection->reply(exchange.request.id, {});
}

void Service::Impl::close_mailbox(Exchange& exchange) {
    const auto message = decode_for_session<wire::OfSession>(exchange);
    if (!message) return;
    store.close_mailbox(message->session);
    if (exchange.request.id != 0) exchange.connection->reply(exchange.request.id, {});
}

void Service::Impl::watch(Exchange& exchange) {
    const auto message = decode_for_session<wire::Watch>(exchange);
    if (!message) return;
    store.watch(message->session, message->is_watching);
    if (exchange.request.id != 0) exchange.connection->reply(exchange.request.id, {});
}

net::Task<void> Service::Impl::open_mailbox(Exchange& exchange) {
    auto message = decode_for_session<wire::Open>(exchange);
    if (!message) co_return;
    store.close_mailbox(message->session);
    sink(*exchange.connection, message->session)->opening = message->opening;
    const auto opened = co_await store.open_mailbox(message->session, std::move(message->name),
                                                    message->examine, message->most);
    answer_in_blob(exchange, opened);
}

net::Task<void> Service::Impl::message_states(Exchange& exchange) {
    const auto message = decode_for_session<wire::OfSession>(exchange);
    if (!message) co_return;
    const auto states = co_await store.message_states(message->session);
    answer_in_blob(exchange, states);
}

net::Task<void> Service::Impl::check_room(Exchange& exchange) {
    auto message = decode<wire::CheckRoom>(exchange);
    if (!message) co_return;
    const auto room = co_await store.check_room(message->grant, message->size);
    exchange.connection->answer(exchange.request.id, room);
}

net::Task<void> Service::Impl::deliver(Exchange& exchange) {
    auto message = decode<wire::Deliver>(exchange);
    if (!message) co_return;
    const auto remote = message->relay ? message->relay->envelope.recipients.size() : 0;
    if (!message->reports_on.empty() && exchange.connection->role() != PeerRole::sender) {
        exchange.connection->reply_error(exchange.request.id, {Errc::not_permitted, "reports"});
        co_return;
    }
    if (message->local.size() + remote > limits.recipients) {
        exchange.connection->reply_error(exchange.request.id, {Errc::limit_exceeded, "recipients"});
        co_return;
    }
    DeliverRequest request;
    request.message = {exchange.request.blob.view(),
                       std::move(message->structure)}; // the exchange keeps the blob
    request.local = std::move(message->local);
    request.relay = std::move(message->relay);
    request.internal_date = message->internal_date;
    request.reports_on = std::move(message->reports_on);
    const auto delivered = co_await store.deliver(std::move(request));
    exchange.connection->answer(exchange.request.id, delivered);
}

net::Task<void> Service::Impl::create(Exchange& exchange) {
    auto message = decode_for_session<wire::Create>(exchange);
    if (!message) co_return;
    if (message->use > SpecialUse::all) {
        exchange.connection->reply_error(exchange.request.id,
                                         {Errc::protocol_error, "special use"});
        co_return;
    }
    const auto made =
        co_await store.create_mailbox(message->session, std::move(message->name), message->use);
    exchange.connection->answer(exchange.request.id, made);
}

net::Task<void> Service::Impl::change_flags(Exchange& exchange) {
    auto message = decode_for_session<wire::ChangeFlags>(exchange);
    if (!message) co_return;
    if (message->change > FlagChange::remove) {
        exchange.connection->reply_error(exchange.request.id,
                                         {Errc::protocol_error, "flag change"});
        co_return;
    }
    const auto changed =
        co_await store.change_flags(message->session, std::move(message->uids), message->change,
                                    std::move(message->flags), message->unchanged_since);
    exchange.connection->answer(exchange.request.id, changed);
}

net::Task<void> Service::Impl::read(Exchange& exchange) {
    auto message = decode_for_session<wire::Read>(exchange);
    if (!message) co_return;
    auto piece =
        co_await store.read(message->session, message->uid, message->offset, message->length);
    answer_piece(exchange, std::move(piece));
}

void Service::Impl::answer_piece(const Exchange& exchange, Result<std::string> piece) {
    if (!piece) {
        exchange.connection->reply_error(exchange.request.id, piece.error());
        return;
    }
    auto blob = ipc::Blob::create(std::move(*piece));
    if (blob)
        exchange.connection->reply(exchange.request.id, {}, std::move(*blob));
    else
        exchange.connection->reply_error(exchange.request.id, blob.error());
}

net::Task<void> Service::Impl::vanished(Exchange& exchange) {
    auto message = decode_for_session<wire::Vanished>(exchange);
    if (!message) co_return;
    const auto gone =
        co_await store.vanished(message->session, std::move(message->uids), message->since);
    answer_in_blob(exchange, gone);
}

net::Task<void> Service::Impl::narrow(Exchange& exchange) {
    auto message = decode_for_session<wire::Narrow>(exchange);
    if (!message) co_return;
    const auto narrowed = co_await store.narrow(message->session, std::move(message->uids),
                                                std::move(message->needles));
    answer_in_blob(exchange, narrowed);
}

net::Task<void> Service::Impl::check(Exchange& exchange) {
    auto message = decode<CheckRequest>(exchange);
    if (!message) co_return;
    if (message->from && message->from->phase > kLastCheckPhase) {
        exchange.connection->reply_error(exchange.request.id, {Errc::protocol_error, "phase"});
        co_return;
    }
    const auto slice = co_await admin.check(std::move(*message));
    exchange.connection->answer(exchange.request.id, slice);
}

net::Task<void> Service::Impl::append(Exchange& exchange) {
    auto message = decode_for_session<wire::Append>(exchange);
    if (!message) co_return;
    auto rest = exchange.request.blob.view();
    std::vector<AppendMessage> messages;
    bool is_whole = message->messages.size() <= limits.appended;
    for (auto& one : message->messages) {
        if (!is_whole || one.size > rest.size()) {
            is_whole = false;
            break;
        }
        messages.push_back({{rest.substr(0, one.size), std::move(one.structure)},
                            std::move(one.flags),
                            one.internal_date});
        rest.remove_prefix(one.size);
    }
    if (!is_whole || !rest.empty()) {
        exchange.connection->reply_error(exchange.request.id, {Errc::protocol_error, "append"});
        co_return;
    }
    const auto appended = co_await store.append(message->session, std::move(message->name),
                                                std::move(messages), message->replaced);
    exchange.connection->answer(exchange.request.id, appended);
}

} // namespace maild::store
