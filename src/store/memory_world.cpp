#include "store/memory_world.hpp"

#include "store/flag_names.hpp"
#include "store/summary.hpp"

#include "maild/store/uid_set.hpp"

#include <algorithm>

namespace maild::store::memory {
namespace {

AccountId owner_of(const World& world, MailboxId mailbox) {
    for (const auto& [id, account] : world.accounts)
        for (const auto& [name, one] : account.mailboxes)
            if (one.id == mailbox) return id;
    return {};
}

} // namespace

void World::publish(SessionId origin, const std::vector<News>& news) {
    for (const auto& [mailbox, changes] : news) {
        if (changes.empty()) continue;
        const auto tell = [&](const Session& session) {
            if (session.open == mailbox) session.sink->on_changes(mailbox, changes);
        };
        if (const auto own = sessions.find(origin); own != sessions.end()) tell(own->second);
        for (const auto& [id, session] : sessions) {
            if (id != origin) tell(session);
        }
        const auto summary = summary_of(mailbox, changes);
        if (summary.come_or_gone || summary.flags)
            tell_watchers(origin, owner_of(*this, mailbox), summary);
    }
}

void World::tell_watchers(SessionId origin, AccountId account, const AccountChange& change) {
    for (const auto& [id, session] : sessions)
        if (session.is_watching && session.account == account && id != origin)
            session.sink->on_account(change);
}

std::set<std::string> World::names_of(AccountId account) const {
    std::set<std::string> names;
    for (const auto& [name, mailbox] : accounts.at(account).mailboxes) names.insert(name);
    return names;
}

void World::tell_names(SessionId origin, AccountId account, const std::set<std::string>& before) {
    for (const auto& name : names_of(account))
        if (!before.contains(name)) tell_watchers(origin, account, NameCreated{name});
}

void World::lose(AccountId account) {
    std::vector<std::pair<SessionId, ChangeSink*>> lost;
    for (const auto& [id, session] : sessions)
        if (session.actor == account || session.account == account)
            lost.emplace_back(id, session.sink);
    for (const auto& [id, sink] : lost) {
        abandon(id);
        sessions.erase(id);
    }
    for (const auto& [id, sink] : lost) sink->on_lost();
}

std::vector<MessageState> Mailbox::states() const {
    std::vector<MessageState> states;
    for (const auto& [uid, message] : messages)
        states.push_back({uid, message.flags, message.modseq});
    return states;
}

std::uint32_t Mailbox::first_unseen() const {
    std::uint32_t place = 0;
    for (const auto& [uid, message] : messages) {
        ++place;
        if (!message.flags.has(kSeen)) return place;
    }
    return 0;
}

Result<Session*> World::session(SessionId id) {
    const auto found = sessions.find(id);
    if (found == sessions.end()) return fail(Errc::not_permitted, "no such session");
    return &found->second;
}

Result<Mailbox*> World::open_mailbox(const Session& session, Rights needed) {
    if (!session.open) return fail(Errc::no_such_mailbox, "none is open");
    for (auto& [name, mailbox] : account(session).mailboxes) {
        if (mailbox.id != *session.open) continue;
        if (auto may = require(session, mailbox, needed); !may) return std::unexpected(may.error());
        return &mailbox;
    }
    return fail(Errc::no_such_mailbox, "it was deleted");
}

void World::ensure_defaults(Account& account) {
    for (const auto& [name, use] : default_mailboxes()) {
        const auto stands_in = [use](const auto& entry) {
            return use != SpecialUse::none && entry.second.use == use;
        };
        if (account.mailboxes.contains(std::string(name)) ||
            std::ranges::any_of(account.mailboxes, stands_in))
            continue;
        create(account, std::string(name), use);
        account.subscribed.emplace(name);
    }
}

Mailbox& World::create(Account& account, const std::string& name, SpecialUse use) {
    Mailbox mailbox;
    mailbox.id = MailboxId(++last_mailbox);
    mailbox.use = use;
    mailbox.uid_validity = UidValidity(++account.uid_validity.value);
    mailbox.highest_modseq = ModSeq(++account.modseq.value);
    const auto above = account.mailboxes.find(name.substr(0, name.rfind(kDelimiter)));
    if (above != account.mailboxes.end()) mailbox.acl = above->second.acl; // RFC 4314 §4
    return account.mailboxes.emplace(name, std::move(mailbox)).first->second;
}

Result<MailboxId> World::create_checked(Account& account, const std::string& name, SpecialUse use) {
    if (auto valid = check_new_name(name); !valid) return std::unexpected(std::move(valid.error()));
    if (account.mailboxes.contains(name)) return fail(Errc::already_exists);
    auto missing = superiors(name);
    std::erase_if(missing, [&](const auto& level) { return account.mailboxes.contains(level); });
    if (account.mailboxes.size() + missing.size() >= kMaxMailboxes)
        return fail(Errc::limit_exceeded, "mailboxes");
    for (const auto& level : missing) create(account, level, SpecialUse::none);
    return create(account, name, use).id;
}

Result<void> World::rename(SessionId origin, Account& account, const std::string& from,
                           const std::string& to) {
    if (auto valid = check_rename(from, to); !valid) return valid;
    std::vector<std::string> moved;
    for (const auto& [name, mailbox] : account.mailboxes) {
        if (name == from || (is_inferior(name, from) && from != kInbox)) moved.push_back(name);
    }
    if (moved.empty()) return fail(Errc::no_such_mailbox);
    for (const auto& name : moved) {
        const auto target = renamed(name, from, to);
        if (auto valid = check_name(target); !valid) return valid;
        if (account.mailboxes.contains(target)) return fail(Errc::already_exists);
    }
    if (from == kInbox) { // RFC 9051 §6.3.6: its messages move, it stays
        // RFC 5464 §4.1: its annotations stay, and are the other's too.
        const auto annotations = account.mailboxes.at(from).annotations;
        const bool is_full =
            annotation_bytes(account) + annotation_bytes(annotations) > kMaxAnnotationBytes;
        if (is_full) return fail(Errc::over_quota, "annotations of an account");
        if (auto made = create_checked(account, to, SpecialUse::none); !made)
            return std::unexpected(made.error());
        account.mailboxes.at(to).annotations = annotations;
        auto done =
            copy(origin, {account, account.mailboxes.at(from), account, account.mailboxes.at(to)},
                 {{Uid(1), Uid(UINT32_MAX)}}, true);
        return done ? Result<void>() : std::unexpected(std::move(done.error()));
    }
    for (const auto& level : superiors(to)) {
        if (!account.mailboxes.contains(level)) create(account, level, SpecialUse::none);
    }
    for (const auto& name : moved) {
        auto node = account.mailboxes.extract(name);
        node.key() = renamed(name, from, to);
        account.mailboxes.insert(std::move(node));
    }
    return {};
}

News World::insert(Account& account, Mailbox& mailbox, Message message, Keywords added, Uid& uid) {
    News news{mailbox.id, {}};
    if (!added.empty()) {
        mailbox.keywords.insert(mailbox.keywords.end(), added.begin(), added.end());
        news.changes.emplace_back(KeywordsAdded{std::move(added)});
    }
    uid = mailbox.uid_next;
    mailbox.uid_next = Uid(uid.value + 1);
    if (!message.modseq) message.modseq = ModSeq(++account.modseq.value);
    mailbox.highest_modseq = message.modseq;
    message.save_date = clock.now();
    if (!message.email_id) message.email_id = EmailId(++last_email);
    account.bytes += message.size();
    ++account.messages;
    ++figures.messages_stored;
    for (const auto& [id, session] : sessions) {
        if (session.open == mailbox.id && !session.is_examining)
            mailbox.first_recent = mailbox.uid_next;
    }
    news.changes.emplace_back(Added{{uid, message.flags, message.modseq}});
    mailbox.messages.emplace(uid, std::move(message));
    return news;
}

Result<CopyResult> World::copy(SessionId origin, const Path& path, const UidSet& uids,
                               bool is_move) {
    auto& [from_account, from, account, to, rights] = path;
    const bool is_across = &from_account != &account;
    std::vector<std::pair<Uid, Message>> chosen;
    std::uint64_t bytes = 0;
    auto table = to.keywords; // refuse before anything has changed
    for (const auto& range : uids) {
        for (auto it = from.messages.lower_bound(range.first);
             it != from.messages.end() && it->first <= range.last; ++it) {
            auto flags =
                resolve(only_allowed(named(it->second.flags, from.keywords), rights), table);
            if (!flags) return std::unexpected(std::move(flags.error()));
            table.insert(table.end(), flags->added.begin(), flags->added.end());
            bytes += it->second.size();
            chosen.emplace_back(*it);
        }
    }
    if (!is_move || is_across) {
        if (auto room = check_room(account, bytes, chosen.size()); !room)
            return std::unexpected(std::move(room.error()));
    }
    CopyResult result{to.uid_validity, {}};
    std::vector<News> news;
    if (chosen.empty()) return result;
    const ModSeq modseq(++account.modseq.value); // one change, as in LocalStore
    for (auto& [uid, message] : chosen) {
        auto flags =
            resolve(only_allowed(named(message.flags, from.keywords), rights), to.keywords);
        message.flags = flags->flags;
        message.modseq = modseq;
        Uid copied;
        news.push_back(insert(account, to, std::move(message), std::move(flags->added), copied));
        result.uids.emplace_back(uid, copied);
    }
    publish(origin, news);
    if (is_move) {
        std::vector<Uid> gone;
        gone.reserve(result.uids.size());
        for (const auto& [uid, copied] : result.uids) gone.push_back(uid);
        expunge(origin, from_account, from, gone);
    }
    return result;
}

void World::expunge(SessionId origin, Account& account, Mailbox& mailbox,
                    const std::vector<Uid>& uids) {
    if (uids.empty()) return;
    mailbox.highest_modseq = ModSeq(++account.modseq.value);
    News news{mailbox.id, {}};
    for (const auto uid : uids) {
        auto node = mailbox.messages.extract(uid);
        account.bytes -= node.mapped().size();
        --account.messages;
        --figures.messages_stored;
        news.changes.emplace_back(Expunged{uid, mailbox.highest_modseq});
        node.mapped().modseq = mailbox.highest_modseq;
        mailbox.expunged.insert(std::move(node));
    }
    publish(origin, {news});
}

Result<void> check_room(const Account& account, std::uint64_t bytes, std::uint64_t messages) {
    if (messages == 1 && account.quota_bytes != 0 && bytes > account.quota_bytes)
        return fail(Errc::too_large);
    const bool is_full =
        (account.quota_bytes != 0 && account.bytes + bytes > account.quota_bytes) ||
        (account.quota_messages != 0 && account.messages + messages > account.quota_messages);
    return is_full && messages != 0 ? fail(Errc::over_quota) : Result<void>();
}

Result<Mailbox*> find(Account& account, const std::string& name) {
    const auto found = account.mailboxes.find(name);
    if (found == account.mailboxes.end()) return fail(Errc::no_such_mailbox);
    return &found->second;
}

MailboxStatus status_of(const Mailbox& mailbox) {
    MailboxStatus status{mailbox.id, mailbox.uid_validity, mailbox.uid_next,
                         mailbox.highest_modseq};
    status.messages = static_cast<std::uint32_t>(mailbox.messages.size());
    for (const auto& [uid, message] : mailbox.messages) {
        status.unseen += message.flags.has(kSeen) ? 0 : 1;
        status.deleted += message.flags.has(kDeleted) ? 1 : 0;
        status.recent += uid >= mailbox.first_recent ? 1 : 0;
        status.size += message.size();
        status.deleted_size += message.flags.has(kDeleted) ? message.size() : 0;
    }
    return status;
}

} // namespace maild::store::memory
