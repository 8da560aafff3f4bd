// Service: what `sender` and control ask of the queue.
#include "store/service_impl.hpp"

#include <algorithm>

namespace maild::store {

using wire::Type;

namespace {

bool can_be(const queue::Settlement& settlement) {
    return settlement.outcome <= queue::Outcome::reported &&
           settlement.owes <= queue::Report::success;
}

bool can_be(const queue::ChangeRequest& request) {
    const auto& selection = request.selection;
    return request.action <= queue::Action::reroute &&
           (!selection.state || *selection.state <= queue::RecipientState::failed);
}

} // namespace

net::Task<bool> Service::Impl::handle_sender(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::destinations: {
        auto message = decode<wire::Destinations>(exchange);
        if (!message) co_return true;
        const auto found = co_await queue->destinations(std::move(message->after), message->most);
        answer_in_blob(exchange, found);
        co_return true;
    }
    case Type::lease: {
        auto message = decode<wire::Lease>(exchange);
        if (!message) co_return true;
        const auto leased = co_await queue->lease(std::move(message->destination), message->most);
        answer_in_blob(exchange, leased);
        co_return true;
    }
    case Type::owed: {
        const auto message = decode<wire::Queued>(exchange);
        if (!message) co_return true;
        const auto found = co_await queue->owed(message->after, message->limit);
        answer_in_blob(exchange, found);
        co_return true;
    }
    case Type::read_queued: co_await read_queued(exchange); co_return true;
    case Type::read_whole: {
        auto message = decode<wire::ReadWhole>(exchange);
        if (!message) co_return true;
        const auto contents = co_await queue->read_whole(std::move(message->messages));
        answer_in_blob(exchange, contents);
        co_return true;
    }
    case Type::settle: {
        auto message = decode<wire::Settle>(exchange);
        if (!message) co_return true;
        auto& settlements = message->settlements;
        if (settlements.size() > kMaxSettlements ||
            !std::ranges::all_of(settlements, [](const auto& one) { return can_be(one); })) {
            connection.reply_error(id, {Errc::protocol_error, "settlements"});
            co_return true;
        }
        const auto passed_over = co_await queue->settle(std::move(settlements));
        connection.answer(id, passed_over);
        co_return true;
    }
    case Type::suspensions: {
        const auto found = co_await queue->suspensions();
        answer_in_blob(exchange, found);
        co_return true;
    }
    case Type::deliver: co_await deliver(exchange); co_return true;
    default: co_return false;
    }
}

net::Task<void> Service::Impl::read_queued(Exchange& exchange) {
    const auto message = decode<wire::ReadQueued>(exchange);
    if (!message) co_return;
    auto piece = co_await queue->read_queued(message->message, message->offset, message->length);
    answer_piece(exchange, std::move(piece));
}

net::Task<bool> Service::Impl::handle_queue_admin(Exchange& exchange) {
    if (queue_admin == nullptr) co_return false;
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::change_queue: {
        auto message = decode<queue::ChangeRequest>(exchange);
        if (!message) co_return true;
        if (!can_be(*message)) {
            connection.reply_error(id, {Errc::protocol_error, "queue change"});
            co_return true;
        }
        const auto slice = co_await queue_admin->change_queue(std::move(*message));
        connection.answer(id, slice);
        co_return true;
    }
    case Type::queue_figures: {
        const auto message = decode<wire::QueueFigures>(exchange);
        if (!message) co_return true;
        const auto figures = co_await queue_admin->queue_figures(message->most);
        answer_in_blob(exchange, figures);
        co_return true;
    }
    default: break;
    }
    const bool is_known = co_await handle_queue_lists(exchange);
    co_return is_known;
}

net::Task<bool> Service::Impl::handle_queue_lists(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::suspend: {
        auto message = decode<queue::Suspension>(exchange);
        if (!message) co_return true;
        const auto done = co_await queue_admin->suspend(std::move(*message));
        connection.answer(id, done);
        co_return true;
    }
    case Type::list_suspensions: {
        const auto found = co_await queue_admin->list_suspensions();
        answer_in_blob(exchange, found);
        co_return true;
    }
    case Type::suppress: {
        auto message = decode<queue::Suppression>(exchange);
        if (!message) co_return true;
        const auto done = co_await queue_admin->suppress(std::move(*message));
        connection.answer(id, done);
        co_return true;
    }
    case Type::unsuppress: {
        auto message = decode<wire::Unsuppress>(exchange);
        if (!message) co_return true;
        const auto done = co_await queue_admin->unsuppress(std::move(message->address));
        connection.answer(id, done);
        co_return true;
    }
    case Type::list_suppressions: {
        auto message = decode<wire::Destinations>(exchange);
        if (!message) co_return true;
        const auto found =
            co_await queue_admin->list_suppressions(std::move(message->after), message->most);
        answer_in_blob(exchange, found);
        co_return true;
    }
    default: co_return false;
    }
}

void Service::serve_queue(Queue& queue, QueueAdmin& admin) {
    impl_->queue = &queue;
    impl_->queue_admin = &admin;
}

void Service::announce_queued(const std::vector<queue::Destination>& where) {
    const auto event = ipc::encode(wire::SomethingQueued{where});
    for (const auto& connection : impl_->server.connections()) {
        if (connection->role() != ipc::PeerRole::sender) continue;
        connection->send_event(wire::number(Type::something_queued), event);
    }
}

} // namespace maild::store
