// The rules of messages on plain values: what LocalStore does in SQL, said once more and in the
// simplest way.
#include "store/flag_names.hpp"
#include "store/flag_news.hpp"
#include "store/memory_world.hpp"

#include "maild/store/uid_set.hpp"

namespace maild::store::memory {

Result<Account*> admit(World& world, const auth::TokenKey& key, const auth::Token& token,
                       auth::Right right, WallTime now) {
    if (auto valid = key.verify(token, now); !valid)
        return std::unexpected(std::move(valid.error()));
    const bool fits = token.right == right ||
                      (right == auth::Right::deliver && token.right == auth::Right::access);
    if (!fits) return fail(Errc::not_permitted, "a token for something else");
    auto& account = world.accounts[token.account];
    if (account.is_removed) return fail(Errc::no_such_account);
    if (right != auth::Right::deliver && token.issued < account.revoked)
        return fail(Errc::not_permitted, "the access was taken back");
    world.ensure_defaults(account);
    if (token.issued >= account.quota_issued) {
        account.quota_bytes = token.quota_bytes;
        account.quota_messages = token.quota_messages;
        account.quota_issued = token.issued;
    }
    return &account;
}

std::vector<MailboxEntry> list(const Account& account) {
    std::vector<StoredMailbox> stored;
    stored.reserve(account.mailboxes.size());
    for (const auto& [name, mailbox] : account.mailboxes)
        stored.push_back({mailbox.id, name, mailbox.use});
    return list_entries(stored, {account.subscribed.begin(), account.subscribed.end()});
}

namespace {

// For a mailbox that every account has and this one has not, one of the same use.
MailboxName name_for(const Account& account, const MailboxName& wanted) {
    const auto defaults = default_mailboxes();
    const auto known = std::ranges::find(defaults, wanted, &DefaultMailbox::name);
    if (account.mailboxes.contains(wanted) || known == defaults.end()) return wanted;
    for (const auto& [name, mailbox] : account.mailboxes)
        if (known->use != SpecialUse::none && mailbox.use == known->use) return name;
    return wanted;
}

} // namespace

Result<Delivered> deliver(World& world, const auth::TokenKey& key, WallTime now,
                          const LocalRecipient& recipient, std::shared_ptr<const Body> body,
                          WallTime internal_date) {
    auto admitted = admit(world, key, recipient.grant, auth::Right::deliver, now);
    if (!admitted) return std::unexpected(std::move(admitted.error()));
    auto& account = **admitted;
    Message message{.flags = {},
                    .modseq = {},
                    .internal_date = internal_date,
                    .save_date = {},
                    .email_id = {},
                    .body = std::move(body),
                    .prefix = recipient.trace_prefix};
    if (auto room = check_room(account, message.size(), 1); !room)
        return std::unexpected(std::move(room.error()));
    const auto name = name_for(account, recipient.mailbox);
    if (!account.mailboxes.contains(name)) {
        // What cannot be made is not there below either: then INBOX takes it.
        static_cast<void>(world.create_checked(account, name, SpecialUse::none));
    }
    const auto found = find(account, name);
    auto& mailbox = found ? **found : account.mailboxes.at(std::string(kInbox));
    auto flags = resolve_leniently(recipient.flags, mailbox.keywords);
    message.flags = flags.flags;
    Uid uid;
    world.publish(
        {}, {world.insert(account, mailbox, std::move(message), std::move(flags.added), uid)});
    return Delivered{mailbox.id, mailbox.uid_validity, uid};
}

Result<FlagChangeResult> change_flags(World& world, SessionId origin, Account& account,
                                      Mailbox& mailbox, const UidSet& uids, FlagChange change,
                                      const FlagNames& names,
                                      std::optional<ModSeq> unchanged_since) {
    const auto& session = world.sessions.at(origin);
    if (session.is_examining) return fail(Errc::not_permitted, "examined");
    const auto rights = rights_on(session, mailbox);
    const auto mine = only_allowed(names, rights);
    const bool is_about_all = names.system == 0 && names.keywords.empty();
    const bool may =
        is_about_all ? flags_allowed(rights).bits != 0 : mine.system != 0 || !mine.keywords.empty();
    if (!may) return fail(Errc::not_permitted, "flags");
    ResolvedFlags wanted{known(mine, mailbox.keywords), {}};
    if (change != FlagChange::remove) {
        auto resolved = resolve(mine, mailbox.keywords);
        if (!resolved) return std::unexpected(std::move(resolved.error()));
        wanted = std::move(*resolved);
    }
    FlagChangeResult result{mailbox.highest_modseq, {}, {}};
    const ModSeq modseq(account.modseq.value + 1);
    FlagNews told;
    for (const auto& range : uids) {
        auto& messages = mailbox.messages;
        for (auto it = messages.lower_bound(range.first);
             it != messages.end() && it->first <= range.last; ++it) {
            auto& [uid, message] = *it;
            if (unchanged_since && message.modseq > *unchanged_since) {
                result.modified.push_back(uid);
                continue;
            }
            const auto touched = flags_allowed(rights).bits;
            const Flags after{(message.flags.bits & ~touched) |
                              (apply(message.flags, change, wanted.flags).bits & touched)};
            if (after == message.flags) continue;
            message.flags = after;
            message.modseq = modseq;
            append_uid(result.changed, uid);
            told.add(uid, after);
        }
    }
    if (result.changed.empty()) return result;
    result.modseq = account.modseq = mailbox.highest_modseq = modseq;
    News news{mailbox.id, {}};
    if (!wanted.added.empty()) {
        mailbox.keywords.insert(mailbox.keywords.end(), wanted.added.begin(), wanted.added.end());
        news.changes.emplace_back(KeywordsAdded{std::move(wanted.added)});
    }
    for (auto& one : told.take(modseq)) news.changes.emplace_back(std::move(one));
    world.publish(origin, {news});
    return result;
}

Result<AppendResult> append(World& world, SessionId origin, const MailboxName& name,
                            std::vector<AppendMessage> messages) {
    const auto& session = world.sessions.at(origin);
    auto& account = world.account(session);
    const auto found = world.find(session, name, kInsert);
    if (!found) return std::unexpected(found.error());
    auto& mailbox = **found;
    for (auto& message : messages)
        message.flags = only_allowed(std::move(message.flags), rights_on(session, mailbox));
    std::uint64_t bytes = 0;
    auto table = mailbox.keywords; // refuse before anything has changed, RFC 3502
    for (const auto& message : messages) {
        auto flags = resolve(message.flags, table);
        if (!flags) return std::unexpected(std::move(flags.error()));
        table.insert(table.end(), flags->added.begin(), flags->added.end());
        bytes += message.message.content.size();
    }
    if (auto room = check_room(account, bytes, messages.size()); !room)
        return std::unexpected(std::move(room.error()));
    AppendResult result{mailbox.uid_validity, {}};
    std::vector<News> news;
    for (auto& message : messages) {
        auto flags = resolve(message.flags, mailbox.keywords);
        auto body = std::make_shared<const Body>(std::string(message.message.content),
                                                 std::move(message.message.structure));
        Message stored{flags->flags, {}, message.internal_date, {}, {}, std::move(body), {}};
        Uid uid;
        news.push_back(
            world.insert(account, mailbox, std::move(stored), std::move(flags->added), uid));
        append_uid(result.uids, uid);
    }
    world.publish(origin, news);
    if (!rights_on(session, mailbox).has(kRead)) return AppendResult{}; // RFC 4315 §3
    return result;
}

std::optional<UidSet> vanished(const Mailbox& mailbox, const UidSet& uids, ModSeq since) {
    if (since >= mailbox.highest_modseq) return UidSet();
    auto oldest = INT64_MAX;
    for (const auto& [uid, message] : mailbox.expunged)
        oldest = std::min(oldest, message.modseq.value);
    if (since.value < oldest - 1) return std::nullopt;
    UidSet gone;
    for (const auto& [uid, message] : mailbox.expunged)
        if (message.modseq > since && contains(uids, uid)) append_uid(gone, uid);
    return gone;
}

} // namespace maild::store::memory
