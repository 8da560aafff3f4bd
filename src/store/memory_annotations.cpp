// MemoryStore's annotations.
#include "store/memory_world.hpp"

#include "maild/store/memory_store.hpp"

#include <algorithm>

namespace maild::store {

namespace memory {
namespace {

Result<AnnotationMap*> find_annotations(Account& account, const MailboxName& name) {
    if (name.empty()) return &account.annotations;
    const auto mailbox = find(account, name);
    if (!mailbox) return std::unexpected(mailbox.error());
    return &(*mailbox)->annotations;
}

std::vector<MailboxName> move_use(Account& account, const MailboxName& to, SpecialUse use) {
    std::vector<MailboxName> without;
    for (auto& [name, mailbox] : account.mailboxes) {
        if (mailbox.use != use || use == SpecialUse::none || name == to) continue;
        mailbox.use = SpecialUse::none;
        without.push_back(name);
    }
    account.mailboxes.at(to).use = use;
    return without;
}

} // namespace

std::uint64_t annotation_bytes(const AnnotationMap& annotations) {
    std::uint64_t bytes = 0;
    for (const auto& [name, value] : annotations) bytes += name.size() + value.size();
    return bytes;
}

std::uint64_t annotation_bytes(const Account& account) {
    auto bytes = annotation_bytes(account.annotations);
    for (const auto& [name, mailbox] : account.mailboxes)
        bytes += annotation_bytes(mailbox.annotations);
    return bytes;
}

Result<Annotations> annotations(Account& account, const MailboxName& name,
                                const AnnotationQuery& query) {
    const auto stored = find_annotations(account, name);
    if (!stored) return std::unexpected(stored.error());
    Annotations out;
    if (!name.empty()) out.use = account.mailboxes.at(name).use;
    for (const auto& [entry, value] : **stored) {
        if (!matches(query, entry)) continue;
        if (value.size() <= query.max_size) {
            out.entries.push_back({entry, value});
            continue;
        }
        out.longest = std::max(out.longest, static_cast<std::uint32_t>(value.size()));
        out.too_long.push_back(entry);
    }
    return out;
}

Result<std::vector<MailboxName>> set_annotations(Account& account, const MailboxName& name,
                                                 const AnnotationChange& change) {
    if (auto valid = check_change(change); !valid) return std::unexpected(valid.error());
    if (change.use && name.empty()) return fail(Errc::cannot, "the use of no mailbox");
    const auto stored = find_annotations(account, name);
    if (!stored) return std::unexpected(stored.error());
    const auto before = annotation_bytes(**stored);
    auto changed = **stored; // refuse before anything has changed
    for (const auto& [entry, value] : change.entries) {
        changed.erase(entry);
        if (value) changed.emplace(entry, *value);
    }
    if (changed.size() > kMaxAnnotations) return fail(Errc::limit_exceeded, "annotations");
    const auto after = annotation_bytes(changed);
    if (after > before && annotation_bytes(account) - before + after > kMaxAnnotationBytes)
        return fail(Errc::over_quota, "annotations of an account");
    **stored = std::move(changed);
    return change.use ? move_use(account, name, *change.use) : std::vector<MailboxName>();
}

void World::tell_annotations(AccountId account, SessionId except, const MailboxName& mailbox,
                             std::span<const std::string> names) {
    for (const auto& [id, session] : sessions) {
        if (session.is_own() && session.account == account && id != except)
            session.sink->on_annotations(mailbox, names);
    }
}

} // namespace memory

net::Task<Result<Annotations>> MemoryStore::annotations(SessionId id, MailboxName name,
                                                        AnnotationQuery query) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if ((*session)->is_own())
        co_return memory::annotations(world_->account(**session), name, query);
    const auto mailbox = world_->find(**session, name, kLookup | kRead);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    auto found = memory::annotations(world_->account(**session), name, query);
    if (!found) co_return found;
    const auto is_private = [](std::string_view entry) { return !entry.starts_with("/shared/"); };
    std::erase_if(found->entries, [&](const Annotation& entry) { return is_private(entry.name); });
    std::erase_if(found->too_long, is_private);
    if (found->too_long.empty()) found->longest = 0;
    found->use = SpecialUse::none;
    co_return found;
}

net::Task<Result<void>> MemoryStore::set_annotations(SessionId id, MailboxName name,
                                                     AnnotationChange change) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (!(*session)->is_own()) {
        const auto is_shared = [](const Annotation& e) { return e.name.starts_with("/shared/"); };
        if (name.empty() || change.use || !std::ranges::all_of(change.entries, is_shared))
            co_return fail(Errc::not_permitted, "private annotations of another");
        const auto mailbox = world_->find(**session, name, kLookup | kWrite);
        if (!mailbox) co_return std::unexpected(mailbox.error());
    }
    const auto without = memory::set_annotations(world_->account(**session), name, change);
    if (!without) co_return std::unexpected(without.error());
    const auto account = (*session)->account;
    world_->tell_annotations(account, id, name, changed_names(change));
    const std::string use(kSpecialUseEntry);
    for (const auto& other : *without)
        world_->tell_annotations(account, SessionId(), other, {&use, 1});
    co_return Result<void>();
}

} // namespace maild::store
