// Service: which request is which call.
#include "store/service_impl.hpp"

namespace maild::store {

using wire::Type;

net::Task<bool> Service::Impl::handle_delivery(Exchange& exchange) {
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::check_room: co_await check_room(exchange); co_return true;
    case Type::deliver: co_await deliver(exchange); co_return true;
    case Type::open_session: co_await open_session(exchange); co_return true;
    case Type::open_beside: co_await open_beside(exchange); co_return true;
    case Type::open_shared: co_await open_shared(exchange); co_return true;
    case Type::close_session: close_session(exchange); co_return true;
    case Type::close_mailbox: close_mailbox(exchange); co_return true;
    case Type::watch: watch(exchange); co_return true;
    case Type::claim: {
        auto message = decode_for_session<wire::Named>(exchange);
        if (!message) co_return true;
        const auto claimed = co_await claims.claim(message->session, std::move(message->name));
        exchange.connection->answer(exchange.request.id, claimed);
        co_return true;
    }
    default: co_return false;
    }
}

net::Task<bool> Service::Impl::handle_mailboxes(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::list_mailboxes: {
        const auto message = decode_for_session<wire::OfSession>(exchange);
        if (!message) co_return true;
        const auto list = co_await store.list_mailboxes(message->session);
        connection.answer(id, list);
        co_return true;
    }
    case Type::quota: {
        auto message = decode_for_session<wire::Named>(exchange);
        if (!message) co_return true;
        const auto quota = co_await store.quota(message->session, std::move(message->name));
        connection.answer(id, quota);
        co_return true;
    }
    case Type::status: {
        auto message = decode_for_session<wire::Named>(exchange);
        if (!message) co_return true;
        const auto status = co_await store.status(message->session, std::move(message->name));
        connection.answer(id, status);
        co_return true;
    }
    case Type::create_mailbox: co_await create(exchange); co_return true;
    case Type::delete_mailbox: {
        auto message = decode_for_session<wire::Named>(exchange);
        if (!message) co_return true;
        const auto done = co_await store.delete_mailbox(message->session, std::move(message->name));
        connection.answer(id, done);
        co_return true;
    }
    case Type::rename_mailbox: {
        auto message = decode_for_session<wire::Rename>(exchange);
        if (!message) co_return true;
        const auto done = co_await store.rename_mailbox(message->session, std::move(message->from),
                                                        std::move(message->to));
        connection.answer(id, done);
        co_return true;
    }
    case Type::subscribe: {
        auto message = decode_for_session<wire::Subscribe>(exchange);
        if (!message) co_return true;
        const auto done = co_await store.subscribe(message->session, std::move(message->name),
                                                   message->subscribed);
        connection.answer(id, done);
        co_return true;
    }
    case Type::open_mailbox: co_await open_mailbox(exchange); co_return true;
    case Type::message_states: co_await message_states(exchange); co_return true;
    default: break;
    }
    const bool is_known = co_await handle_annotations(exchange);
    co_return is_known;
}

net::Task<bool> Service::Impl::handle_annotations(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::annotations: {
        auto message = decode_for_session<wire::GetAnnotations>(exchange);
        if (!message) co_return true;
        if (message->query.depth > Depth::all ||
            message->query.names.size() > kMaxAnnotationsAsked) {
            connection.reply_error(id, {Errc::protocol_error, "annotations"});
            co_return true;
        }
        const auto found = co_await store.annotations(message->session, std::move(message->name),
                                                      std::move(message->query));
        connection.answer(id, found);
        co_return true;
    }
    case Type::set_annotations: {
        auto message = decode_for_session<wire::SetAnnotations>(exchange);
        if (!message) co_return true;
        if (message->change.use.value_or(SpecialUse::none) > SpecialUse::all) {
            connection.reply_error(id, {Errc::protocol_error, "special use"});
            co_return true;
        }
        const auto done = co_await store.set_annotations(message->session, std::move(message->name),
                                                         std::move(message->change));
        connection.answer(id, done);
        co_return true;
    }
    default: break;
    }
    const bool is_known = co_await handle_sharing(exchange);
    co_return is_known;
}

namespace {

bool can_be(const AclChange& change) {
    return change.edit <= AclEdit::remove && kAllRights.has(change.rights);
}

} // namespace

net::Task<bool> Service::Impl::handle_sharing(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::sharing_accounts: {
        const auto message = decode_for_session<wire::OfSession>(exchange);
        if (!message) co_return true;
        const auto sharers = co_await store.sharing_accounts(message->session);
        connection.answer(id, sharers);
        co_return true;
    }
    case Type::acl: {
        auto message = decode_for_session<wire::Named>(exchange);
        if (!message) co_return true;
        const auto acl = co_await store.acl(message->session, std::move(message->name));
        connection.answer(id, acl);
        co_return true;
    }
    case Type::my_rights: {
        auto message = decode_for_session<wire::Named>(exchange);
        if (!message) co_return true;
        const auto rights = co_await store.my_rights(message->session, std::move(message->name));
        connection.answer(id, rights);
        co_return true;
    }
    case Type::change_acl: {
        auto message = decode_for_session<wire::ChangeAcl>(exchange);
        if (!message) co_return true;
        if (!can_be(message->change)) {
            connection.reply_error(id, {Errc::protocol_error, "rights"});
            co_return true;
        }
        message->change.who.domain = {}; // the store knows the owner's
        const auto done =
            co_await store.change_acl(message->session, std::move(message->name), message->change);
        connection.answer(id, done);
        co_return true;
    }
    default: co_return false;
    }
}

net::Task<bool> Service::Impl::handle_messages(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::fetch: {
        auto message = decode_for_session<wire::Fetch>(exchange);
        if (!message) co_return true;
        const auto fetched =
            co_await store.fetch(message->session, std::move(message->uids), message->items);
        connection.answer(id, fetched);
        co_return true;
    }
    case Type::read: co_await read(exchange); co_return true;
    case Type::narrow: co_await narrow(exchange); co_return true;
    case Type::change_flags: co_await change_flags(exchange); co_return true;
    case Type::copy: co_await copy(exchange, false); co_return true;
    case Type::move: co_await copy(exchange, true); co_return true;
    case Type::copy_on: {
        const auto message = decode_for_session<wire::OfSession>(exchange);
        if (!message) co_return true;
        const auto copied = co_await store.copy_on(message->session);
        connection.answer(id, copied);
        co_return true;
    }
    case Type::expunge: {
        auto message = decode_for_session<wire::Expunge>(exchange);
        if (!message) co_return true;
        const auto done = co_await store.expunge(message->session, std::move(message->uids));
        connection.answer(id, done);
        co_return true;
    }
    case Type::append: co_await append(exchange); co_return true;
    case Type::vanished: co_await vanished(exchange); co_return true;
    default: co_return false;
    }
}

net::Task<bool> Service::Impl::handle_admin(Exchange& exchange) {
    const auto id = exchange.request.id;
    auto& connection = *exchange.connection;
    switch (static_cast<Type>(exchange.request.type)) {
    case Type::figures: {
        const auto figures = co_await admin.figures();
        connection.answer(id, figures);
        co_return true;
    }
    case Type::usage: {
        auto message = decode<wire::Usage>(exchange);
        if (!message) co_return true;
        const auto usage = co_await admin.usage(std::move(message->accounts));
        connection.answer(id, usage);
        co_return true;
    }
    case Type::mailboxes: {
        const auto message = decode<AccountRef>(exchange);
        if (!message) co_return true;
        const auto mailboxes = co_await admin.mailboxes(*message);
        connection.answer(id, mailboxes);
        co_return true;
    }
    case Type::remove_account: {
        const auto message = decode<AccountRef>(exchange);
        if (!message) co_return true;
        const auto done = co_await admin.remove_account(*message);
        connection.answer(id, done);
        co_return true;
    }
    case Type::drop_sessions: {
        const auto message = decode<AccountRef>(exchange);
        if (!message) co_return true;
        const auto done = co_await admin.drop_sessions(*message);
        connection.answer(id, done);
        co_return true;
    }
    case Type::queued: {
        const auto message = decode<wire::Queued>(exchange);
        if (!message) co_return true;
        const auto rows = co_await admin.queued(message->after, message->limit);
        connection.answer(id, rows);
        co_return true;
    }
    case Type::check: co_await check(exchange); co_return true;
    case Type::acl_of: {
        auto message = decode<wire::AclOf>(exchange);
        if (!message) co_return true;
        const auto acl = co_await admin.acl_of(message->account, std::move(message->name));
        connection.answer(id, acl);
        co_return true;
    }
    case Type::set_acl_of: {
        auto message = decode<wire::AclOf>(exchange);
        if (!message) co_return true;
        if (!can_be(message->change)) {
            connection.reply_error(id, {Errc::protocol_error, "rights"});
            co_return true;
        }
        const auto done =
            co_await admin.set_acl_of(message->account, std::move(message->name), message->change);
        connection.answer(id, done);
        co_return true;
    }
    default: co_return false;
    }
}

} // namespace maild::store
