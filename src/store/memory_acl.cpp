// MemoryStore's sharing (RFC 4314).
#include "store/memory_world.hpp"

#include "maild/store/memory_store.hpp"

#include <algorithm>

namespace maild::store {

namespace memory {

Rights rights_on(const Session& session, const Mailbox& mailbox) {
    if (session.is_own()) return kAllRights;
    const auto domain = session.domain == session.owner_domain ? session.domain : DomainId();
    return rights_for(mailbox.acl, session.actor, domain);
}

Result<void> require(const Session& session, const Mailbox& mailbox, Rights needed) {
    const auto rights = rights_on(session, mailbox);
    if (!rights.has_any(kKnowing)) return fail(Errc::no_such_mailbox);
    return rights.has(needed) ? Result<void>() : fail(Errc::not_permitted, "by its ACL");
}

Result<Mailbox*> World::find(const Session& session, const std::string& name, Rights needed) {
    auto found = memory::find(account(session), name);
    if (!found) return found;
    if (auto may = require(session, **found, needed); !may) return std::unexpected(may.error());
    return found;
}

Result<void> World::may_create(const Session& session, const std::string& name) {
    if (session.is_own()) return {};
    auto& mailboxes = account(session).mailboxes;
    auto levels = superiors(name);
    while (!levels.empty() && !mailboxes.contains(levels.back())) levels.pop_back();
    const bool may =
        !levels.empty() && rights_on(session, mailboxes.at(levels.back())).has(kCreate);
    return may ? Result<void>() : fail(Errc::not_permitted, "no mailbox above");
}

Result<void> World::may_rename(const Session& session, const std::string& from,
                               const std::string& to) {
    if (session.is_own()) return {};
    if (auto valid = check_rename(from, to); !valid) return valid;
    if (from == kInbox) return fail(Errc::not_permitted, "another's INBOX");
    if (auto found = find(session, from, kDeleteMailbox); !found)
        return std::unexpected(found.error());
    for (const auto& [name, mailbox] : account(session).mailboxes) {
        if (is_inferior(name, from) && !rights_on(session, mailbox).has(kDeleteMailbox))
            return fail(Errc::not_permitted, "a mailbox below it");
    }
    return may_create(session, to);
}

void World::tell_acl(const Mailbox& mailbox) {
    std::vector<std::pair<ChangeSink*, Change>> told;
    for (auto& [id, session] : sessions) {
        if (session.open != mailbox.id || session.is_own()) continue;
        const auto rights = rights_on(session, mailbox);
        if (rights == session.rights) continue;
        session.rights = rights;
        told.emplace_back(session.sink, RightsChanged{rights});
        if (rights.has(kRead)) continue;
        abandon(id);
        session.open.reset();
    }
    for (const auto& [sink, change] : told) sink->on_changes(mailbox.id, {&change, 1});
}

Result<void> World::change_acl(AccountId owner, Mailbox& mailbox, const AclChange& change) {
    if (change.who.account == owner) return fail(Errc::cannot, "the owner's rights");
    auto acl = mailbox.acl;
    const auto entry = std::ranges::find_if(acl, [&](const AclEntry& there) {
        return there.who == change.who && there.is_negative == change.is_negative;
    });
    const auto rights = edited(entry == acl.end() ? Rights{} : entry->rights, change);
    if (entry != acl.end()) acl.erase(entry);
    if (rights != Rights{}) acl.push_back({change.who, change.is_negative, rights});
    std::ranges::sort(acl, {}, [](const AclEntry& e) { return std::pair(e.who, e.is_negative); });
    std::size_t all = acl.size() - mailbox.acl.size();
    for (const auto& [name, other] : accounts.at(owner).mailboxes) all += other.acl.size();
    if (acl.size() > mailbox.acl.size() &&
        (acl.size() > kMaxAclEntries || all > kMaxAclEntriesOfAccount))
        return fail(Errc::limit_exceeded, "ACL");
    mailbox.acl = std::move(acl);
    tell_acl(mailbox);
    return {};
}

} // namespace memory

net::Task<Result<SessionId>> MemoryStore::open_shared(SessionId id, const auth::Token& owner,
                                                      ChangeSink& sink) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (!(*session)->is_own() || (*session)->account == owner.account)
        co_return fail(Errc::not_permitted, "not from here");
    if (owner.account == offline_) co_return fail(Errc::unavailable, "its shard is offline");
    auto account = memory::admit(*world_, key_, owner, auth::Right::visit, clock_.now());
    if (!account) co_return std::unexpected(std::move(account.error()));
    memory::Session visiting(owner.account, (*session)->account, &sink);
    visiting.domain = (*session)->domain;
    visiting.owner_domain = owner.domain;
    const SessionId opened(++world_->last_session);
    world_->sessions.emplace(opened, std::move(visiting));
    co_return opened;
}

net::Task<Result<Sharers>> MemoryStore::sharing_accounts(SessionId id) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (!(*session)->is_own()) co_return fail(Errc::not_permitted);
    const auto& me = **session;
    const auto is_shared = [&me](const auto& entry) {
        return std::ranges::any_of(entry.second.acl, [&me](const AclEntry& one) {
            const bool is_mine = one.who.account ? one.who.account == me.account
                                                 : me.domain && one.who.domain == me.domain;
            return is_mine && !one.is_negative;
        });
    };
    Sharers sharers;
    for (const auto& [owner, account] : world_->accounts) {
        if (owner != me.account && std::ranges::any_of(account.mailboxes, is_shared))
            sharers.accounts.push_back(owner);
    }
    co_return sharers;
}

net::Task<Result<Acl>> MemoryStore::acl(SessionId id, MailboxName name) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const auto found = world_->find(**session, name, kAdminister);
    if (!found) co_return std::unexpected(found.error());
    co_return (*found)->acl;
}

net::Task<Result<Rights>> MemoryStore::my_rights(SessionId id, MailboxName name) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const auto found = world_->find(**session, name, {});
    if (!found) co_return std::unexpected(found.error());
    co_return memory::rights_on(**session, **found);
}

net::Task<Result<void>> MemoryStore::change_acl(SessionId id, MailboxName name, AclChange change) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    change.who.domain = change.who.account ? DomainId() : (*session)->owner_domain;
    if (change.who == Grantee{}) co_return fail(Errc::cannot, "an owner without domain");
    const auto found = world_->find(**session, name, kAdminister);
    if (!found) co_return std::unexpected(found.error());
    co_return world_->change_acl((*session)->account, **found, change);
}

net::Task<Result<Acl>> MemoryStore::acl_of(AccountRef account, MailboxName name) {
    const auto owner = world_->accounts.find(account.account);
    if (owner == world_->accounts.end()) co_return fail(Errc::no_such_mailbox);
    const auto found = memory::find(owner->second, name);
    if (!found) co_return std::unexpected(found.error());
    co_return (*found)->acl;
}

net::Task<Result<void>> MemoryStore::set_acl_of(AccountRef account, MailboxName name,
                                                AclChange change) {
    auto& owner = world_->accounts[account.account];
    if (owner.is_removed) co_return fail(Errc::no_such_account);
    world_->ensure_defaults(owner);
    const auto found = memory::find(owner, name);
    if (!found) co_return std::unexpected(found.error());
    if (change.who == Grantee{}) co_return fail(Errc::cannot, "nobody");
    co_return world_->change_acl(account.account, **found, change);
}

} // namespace maild::store
