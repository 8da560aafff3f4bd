#include "store/operations.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

Result<bool> exists(Batch& batch, AccountId account, std::string_view name) {
    const auto row = mailbox_by_name(batch.database, account, name);
    if (row) return true;
    if (row.error().code == Errc::no_such_mailbox) return false;
    return pass(row);
}

Result<MailboxId> insert_mailbox(Batch& batch, AccountId account, const MailboxName& name,
                                 SpecialUse use) {
    auto counters = batch.database.query(
        "UPDATE account SET modseq = modseq + 1, uid_validity = uid_validity + 1,"
        " mailboxes = mailboxes + 1 WHERE id = ?1 AND removed_at IS NULL"
        " RETURNING modseq, uid_validity, mailboxes",
        account);
    if (!counters) return pass(counters);
    const auto found = counters->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::no_such_account);
    const auto modseq = counters->column<ModSeq>(0);
    const auto validity = counters->column<std::int64_t>(1);
    if (counters->column<std::uint32_t>(2) > kMaxMailboxes)
        return fail(Errc::limit_exceeded, "mailboxes");
    if (validity > std::int64_t{UINT32_MAX})
        return fail(Errc::limit_exceeded, "no UIDVALIDITY is left");
    auto made = batch.database.execute(
        "INSERT INTO mailbox (account_id, name, special_use, uid_validity, highest_modseq)"
        " VALUES (?1, ?2, ?3, ?4, ?5)",
        account, name, use, validity, modseq);
    if (!made) return pass(made);
    const MailboxId id(batch.database.last_insert_rowid());
    batch.notes.emplace_back(
        MailboxNamed{{account, id, name, use, UidValidity(static_cast<std::uint32_t>(validity))}});
    batch.names.push_back({account, NameCreated{name}});
    if (auto inherited = inherit_acl(batch, account, name, id); !inherited) return pass(inherited);
    return id;
}

Result<void> create_superiors(Batch& batch, AccountId account, const MailboxName& name) {
    for (const auto& level : superiors(name)) {
        const auto is_there = exists(batch, account, level);
        if (!is_there) return pass(is_there);
        if (*is_there) continue;
        if (auto made = insert_mailbox(batch, account, level, SpecialUse::none); !made)
            return pass(made);
    }
    return {};
}

// RFC 9051 §6.3.6: the messages of INBOX move to a new mailbox, INBOX stays, and its children too.
Result<void> rename_inbox(Batch& batch, AccountId account, const MailboxName& to) {
    const auto made = create_mailbox(batch, account, to, SpecialUse::none);
    if (!made) return pass(made);
    auto inbox = mailbox_by_name(batch.database, account, kInbox);
    if (!inbox) return pass(inbox);
    auto target = mailbox_by_id(batch.database, account, *made);
    if (!target) return pass(target);
    const auto from = inbox->status.id;
    auto moved = copy_between(batch, {*inbox, *target}, {{Uid(1), Uid(UINT32_MAX)}}, true);
    if (!moved) return pass(moved);
    return copy_annotations(batch, account, from, *made);
}

// RFC 4314 §4: k on the nearest mailbox above. Who has it not does not learn whether it is there.
Result<void> may_create(Batch& batch, const Access& access, const MailboxName& name) {
    if (access.is_own()) return {};
    const auto levels = superiors(name);
    for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
        const auto row = mailbox_by_name(batch.database, access.account, *level);
        if (!row && row.error().code == Errc::no_such_mailbox) continue;
        if (!row) return pass(row);
        const auto may = require(batch.database, access, row->status.id, kCreate);
        if (may || may.error().code != Errc::no_such_mailbox) return may;
        break;
    }
    return fail(Errc::not_permitted, "no mailbox above may be created in");
}

// §4: x on the mailbox, and so on those that move along.
Result<void> may_rename(Batch& batch, const Access& access, const std::vector<MailboxRow>& rows,
                        const MailboxName& from) {
    if (access.is_own()) return {};
    if (rows.front().name != from) return fail(Errc::no_such_mailbox); // whatever is below it
    for (const auto& row : rows) {
        auto may = require(batch.database, access, row.status.id, kDeleteMailbox);
        if (!may && row.name != from && may.error().code == Errc::no_such_mailbox)
            return fail(Errc::not_permitted, "a mailbox below it");
        if (!may) return may;
    }
    return {};
}

// The mailbox itself, if there is one, and what is below it.
Result<std::vector<MailboxRow>> rows_to_rename(Batch& batch, const Access& access,
                                               const MailboxName& from, const MailboxName& to) {
    const auto account = access.account;
    auto rows = mailboxes_of(batch.database, account);
    if (!rows) return pass(rows);
    std::erase_if(
        *rows, [&](const auto& row) { return row.name != from && !is_inferior(row.name, from); });
    if (rows->empty()) return fail(Errc::no_such_mailbox);
    if (auto may = may_rename(batch, access, *rows, from); !may) return pass(may);
    if (auto may = may_create(batch, access, to); !may) return pass(may);
    for (const auto& row : *rows) {
        const auto target = renamed(row.name, from, to);
        if (auto valid = check_name(target); !valid) return pass(valid);
        const auto taken = exists(batch, account, target);
        if (!taken) return pass(taken);
        if (*taken) return fail(Errc::already_exists);
    }
    return rows;
}

} // namespace

Result<MailboxId> create_mailbox(Batch& batch, const Access& access, const MailboxName& name,
                                 SpecialUse use) {
    if (auto valid = check_new_name(name); !valid) return pass(valid);
    if (auto may = may_create(batch, access, name); !may) return pass(may);
    if (!access.is_own() && use != SpecialUse::none)
        return fail(Errc::not_permitted, "a use is the owner's to give");
    const auto account = access.account;
    const auto is_there = exists(batch, account, name);
    if (!is_there) return pass(is_there);
    if (*is_there) return fail(Errc::already_exists);
    if (auto made = create_superiors(batch, account, name); !made) return pass(made);
    return insert_mailbox(batch, account, name, use);
}

Result<void> delete_mailbox(Batch& batch, const Access& access, const MailboxName& name) {
    if (name == kInbox) return fail(Errc::cannot);
    const auto account = access.account;
    auto row = mailbox_by_name(batch.database, access, name, kDeleteMailbox);
    if (!row && row.error().code == Errc::no_such_mailbox && access.is_own()) {
        const auto rows = mailboxes_of(batch.database, account);
        if (!rows) return pass(rows);
        for (const auto& other : *rows) {
            if (is_inferior(other.name, name)) return fail(Errc::has_children);
        }
    }
    if (!row) return pass(row);
    auto& status = row->status;
    const auto modseq =
        next_modseq(batch.database, account, -static_cast<std::int64_t>(status.size),
                    -std::int64_t{status.messages});
    if (!modseq) return pass(modseq);
    auto counted = batch.database.execute(
        "UPDATE account SET mailboxes = mailboxes - 1 WHERE id = ?1", account);
    if (!counted) return pass(counted);
    if (auto gone = remove_annotations(batch, account, status.id); !gone) return gone;
    auto hidden = batch.database.execute(
        "UPDATE mailbox SET deleted_at = ?2, highest_modseq = ?3 WHERE id = ?1", status.id,
        to_millis(batch.now), *modseq);
    if (!hidden) return pass(hidden);
    status.highest_modseq = *modseq;
    batch.news.push_back({account, status, {MailboxDeleted{}}});
    batch.names.push_back({account, NameRemoved{name}});
    batch.notes.emplace_back(MailboxRemoved{status.id});
    return drop_acl(batch, account, status); // RFC 4314 §4, whatever is kept of the rest
}

Result<void> rename_mailbox(Batch& batch, const Access& access, const MailboxName& from,
                            const MailboxName& to) {
    if (auto valid = check_rename(from, to); !valid) return valid;
    const auto account = access.account;
    if (from == kInbox && !access.is_own()) return fail(Errc::not_permitted, "another's INBOX");
    if (from == kInbox) return rename_inbox(batch, account, to);
    const auto rows = rows_to_rename(batch, access, from, to);
    if (!rows) return pass(rows);
    if (auto made = create_superiors(batch, account, to); !made) return made;
    for (const auto& row : *rows) {
        const auto target = renamed(row.name, from, to);
        auto done = batch.database.execute("UPDATE mailbox SET name = ?2 WHERE id = ?1",
                                           row.status.id, target);
        if (!done) return pass(done);
        batch.notes.emplace_back(
            MailboxNamed{{account, row.status.id, target, row.use, row.status.uid_validity}});
    }
    batch.names.push_back({account, NameRenamed{from, to}});
    return {};
}

Result<void> subscribe(Batch& batch, AccountId account, const MailboxName& name, bool subscribed) {
    if (!subscribed) {
        auto gone = batch.database.execute(
            "DELETE FROM subscription WHERE account_id = ?1 AND name = ?2", account, name);
        if (!gone) return pass(gone);
        if (*gone == 1) batch.names.push_back({account, SubscriptionChanged{name}});
        return {};
    }
    if (auto valid = check_name(name); !valid) return valid;
    auto made = batch.database.execute("INSERT INTO subscription (account_id, name) SELECT ?1, ?2"
                                       " WHERE (SELECT count(*) FROM subscription WHERE account_id "
                                       "= ?1) < ?3 ON CONFLICT DO NOTHING",
                                       account, name, static_cast<std::int64_t>(kMaxMailboxes));
    if (!made) return pass(made);
    if (*made == 1) {
        batch.names.push_back({account, SubscriptionChanged{name}});
        return {};
    }
    auto there = batch.database.query(
        "SELECT 1 FROM subscription WHERE account_id = ?1 AND name = ?2", account, name);
    if (!there) return pass(there);
    const auto found = there->step();
    if (!found) return pass(found);
    return *found ? Result<void>() : fail(Errc::limit_exceeded, "subscriptions");
}

Result<void> set_first_recent(Batch& batch, MailboxId mailbox, Uid first_recent) {
    auto done = batch.database.execute(
        "UPDATE mailbox SET first_recent = max(first_recent, ?2) WHERE id = ?1", mailbox,
        first_recent);
    if (!done) return pass(done);
    return {};
}

} // namespace maild::store
