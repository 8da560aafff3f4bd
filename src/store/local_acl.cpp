// LocalStore: sharing (RFC 4314): sessions that visit another account, lists, and who is told when
// one changes.
#include "store/local_store_impl.hpp"
#include "store/reads.hpp"

#include <algorithm>

namespace maild::store {

// In the order of commits, before anything that comes behind it: from here on nothing is told to
// who may not read any more.
void LocalStore::Impl::tell_acl(ShardState& shard, const MailboxNews& news) {
    const auto& [owner, acl, grantees] = *news.acl;
    ++acl_changes;
    sharing.set(owner, grantees);
    std::vector<std::pair<ChangeSink*, Change>> told;
    for (auto& [id, session] : sessions) {
        if (session.shard != &shard || session.mailbox != news.status.id) continue;
        if (session.access.is_own()) continue;
        const auto rights = rights_for(acl, session.access.actor, session.access.domain);
        if (rights == session.rights) continue;
        session.rights = rights;
        told.emplace_back(session.sink, RightsChanged{rights});
        if (!rights.has(kRead)) detach(id, session);
    }
    for (const auto& [sink, change] : told) sink->on_changes(news.status.id, {&change, 1});
}

net::Task<Result<SessionId>> LocalStore::open_shared(SessionId id, const auth::Token& owner,
                                                     ChangeSink& sink) {
    const auto session = impl_->own_session(id);
    if (!session) co_return pass(session);
    if (auto admitted = impl_->admit(owner, auth::Right::visit); !admitted)
        co_return pass(admitted);
    if (owner.account == (*session)->access.account)
        co_return fail(Errc::not_permitted, "one's own account is not shared");
    const auto domain = (*session)->domain == owner.domain ? owner.domain : DomainId();
    Impl::Session visiting;
    visiting.access = Access(owner.account, (*session)->access.account, domain);
    visiting.domain = (*session)->domain;
    visiting.owner_domain = owner.domain;
    visiting.shard = *impl_->shard(owner.shard);
    visiting.sink = &sink;
    co_return impl_->add_session(std::move(visiting));
}

net::Task<Result<Sharers>> LocalStore::sharing_accounts(SessionId id) {
    const auto session = impl_->own_session(id);
    if (!session) co_return pass(session);
    Sharers sharers{impl_->sharing.owners((*session)->access.account, (*session)->domain)};
    for (const auto& [shard, why] : impl_->offline) // since it was opened, or it would be known
        if (!impl_->shards.contains(shard)) sharers.is_whole = false;
    co_return sharers;
}

net::Task<Result<Acl>> LocalStore::acl(SessionId id, MailboxName name) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto look = [access = (*session)->access, name = std::move(name)](Reading& reading) {
        return read_acl(reading, access, name);
    };
    auto found = co_await impl_->read<Acl>(*(*session)->shard, std::move(look));
    co_return found;
}

net::Task<Result<Rights>> LocalStore::my_rights(SessionId id, MailboxName name) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    auto look = [access = (*session)->access, name = std::move(name)](Reading& reading) {
        return find_mailbox(reading, access, name, {});
    };
    const auto found = co_await impl_->read<Found>(*(*session)->shard, std::move(look));
    if (!found) co_return pass(found);
    co_return found->rights;
}

net::Task<Result<void>> LocalStore::change_acl(SessionId id, MailboxName name, AclChange change) {
    const auto session = impl_->session(id);
    if (!session) co_return pass(session);
    change.who.domain = change.who.account ? DomainId() : (*session)->owner_domain;
    if (change.who == Grantee{}) co_return fail(Errc::cannot, "an owner without domain");
    auto commit = [access = (*session)->access, name = std::move(name), change](Batch& batch) {
        return store::change_acl(batch, access, name, change);
    };
    auto done = co_await impl_->write<void>(*(*session)->shard, std::move(commit), id, 0);
    co_return done;
}

net::Task<Result<Acl>> LocalStore::acl_of(AccountRef account, MailboxName name) {
    const auto shard = impl_->shard(account.shard);
    if (!shard) co_return pass(shard);
    auto look = [id = account.account, name = std::move(name)](Reading& reading) {
        return read_acl(reading, id, name);
    };
    auto found = co_await impl_->read<Acl>(**shard, std::move(look));
    co_return found;
}

net::Task<Result<void>> LocalStore::set_acl_of(AccountRef account, MailboxName name,
                                               AclChange change) {
    const auto shard = impl_->shard(account.shard);
    if (!shard) co_return pass(shard);
    if (change.who == Grantee{}) co_return fail(Errc::cannot, "nobody");
    // Of an account that nobody has used yet, too: its mailboxes are made.
    auto commit = [id = account.account, name = std::move(name), change](Batch& batch) {
        auto row = ensure_account(batch, id);
        if (!row) return Result<void>(pass(row));
        return store::change_acl(batch, id, name, change);
    };
    auto done = co_await impl_->write<void>(**shard, std::move(commit), SessionId(), 0);
    co_return done;
}

} // namespace maild::store
