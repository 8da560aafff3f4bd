// RemoteStore: the line, sessions, and what the store tells unasked.
#include "maild/store/remote_store.hpp"

#include "store/pass.hpp"
#include "store/remote_store_impl.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

namespace maild::store {

using wire::Type;

RemoteStore::Impl::Impl(boost::asio::io_context& context, ipc::Client& client,
                        std::chrono::milliseconds call_timeout)
    : io(context), line(client), timeout(call_timeout) {}

void RemoteStore::Impl::listen() {
    line.on_event([weak = weak_from_this()](ipc::MessageType type, const ipc::Message& message) {
        if (const auto self = weak.lock()) self->on_event(static_cast<Type>(type), message.payload);
    });
    const auto on_another_line = [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->on_line_lost();
    };
    line.on_lost(on_another_line);
    line.on_attached(on_another_line); // also where it takes the place of one that was not lost
}

void RemoteStore::Impl::on_event(Type type, std::string_view payload) {
    if (type == Type::changes) {
        if (auto event = ipc::decode<wire::Changes>(payload)) on_changes(std::move(*event));
    } else if (type == Type::lost) {
        if (const auto event = ipc::decode<wire::Lost>(payload)) on_session_lost(event->session);
    } else if (type == Type::accepts_mail) {
        if (const auto event = ipc::decode<wire::AcceptsMail>(payload))
            accepts_mail = event->answer;
    } else if (type == Type::annotations_changed) {
        if (const auto event = ipc::decode<wire::AnnotationsChanged>(payload))
            on_annotations(*event);
    } else if (type == Type::account_changed) {
        if (const auto event = ipc::decode<wire::AccountChanged>(payload)) on_account(*event);
    } else if (type == Type::something_queued) {
        auto event = ipc::decode<wire::SomethingQueued>(payload);
        if (event && on_queued) on_queued(std::move(event->where));
    } else
        log::warning("store_event_unknown", {{"type", wire::number(type)}});
}

// Of an opening whose answer the session has not seen yet, changes wait: they come behind the
// snapshot.
void RemoteStore::Impl::on_changes(wire::Changes event) {
    const auto found = sessions.find(event.session);
    if (found == sessions.end() || found->second.opening != event.opening)
        return; // of a mailbox that was closed
    if (found->second.is_open)
        found->second.sink->on_changes(event.mailbox, event.changes);
    else
        found->second.early.push_back(std::move(event));
}

void RemoteStore::Impl::on_annotations(const wire::AnnotationsChanged& event) {
    const auto found = sessions.find(event.session);
    if (found != sessions.end()) found->second.sink->on_annotations(event.mailbox, event.names);
}

void RemoteStore::Impl::on_account(const wire::AccountChanged& event) {
    const auto found = sessions.find(event.session);
    if (found != sessions.end()) found->second.sink->on_account(event.change);
}

void RemoteStore::Impl::on_session_lost(SessionId session) {
    const auto found = sessions.find(session);
    if (found == sessions.end()) {
        if (sessions_coming > 0) lost_early.insert(session); // before its own number has arrived
        return;
    }
    auto* sink = found->second.sink;
    sessions.erase(found);
    sink->on_lost();
}

void RemoteStore::Impl::on_line_lost() {
    accepts_mail = fail(Errc::unavailable, "the store is away");
    ++line_number;
    for (const auto lost = std::exchange(sessions, {}); const auto& [id, session] : lost)
        session.sink->on_lost();
}

// Once the caller has its snapshot and waits for something again.
void RemoteStore::Impl::release_changes(SessionId id, std::uint32_t opening) {
    const auto found = sessions.find(id);
    if (found == sessions.end() || found->second.opening != opening) return;
    found->second.is_open = true;
    auto* sink = found->second.sink;
    for (const auto early = std::exchange(found->second.early, {}); const auto& event : early) {
        sink->on_changes(event.mailbox, event.changes);
    }
}

RemoteStore::RemoteStore(boost::asio::io_context& io, ipc::Client& client,
                         std::chrono::milliseconds timeout)
    : impl_(std::make_shared<Impl>(io, client, timeout)) {
    impl_->listen();
}
RemoteStore::~RemoteStore() = default;

Result<void> RemoteStore::accepts_mail() const {
    if (!impl_->line.is_attached()) return fail(Errc::unavailable, "the store is away");
    return impl_->accepts_mail;
}

// `request` is answered by the number of a new session.
net::Task<Result<SessionId>> RemoteStore::Impl::open(net::Task<Result<SessionId>> request,
                                                     ChangeSink* sink) {
    const auto self = shared_from_this();
    const auto number = line_number;
    ++sessions_coming;
    const auto opened = co_await std::move(request);
    if (--sessions_coming == 0 && !opened) lost_early.clear();
    if (!opened) co_return opened;
    const bool is_lost = lost_early.erase(*opened) > 0 || number != line_number;
    if (sessions_coming == 0) lost_early.clear();
    if (is_lost) co_return fail(Errc::unavailable, "lost while it was opened");
    sessions.emplace(*opened, Session{sink, 0, false, {}});
    co_return opened;
}

net::Task<Result<SessionId>> RemoteStore::open_session(const auth::Token& token, ChangeSink& sink) {
    return impl_->open(impl_->call<SessionId>(Type::open_session, wire::OpenSession{token}), &sink);
}

net::Task<Result<SessionId>> RemoteStore::open_beside(SessionId session, ChangeSink& sink) {
    return impl_->open(impl_->call<SessionId>(Type::open_beside, wire::OfSession{session}), &sink);
}

net::Task<Result<SessionId>> RemoteStore::open_shared(SessionId session, const auth::Token& owner,
                                                      ChangeSink& sink) {
    return impl_->open(impl_->call<SessionId>(Type::open_shared, wire::OpenShared{session, owner}),
                       &sink);
}

void RemoteStore::close_session(SessionId session) {
    if (impl_->sessions.erase(session) == 0) return;
    impl_->line.notify(wire::number(Type::close_session), ipc::encode(wire::OfSession{session}));
}

void RemoteStore::close_mailbox(SessionId session) {
    const auto found = impl_->sessions.find(session);
    if (found == impl_->sessions.end()) return;
    ++found->second.opening;
    found->second.is_open = false;
    found->second.early.clear();
    impl_->line.notify(wire::number(Type::close_mailbox), ipc::encode(wire::OfSession{session}));
}

void RemoteStore::watch(SessionId session, bool is_watching) {
    impl_->line.notify(wire::number(Type::watch), ipc::encode(wire::Watch{session, is_watching}));
}

net::Task<Result<OpenedMailbox>> RemoteStore::open_mailbox(SessionId session, MailboxName name,
                                                           bool examine, std::uint32_t most) {
    const auto impl = impl_;
    const auto found = impl->sessions.find(session);
    if (found == impl->sessions.end()) co_return fail(Errc::not_permitted, "no such session");
    const auto opening = ++found->second.opening;
    found->second.is_open = false;
    found->second.early.clear();
    wire::Open message{session, std::move(name), examine, most, opening};
    ipc::Message request;
    request.payload = ipc::encode(message);
    const auto reply = co_await impl->line.exchange(wire::number(Type::open_mailbox),
                                                    std::move(request), impl->timeout);
    if (!reply) co_return pass(reply);
    auto opened = ipc::decode<OpenedMailbox>(reply->blob.view());
    net::post(impl->io, [impl, session, opening] { impl->release_changes(session, opening); });
    co_return opened;
}

} // namespace maild::store
