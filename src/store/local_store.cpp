// LocalStore: opening, sessions and mailboxes.
#include "maild/store/local_store.hpp"

#include "store/local_store_impl.hpp"
#include "store/names.hpp"
#include "store/reads.hpp"

#include <algorithm>

namespace maild::store {

LocalStore::LocalStore(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

LocalStore::~LocalStore() {
    impl_->is_closed = true;
    for (auto& [id, state] : impl_->shards) state.shard.reset();
}

Result<std::unique_ptr<LocalStore>>
LocalStore::open(const LocalStoreWorld& world, auth::TokenKey key, LocalStoreOptions options) {
    auto impl = std::make_shared<Impl>(world.io, world.clock, std::move(key), std::move(options));
    if (auto opened = impl->open_shards(world.files, world.random); !opened) return pass(opened);
    return std::unique_ptr<LocalStore>(new LocalStore(std::move(impl)));
}

Result<void> LocalStore::accepts_mail() const {
    if (impl_->is_lost) return fail(Errc::unavailable, "the store ends");
    bool can_write = impl_->shards.empty();
    for (const auto& [id, state] : impl_->shards) {
        if (state.shard->is_read_only()) continue;
        if (!state.shard->has_room()) return fail(Errc::no_space, "below the watermark");
        can_write = true;
    }
    return can_write ? Result<void>() : fail(Errc::unavailable, "every shard is read-only");
}

bool LocalStore::has_read_only_shard() const {
    const auto is_offline = [](const auto& entry) { return entry.second.is_read_only; };
    return std::ranges::any_of(impl_->offline, is_offline) ||
           std::ranges::any_of(
               impl_->shards, [](const auto& entry) { return entry.second.shard->is_read_only(); });
}

net::Task<Result<SessionId>> LocalStore::open_session(const auth::Token& token, ChangeSink& sink) {
    if (auto admitted = impl_->admit(token, auth::Right::access); !admitted)
        co_return pass(admitted);
    const auto account = token.account;
    const auto domain = token.domain;
    auto& shard = **impl_->shard(token.shard);
    const auto lacks = co_await impl_->lacks_defaults(shard, account);
    if (!lacks) co_return pass(lacks);
    if (*lacks) {
        auto make = [account](Batch& batch) -> Result<bool> {
            if (auto row = ensure_account(batch, account); !row) return pass(row);
            if (auto made = ensure_defaults(batch, account); !made) return pass(made);
            return true;
        };
        auto made = co_await impl_->write<bool>(shard, std::move(make), SessionId(), 0);
        if (!made) co_return pass(made);
    }
    // Once more: in between it may have been taken back.
    if (auto admitted = impl_->admit(token, auth::Right::access); !admitted)
        co_return pass(admitted);
    Impl::Session session;
    session.access = account;
    session.domain = session.owner_domain = domain;
    session.shard = &shard;
    session.sink = &sink;
    co_return impl_->add_session(std::move(session));
}

net::Task<Result<SessionId>> LocalStore::open_beside(SessionId id, ChangeSink& sink) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    Impl::Session beside;
    beside.access = (*session)->access;
    beside.domain = (*session)->domain;
    beside.owner_domain = (*session)->owner_domain;
    beside.shard = (*session)->shard;
    beside.sink = &sink;
    co_return impl_->add_session(std::move(beside));
}

void LocalStore::close_session(SessionId id) {
    const auto found = impl_->sessions.find(id);
    if (found == impl_->sessions.end()) return;
    impl_->detach(id, found->second);
    impl_->give_up_claim(found->second);
    impl_->watch(id, found->second, false);
    impl_->sessions.erase(found);
}

net::Task<Result<void>> LocalStore::claim(SessionId id, MailboxName name) {
    const auto session = impl_->own_session(id);
    if (!session) co_return pass(session);
    if (auto valid = check_name(name); !valid && !name.empty()) co_return valid;
    co_return impl_->claim(id, **session, std::move(name));
}

net::Task<Result<std::vector<MailboxEntry>>> LocalStore::list_mailboxes(SessionId id) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto list = [access = (*session)->access](Reading& reading) {
        return store::list_mailboxes(reading, access);
    };
    auto entries =
        co_await impl_->read<std::vector<MailboxEntry>>(*(*session)->shard, std::move(list));
    co_return entries;
}

net::Task<Result<MailboxStatus>> LocalStore::status(SessionId id, MailboxName name) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto& shard = *(*session)->shard;
    auto look = [access = (*session)->access, name = std::move(name)](Reading& reading) {
        return read_status(reading, access, name);
    };
    auto status = co_await impl_->read<MailboxStatus>(shard, std::move(look));
    if (!status) co_return status;
    const auto view = shard.views.find(status->id);
    if (view && view->state == View::State::ready)
        status->recent = view->recent(); // the row may be behind
    co_return status;
}

net::Task<Result<MailboxId>> LocalStore::create_mailbox(SessionId id, MailboxName name,
                                                        SpecialUse use) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto create = [access = (*session)->access, name = std::move(name), use](Batch& batch) {
        return store::create_mailbox(batch, access, name, use);
    };
    auto made = co_await impl_->write<MailboxId>(*(*session)->shard, std::move(create), id, 0);
    co_return made;
}

net::Task<Result<void>> LocalStore::delete_mailbox(SessionId id, MailboxName name) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto remove = [access = (*session)->access, name = std::move(name)](Batch& batch) {
        return store::delete_mailbox(batch, access, name);
    };
    auto done = co_await impl_->write<void>(*(*session)->shard, std::move(remove), id, 0);
    co_return done;
}

net::Task<Result<void>> LocalStore::rename_mailbox(SessionId id, MailboxName from, MailboxName to) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto rename = [access = (*session)->access, from = std::move(from), to = std::move(to)](
                      Batch& batch) { return store::rename_mailbox(batch, access, from, to); };
    auto done = co_await impl_->write<void>(*(*session)->shard, std::move(rename), id, 0);
    co_return done;
}

net::Task<Result<void>> LocalStore::subscribe(SessionId id, MailboxName name, bool subscribed) {
    const auto session = impl_->own_session(id);
    if (!session) co_return pass(session);
    auto change = [account = (*session)->access.account, name = std::move(name), subscribed](
                      Batch& batch) { return store::subscribe(batch, account, name, subscribed); };
    auto done = co_await impl_->write<void>(*(*session)->shard, std::move(change), id, 0);
    co_return done;
}

net::Task<Result<QuotaUsage>> LocalStore::quota(SessionId id, MailboxName name) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    const auto account = (*session)->access.account;
    auto look = [access = (*session)->access,
                 name = std::move(name)](Reading& reading) -> Result<AccountUsage> {
        if (!access.is_own()) { // RFC 9208 §6
            const auto found = find_mailbox(reading, access, name, kRead);
            if (!found) return pass(found);
        }
        return read_usage(reading, access.account);
    };
    const auto used = co_await impl_->read<AccountUsage>(*(*session)->shard, std::move(look));
    if (!used) co_return pass(used);
    const auto limits = impl_->quota_of(account);
    co_return QuotaUsage{used->bytes, limits.bytes, used->messages, limits.messages};
}

net::Task<Result<OpenedMailbox>> LocalStore::open_mailbox(SessionId id, MailboxName name,
                                                          bool examine, std::uint32_t most) {
    auto session = impl_->session(id);
    if (!session) co_return pass(session);
    impl_->detach(id, **session);
    auto& shard = *(*session)->shard;
    const auto access = (*session)->access;
    for (;;) {
        const auto acl_changes = impl_->acl_changes;
        const bool is_known = access.is_own() && shard.known.find(access.account, name) != nullptr;
        const auto found = co_await impl_->find_named(shard, access, name);
        if (!found) co_return pass(found);
        const auto view = co_await impl_->ready_view(shard, access.account, found->id);
        if (!view && view.error().code == Errc::no_such_mailbox && is_known) {
            shard.known.forget(access.account);
            continue;
        }
        if (!view) co_return pass(view);
        session = impl_->session(id); // it may have been closed meanwhile
        if (!session) co_return pass(session);
        // What was revoked meanwhile was told to those that had it open, and this one had not.
        if (acl_changes != impl_->acl_changes && !access.is_own()) continue;
        impl_->detach(id, **session);
        co_return impl_->enter(id, **session, *view, {examine, found->rights, most});
    }
}

// On the thread on which sinks are told, so the view has what they were told, and nothing else.
net::Task<Result<std::vector<MessageState>>> LocalStore::message_states(SessionId id) {
    const auto session = impl_->session_with_mailbox(id);
    if (!session) co_return pass(session);
    co_return (*session)->view->messages;
}

void LocalStore::close_mailbox(SessionId id) {
    if (const auto session = impl_->session(id)) impl_->detach(id, **session);
}

net::Task<Result<bool>> LocalStore::Impl::lacks_defaults(ShardState& shard, AccountId account) {
    if (shard.known.has_defaults(account)) co_return false;
    const auto version = shard.known.version();
    auto look = [account](Reading& reading) { return store::lacks_defaults(reading, account); };
    auto lacks = co_await read<bool>(shard, std::move(look));
    if (lacks && !*lacks) shard.known.note_defaults(account, version);
    co_return lacks;
}

// Which of the mailboxes that are open or were, one's own, is known; the others are looked for.
net::Task<Result<KnownAccounts::Named>>
LocalStore::Impl::find_named(ShardState& shard, Access access, MailboxName name) {
    const auto* known = access.is_own() ? shard.known.find(access.account, name) : nullptr;
    if (known != nullptr) co_return *known;
    const auto version = shard.known.version();
    auto find = [access, name](Reading& reading) {
        return find_mailbox(reading, access, name, kRead);
    };
    const auto found = co_await read<Found>(shard, std::move(find));
    if (!found) co_return pass(found);
    const KnownAccounts::Named named{found->row.status.id, found->rights};
    if (access.is_own()) shard.known.note_name(access.account, name, named, version);
    co_return named;
}

} // namespace maild::store
