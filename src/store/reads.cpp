#include "store/reads.hpp"

#include "store/operations.hpp"
#include "store/pass.hpp"

#include "maild/db/transaction.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>

namespace maild::store {
namespace {

Result<std::uint32_t> count_recent(db::Database& database, MailboxId mailbox, Uid first_recent) {
    auto query = database.query("SELECT count(*) FROM message WHERE mailbox_id = ?1 AND uid >= ?2",
                                mailbox, first_recent);
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    return query->column<std::uint32_t>(0);
}

// Of another account: what the actor may look up, without the owner's uses and subscriptions.
Result<std::vector<MailboxEntry>> list_shared(db::Database& database, const Access& access) {
    const auto known = rights_by_mailbox(database, access);
    if (!known) return pass(known);
    std::vector<MailboxEntry> entries;
    for (const auto& [id, rights] : *known) {
        if (!rights.has(kLookup)) continue;
        auto row = mailbox_by_id(database, access.account, id);
        if (!row && row.error().code == Errc::no_such_mailbox) continue;
        if (!row) return pass(row);
        entries.push_back({.id = id, .name = std::move(row->name), .rights = rights});
    }
    std::ranges::sort(entries, {}, &MailboxEntry::name);
    return entries;
}

} // namespace

Result<std::vector<MailboxEntry>> list_mailboxes(Reading& reading, const Access& access) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    if (!access.is_own()) return list_shared(reading.database, access);
    const auto account = access.account;
    auto rows = mailboxes_of(reading.database, account);
    if (!rows) return pass(rows);
    auto subscribed = subscriptions_of(reading.database, account);
    if (!subscribed) return pass(subscribed);
    std::vector<StoredMailbox> stored;
    for (auto& row : *rows) stored.push_back({row.status.id, std::move(row.name), row.use});
    return list_entries(stored, *subscribed);
}

Result<bool> lacks_defaults(Reading& reading, AccountId account) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    const auto row = account_row(reading.database, account);
    if (!row) return pass(row);
    if (!*row) return true;
    if ((*row)->is_removed) return fail(Errc::no_such_account);
    const auto rows = mailboxes_of(reading.database, account);
    if (!rows) return pass(rows);
    return std::ranges::any_of(default_mailboxes(), [&](const DefaultMailbox& wanted) {
        return std::ranges::none_of(*rows, [&](const MailboxRow& mailbox) {
            return mailbox.name == wanted.name ||
                   (wanted.use != SpecialUse::none && mailbox.use == wanted.use);
        });
    });
}

Result<MailboxStatus> read_status(Reading& reading, const Access& access, const MailboxName& name) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    auto row = mailbox_by_name(reading.database, access, name, kRead);
    if (!row) return pass(row);
    const auto recent = count_recent(reading.database, row->status.id, row->first_recent);
    if (!recent) return pass(recent);
    row->status.recent = *recent;
    return row->status;
}

Result<Found> find_mailbox(Reading& reading, const Access& access, const MailboxName& name,
                           Rights needed) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    auto row = mailbox_by_name(reading.database, access, name, needed);
    if (!row) return pass(row);
    const auto rights = rights_on(reading.database, access, row->status.id);
    if (!rights) return pass(rights);
    return Found{std::move(*row), *rights};
}

Result<Acl> read_acl(Reading& reading, const Access& access, const MailboxName& name) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    const auto row = mailbox_by_name(reading.database, access, name, kAdminister);
    if (!row) return pass(row);
    return acl_of(reading.database, access.account, row->status.id);
}

Result<Snapshot> read_snapshot(Reading& reading, AccountId account, MailboxId mailbox) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    auto row = mailbox_by_id(reading.database, account, mailbox);
    if (!row) return pass(row);
    Snapshot snapshot{std::move(*row), {}};
    snapshot.messages.reserve(snapshot.row.status.messages);
    auto rows = reading.database.query(
        "SELECT uid, flags, modseq FROM message WHERE mailbox_id = ?1 ORDER BY uid", mailbox);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return snapshot;
        snapshot.messages.push_back({rows->column<Uid>(0),
                                     flags_from_row(rows->column<std::int64_t>(1)),
                                     rows->column<ModSeq>(2)});
    }
}

// RFC 7162 §3.2.6: what is remembered begins with the smallest mod-sequence of a removal; retention
// takes the oldest ones first.
Result<std::optional<UidSet>> read_vanished(Reading& reading, const Access& access,
                                            MailboxId mailbox, const UidSet& uids, ModSeq since) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    const auto row = mailbox_by_id(reading.database, access, mailbox, kRead);
    if (!row) return pass(row);
    if (since >= row->status.highest_modseq) return UidSet();
    auto oldest = reading.database.query(
        "SELECT coalesce(min(modseq), ?2) FROM expunged WHERE mailbox_id = ?1", mailbox, INT64_MAX);
    if (!oldest) return pass(oldest);
    const auto found = oldest->step();
    if (!found) return pass(found);
    if (since.value < oldest->column<std::int64_t>(0) - 1) return std::nullopt;
    auto rows = reading.database.query(
        "SELECT uid FROM expunged WHERE mailbox_id = ?1 AND modseq > ?2 ORDER BY uid", mailbox,
        since);
    if (!rows) return pass(rows);
    UidSet gone;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return gone;
        const auto uid = rows->column<Uid>(0);
        if (contains(uids, uid)) append_uid(gone, uid);
    }
}

Result<AccountUsage> read_usage(Reading& reading, AccountId account) {
    const auto row = account_row(reading.database, account);
    if (!row) return pass(row);
    const auto known = row->value_or(AccountRow{});
    return AccountUsage{account, known.used_bytes, known.used_messages, known.mailboxes};
}

Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>> read_mailboxes(Reading& reading,
                                                                           AccountId account) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    auto rows = mailboxes_of(reading.database, account);
    if (!rows) return pass(rows);
    const auto subscribed = subscriptions_of(reading.database, account);
    if (!subscribed) return pass(subscribed);
    std::vector<std::pair<MailboxEntry, MailboxStatus>> all;
    for (auto& row : *rows) {
        const auto recent = count_recent(reading.database, row.status.id, row.first_recent);
        if (!recent) return pass(recent);
        row.status.recent = *recent;
        const bool is_subscribed = std::ranges::find(*subscribed, row.name) != subscribed->end();
        all.push_back(
            {{row.status.id, std::move(row.name), row.use, is_subscribed, true}, row.status});
    }
    return all;
}

Result<Stored> read_stored(Reading& reading) {
    auto query =
        reading.database.query("SELECT (SELECT coalesce(sum(used_messages), 0) FROM account),"
                               " (SELECT coalesce(sum(bytes), 0) FROM pack)");
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    return Stored{query->column<std::uint64_t>(0), query->column<std::uint64_t>(1)};
}

} // namespace maild::store
