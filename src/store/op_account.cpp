#include "store/operations.hpp"
#include "store/pass.hpp"

#include <algorithm>

namespace maild::store {

Result<AccountRow> ensure_account(Batch& batch, AccountId account) {
    auto row = account_row(batch.database, account);
    if (!row) return pass(row);
    if (*row) {
        if ((*row)->is_removed) return fail(Errc::no_such_account);
        return **row;
    }
    // From the clock once, so that an account whose meta.db was lost and whose packs were too does
    // not begin below what clients remember (RFC 9051 §2.3.1.1); from here on only by counting.
    const auto first = std::clamp<std::int64_t>(to_unix_seconds(batch.now), 1, UINT32_MAX / 2);
    auto made = batch.database.execute("INSERT INTO account (id, uid_validity) VALUES (?1, ?2)",
                                       account, first);
    if (!made) return pass(made);
    if (auto done = ensure_defaults(batch, account); !done) return pass(done);
    return AccountRow{};
}

Result<void> ensure_defaults(Batch& batch, AccountId account) {
    auto rows = mailboxes_of(batch.database, account);
    if (!rows) return pass(rows);
    for (const auto& [name, use] : default_mailboxes()) {
        const auto stands_in = [name, use](const MailboxRow& row) {
            return row.name == name || (use != SpecialUse::none && row.use == use);
        };
        if (std::ranges::any_of(*rows, stands_in)) continue;
        const auto made = create_mailbox(batch, account, std::string(name), use);
        if (!made) return pass(made);
        if (auto done = subscribe(batch, account, std::string(name), true); !done) return done;
    }
    return {};
}

Result<void> check_room(const AccountRow& account, const Quota& quota, std::uint64_t bytes,
                        std::uint64_t messages) {
    if (messages == 0) return {};
    // Waiting for room would never help.
    if (messages == 1 && quota.bytes != 0 && bytes > quota.bytes) return fail(Errc::too_large);
    const bool is_full = (quota.bytes != 0 && account.used_bytes + bytes > quota.bytes) ||
                         (quota.messages != 0 && account.used_messages + messages > quota.messages);
    return is_full ? fail(Errc::over_quota) : Result<void>();
}

// Bounded by the number of mailboxes: messages stay where they are until the retention ends.
Result<void> remove_account(Batch& batch, AccountId account) {
    auto rows = mailboxes_of(batch.database, account);
    if (!rows) return pass(rows);
    auto known = batch.database.execute(
        "INSERT INTO account (id, uid_validity) VALUES (?1, 1) ON CONFLICT DO NOTHING", account);
    if (!known) return pass(known);
    auto removed = batch.database.execute(
        "UPDATE account SET removed_at = coalesce(removed_at, ?2), used_bytes = 0,"
        " used_messages = 0, mailboxes = 0, annotation_bytes = 0, modseq = modseq + 1 WHERE id = "
        "?1",
        account, to_millis(batch.now));
    if (!removed) return pass(removed);
    auto hidden = batch.database.execute(
        "UPDATE mailbox SET deleted_at = ?2 WHERE account_id = ?1 AND deleted_at IS NULL", account,
        to_millis(batch.now));
    if (!hidden) return pass(hidden);
    auto forgotten =
        batch.database.execute("DELETE FROM subscription WHERE account_id = ?1", account);
    if (!forgotten) return pass(forgotten);
    auto unshared = batch.database.execute("DELETE FROM acl WHERE owner_id = ?1", account);
    if (!unshared) return pass(unshared);
    auto noted = batch.database.execute("DELETE FROM annotation WHERE account_id = ?1", account);
    if (!noted) return pass(noted);
    for (const auto& row : *rows) batch.news.push_back({account, row.status, {MailboxDeleted{}}});
    batch.notes.emplace_back(AccountRemoved{account});
    return {};
}

} // namespace maild::store
