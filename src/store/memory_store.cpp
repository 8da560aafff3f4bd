#include "maild/store/memory_store.hpp"

#include "store/memory_world.hpp"

#include <algorithm>

namespace maild::store {

using memory::Account;
using memory::News;
using memory::Session;

MemoryStore::MemoryStore(const Clock& clock)
    : MemoryStore(clock, auth::TokenKey(std::string(32, 'k'))) {}
MemoryStore::MemoryStore(const Clock& clock, const auth::TokenKey& key)
    : clock_(clock), key_(key), world_(std::make_unique<memory::World>(clock)) {}
MemoryStore::~MemoryStore() = default;

auth::Token MemoryStore::grant(AccountId account, auth::Right right, std::uint64_t quota_bytes,
                               std::uint64_t quota_messages, DomainId domain) const {
    auth::Token token{.account = account,
                      .shard = {},
                      .right = right,
                      .quota_bytes = quota_bytes,
                      .quota_messages = quota_messages,
                      .issued = clock_.now(),
                      .expires = clock_.now() + std::chrono::hours(24),
                      .domain = domain,
                      .mac = {}};
    key_.sign(token);
    return token;
}

void MemoryStore::lose_sessions() {
    for (const auto sessions = std::exchange(world_->sessions, {});
         const auto& [id, session] : sessions) {
        session.sink->on_lost();
    }
}

net::Task<Result<SessionId>> MemoryStore::open_session(const auth::Token& token, ChangeSink& sink) {
    if (failure_) co_return fail(*failure_);
    auto account = memory::admit(*world_, key_, token, auth::Right::access, clock_.now());
    if (!account) co_return std::unexpected(std::move(account.error()));
    const SessionId id(++world_->last_session);
    Session session(token.account, token.account, &sink);
    session.domain = session.owner_domain = token.domain;
    world_->sessions.emplace(id, std::move(session));
    co_return id;
}

net::Task<Result<SessionId>> MemoryStore::open_beside(SessionId id, ChangeSink& sink) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const SessionId opened(++world_->last_session);
    Session beside((*session)->account, (*session)->actor, &sink);
    beside.domain = (*session)->domain;
    beside.owner_domain = (*session)->owner_domain;
    world_->sessions.emplace(opened, std::move(beside));
    co_return opened;
}

void MemoryStore::close_session(SessionId session) {
    world_->abandon(session);
    world_->sessions.erase(session);
}

net::Task<Result<void>> MemoryStore::claim(SessionId id, MailboxName name) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (!(*session)->is_own()) co_return fail(Errc::not_permitted, "of one's own account alone");
    if (auto valid = check_name(name); !valid && !name.empty()) co_return valid;
    const auto account = (*session)->account;
    const bool is_taken = std::ranges::any_of(world_->sessions, [&](const auto& entry) {
        return !name.empty() && entry.first != id && entry.second.account == account &&
               entry.second.claimed == name;
    });
    if (is_taken) co_return fail(Errc::conflict, "claimed by another session");
    (*session)->claimed = std::move(name);
    co_return Result<void>();
}

net::Task<Result<std::vector<MailboxEntry>>> MemoryStore::list_mailboxes(SessionId id) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const auto& account = world_->account(**session);
    if ((*session)->is_own()) co_return memory::list(account);
    std::vector<MailboxEntry> entries;
    for (const auto& [name, mailbox] : account.mailboxes) {
        const auto rights = memory::rights_on(**session, mailbox);
        if (rights.has(kLookup))
            entries.push_back({.id = mailbox.id, .name = name, .rights = rights});
    }
    co_return entries;
}

net::Task<Result<MailboxStatus>> MemoryStore::status(SessionId id, MailboxName name) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const auto mailbox = world_->find(**session, name, kRead);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    co_return status_of(**mailbox);
}

net::Task<Result<MailboxId>> MemoryStore::create_mailbox(SessionId id, MailboxName name,
                                                         SpecialUse use) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (auto valid = check_new_name(name); !valid) co_return std::unexpected(valid.error());
    if (auto may = world_->may_create(**session, name); !may)
        co_return std::unexpected(may.error());
    if (!(*session)->is_own() && use != SpecialUse::none) co_return fail(Errc::not_permitted);
    const auto account = (*session)->account;
    const auto before = world_->names_of(account);
    auto created = world_->create_checked(world_->account(**session), name, use);
    if (created) world_->tell_names(id, account, before);
    co_return created;
}

net::Task<Result<void>> MemoryStore::delete_mailbox(SessionId id, MailboxName name) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (name == kInbox) co_return fail(Errc::cannot);
    auto& account = world_->account(**session);
    if (!(*session)->is_own()) {
        const auto mine = world_->find(**session, name, kDeleteMailbox);
        if (!mine) co_return std::unexpected(mine.error());
    }
    const auto found = account.mailboxes.find(name);
    if (found == account.mailboxes.end()) {
        const auto is_below = [&](const auto& entry) { return is_inferior(entry.first, name); };
        const bool has_children = std::ranges::any_of(account.mailboxes, is_below);
        co_return fail(has_children ? Errc::has_children : Errc::no_such_mailbox);
    }
    const auto gone = std::move(found->second);
    account.mailboxes.erase(found);
    account.messages -= gone.messages.size();
    account.bytes -= status_of(gone).size;
    ++account.modseq.value;
    world_->figures.messages_stored -= gone.messages.size();
    world_->publish(id, {News{gone.id, {MailboxDeleted{}}}});
    world_->tell_watchers(id, (*session)->account, NameRemoved{name});
    co_return Result<void>();
}

net::Task<Result<void>> MemoryStore::rename_mailbox(SessionId id, MailboxName from,
                                                    MailboxName to) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (auto may = world_->may_rename(**session, from, to); !may) co_return may;
    const auto owner = (*session)->account;
    auto before = world_->names_of(owner);
    auto& account = world_->account(**session);
    auto done = world_->rename(id, account, from, to);
    if (!done) co_return done;
    // What is renamed is no new name, but for INBOX, which stays.
    for (const auto& [name, mailbox] : account.mailboxes)
        if (from != kInbox && (name == to || is_inferior(name, to))) before.insert(name);
    world_->tell_names(id, owner, before);
    if (from != kInbox) world_->tell_watchers(id, owner, NameRenamed{from, to});
    co_return done;
}

net::Task<Result<void>> MemoryStore::subscribe(SessionId id, MailboxName name, bool subscribed) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (!(*session)->is_own()) co_return fail(Errc::not_permitted, "of one's own account alone");
    auto& names = world_->account(**session).subscribed;
    const bool was_subscribed = names.contains(name);
    if (!subscribed)
        names.erase(name);
    else {
        if (auto valid = check_name(name); !valid) co_return valid;
        if (names.size() >= kMaxMailboxes && !names.contains(name))
            co_return fail(Errc::limit_exceeded);
        names.insert(name);
    }
    if (was_subscribed != subscribed)
        world_->tell_watchers(id, (*session)->account, SubscriptionChanged{name});
    co_return Result<void>();
}

void MemoryStore::watch(SessionId id, bool is_watching) {
    const auto session = world_->session(id);
    if (session && (*session)->is_own()) (*session)->is_watching = is_watching;
}

net::Task<Result<QuotaUsage>> MemoryStore::quota(SessionId id, MailboxName name) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (!(*session)->is_own()) {
        const auto found = world_->find(**session, name, kRead);
        if (!found) co_return std::unexpected(found.error());
    }
    const auto& account = world_->account(**session);
    co_return QuotaUsage{account.bytes, account.quota_bytes, account.messages,
                         account.quota_messages};
}

net::Task<Result<OpenedMailbox>> MemoryStore::open_mailbox(SessionId id, MailboxName name,
                                                           bool examine, std::uint32_t most) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    world_->abandon(id);
    (*session)->open.reset();
    const auto found = world_->find(**session, name, kRead);
    if (!found) co_return std::unexpected(found.error());
    auto& mailbox = **found;
    const auto rights = memory::rights_on(**session, mailbox);
    (*session)->rights = rights;
    examine = examine || !rights.has_any(kChanging);
    OpenedMailbox opened{status_of(mailbox), mailbox.keywords, {}, mailbox.first_recent, rights};
    if (mailbox.messages.size() <= most) opened.messages = mailbox.states();
    opened.first_unseen = mailbox.first_unseen();
    (*session)->open = mailbox.id;
    (*session)->since = (*session)->is_own() ? ModSeq() : mailbox.highest_modseq;
    (*session)->is_examining = examine;
    if (!examine) mailbox.first_recent = mailbox.uid_next;
    co_return opened;
}

net::Task<Result<std::vector<MessageState>>> MemoryStore::message_states(SessionId id) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const auto mailbox = world_->open_mailbox(**session);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    co_return (*mailbox)->states();
}

void MemoryStore::close_mailbox(SessionId id) {
    world_->abandon(id);
    if (const auto session = world_->session(id)) (*session)->open.reset();
}

net::Task<Result<StoreFigures>> MemoryStore::figures() {
    auto figures = world_->figures;
    figures.sessions = static_cast<std::uint32_t>(world_->sessions.size());
    figures.shards = 1;
    figures.accepts_mail = accepts_mail_;
    co_return figures;
}

// There is nothing that could differ from what is counted beside it.
net::Task<Result<CheckSlice>> MemoryStore::check(CheckRequest) { co_return CheckSlice{}; }

net::Task<Result<std::vector<AccountUsage>>> MemoryStore::usage(std::vector<AccountRef> accounts) {
    std::vector<AccountUsage> usage;
    for (const auto& [id, shard] : accounts) {
        AccountUsage entry{.account = id};
        const auto found = world_->accounts.find(id);
        if (found != world_->accounts.end()) {
            const auto& account = found->second;
            entry = {id, account.bytes, account.messages,
                     static_cast<std::uint32_t>(account.mailboxes.size())};
        }
        usage.push_back(entry);
    }
    co_return usage;
}

net::Task<Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>>>
MemoryStore::mailboxes(AccountRef ref) {
    std::vector<std::pair<MailboxEntry, MailboxStatus>> all;
    const auto found = world_->accounts.find(ref.account);
    if (found == world_->accounts.end()) co_return all;
    for (auto& entry : memory::list(found->second)) {
        if (!entry.id) continue;
        const auto status = status_of(found->second.mailboxes.at(entry.name));
        all.emplace_back(std::move(entry), status);
    }
    co_return all;
}

net::Task<Result<void>> MemoryStore::remove_account(AccountRef ref) {
    world_->lose(ref.account);
    auto& account = world_->accounts[ref.account];
    world_->figures.messages_stored -= account.messages;
    account = Account{};
    account.is_removed = true;
    for (auto& [owner, other] : world_->accounts)
        for (auto& [name, mailbox] : other.mailboxes)
            std::erase_if(mailbox.acl,
                          [&](const AclEntry& entry) { return entry.who.account == ref.account; });
    co_return Result<void>();
}

net::Task<Result<void>> MemoryStore::drop_sessions(AccountRef ref) {
    world_->accounts[ref.account].revoked = clock_.now();
    world_->lose(ref.account);
    co_return Result<void>();
}

net::Task<Result<std::vector<queue::QueuedRecipient>>> MemoryStore::queued(QueueId after,
                                                                           std::uint32_t limit) {
    std::vector<queue::QueuedRecipient> rows;
    for (const auto& row : world_->queue) {
        if (row.id <= after) continue;
        if (rows.size() >= limit && row.id != rows.back().id)
            break; // a message's rows stay together
        rows.push_back(row);
    }
    co_return rows;
}

} // namespace maild::store
