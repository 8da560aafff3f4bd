// Accounts and their addresses in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

#include <algorithm>

namespace maild::directory {
namespace {

// The columns of every SELECT below that gives accounts.
directory::Account read_account(const db::Statement& row) {
    directory::Account account;
    account.id = row.column<AccountId>(0);
    account.shard = row.column<ShardId>(1);
    account.address = row.column<std::string>(2);
    account.is_disabled = row.column<bool>(3);
    account.disabled_reason = row.column<std::string>(4);
    account.quota_bytes = row.column<std::uint64_t>(5);
    account.quota_messages = row.column<std::uint64_t>(6);
    account.created = from_unix_seconds(row.column<std::int64_t>(7));
    account.password_changed = from_unix_seconds(row.column<std::int64_t>(8));
    account.sending.saves_sent = row.column<bool>(9);
    account.sending.messages_per_day = row.column<std::optional<std::uint32_t>>(10);
    account.sending.recipients_per_day = row.column<std::optional<std::uint32_t>>(11);
    account.sending.hold_for = std::chrono::seconds(row.column<std::int64_t>(12));
    return account;
}

} // namespace

Result<std::vector<std::string>> SqliteRepository::other_addresses(AccountId account,
                                                                   const std::string& own) {
    auto addresses = read_rows(database_.query("SELECT address.localpart, domain.name FROM address"
                                               " JOIN domain ON domain.id = address.domain"
                                               " WHERE address.account = ?1",
                                               account),
                               [](const db::Statement& row) {
                                   return mail::format_localpart(row.column<std::string_view>(0)) +
                                          "@" + row.column<std::string>(1);
                               });
    if (!addresses) return addresses;
    std::erase(*addresses, own);
    std::ranges::sort(*addresses);
    return addresses;
}

Result<directory::Account> SqliteRepository::whole(directory::Account account) {
    auto addresses = other_addresses(account.id, account.address);
    if (!addresses) return std::unexpected(std::move(addresses.error()));
    account.other_addresses = std::move(*addresses);
    return account;
}

Result<std::optional<directory::Account>> SqliteRepository::load_account(AccountId id) {
    auto account = read_row(
        database_.query("SELECT id, shard, address, is_disabled, disabled_reason, quota_bytes,"
                        " quota_messages, created_at,"
                        " (SELECT changed_at FROM credential WHERE account = account.id),"
                        " saves_sent, messages_per_day, recipients_per_day, hold_for"
                        " FROM account WHERE id = ?1 AND deleted_at IS NULL",
                        id),
        read_account);
    if (!account || !*account) return account;
    auto complete = whole(std::move(**account));
    if (!complete) return std::unexpected(std::move(complete.error()));
    return std::move(*complete);
}

Result<std::vector<directory::Account>>
SqliteRepository::list_accounts(std::optional<DomainId> domain, const std::string& after,
                                std::uint32_t limit) {
    auto accounts = read_rows(
        database_.query("SELECT id, shard, address, is_disabled, disabled_reason, quota_bytes,"
                        " quota_messages, created_at,"
                        " (SELECT changed_at FROM credential WHERE account = account.id),"
                        " saves_sent, messages_per_day, recipients_per_day, hold_for"
                        " FROM account WHERE deleted_at IS NULL AND address > ?1"
                        " AND (?2 IS NULL OR domain = ?2) ORDER BY address LIMIT ?3",
                        after, domain, limit),
        read_account);
    if (!accounts) return accounts;
    for (auto& account : *accounts) {
        auto complete = whole(std::move(account));
        if (!complete) return std::unexpected(std::move(complete.error()));
        account = std::move(*complete);
    }
    return accounts;
}

Result<AccountId> SqliteRepository::insert_account(const directory::Account& account,
                                                   DomainId domain, const std::string& localpart) {
    const auto inserted = database_.execute(
        "INSERT INTO account (shard, domain, address, is_disabled, disabled_reason, quota_bytes,"
        " quota_messages, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        account.shard, domain, account.address, account.is_disabled, account.disabled_reason,
        stored(account.quota_bytes), stored(account.quota_messages),
        to_unix_seconds(account.created));
    if (!inserted) return std::unexpected(inserted.error());
    const AccountId id(database_.last_insert_rowid());
    if (auto added = insert_address(id, domain, localpart); !added)
        return std::unexpected(std::move(added.error()));
    if (const auto shard = in_shards_.find(account.shard); shard != in_shards_.end())
        ++shard->second;
    return id;
}

Result<void> SqliteRepository::update_account(const directory::Account& account) {
    return ran(database_.execute(
        "UPDATE account SET is_disabled = ?2, disabled_reason = ?3,"
        " quota_bytes = ?4, quota_messages = ?5, saves_sent = ?6,"
        " messages_per_day = ?7, recipients_per_day = ?8, hold_for = ?9 WHERE id = "
        "?1",
        account.id, account.is_disabled, account.disabled_reason, stored(account.quota_bytes),
        stored(account.quota_messages), account.sending.saves_sent,
        account.sending.messages_per_day, account.sending.recipients_per_day,
        account.sending.hold_for.count()));
}

Result<void> SqliteRepository::rename_account(const directory::Account& account, DomainId domain,
                                              const std::string& localpart) {
    const auto before = load_account(account.id);
    if (!before) return std::unexpected(before.error());
    const auto old = canonical_address((*before)->address);
    if (!old) return fail(Errc::corrupt, "account with the address " + (*before)->address);
    const auto moved = database_.execute(
        "UPDATE address SET domain = ?1, localpart = ?2 WHERE account = ?3 AND localpart = ?4"
        " AND domain = (SELECT domain FROM account WHERE id = ?3)",
        domain, localpart, account.id, old->localpart);
    if (!moved) return std::unexpected(moved.error());
    return ran(database_.execute("UPDATE account SET domain = ?2, address = ?3 WHERE id = ?1",
                                 account.id, domain, account.address));
}

Result<void> SqliteRepository::delete_account(AccountId account, WallTime now) {
    in_shards_.clear();
    auto done = ran(database_.execute("DELETE FROM address WHERE account = ?1", account));
    if (done) done = ran(database_.execute("DELETE FROM credential WHERE account = ?1", account));
    if (done) done = ran(database_.execute("DELETE FROM app_password WHERE account = ?1", account));
    if (done)
        done = ran(database_.execute("DELETE FROM hidden_capability WHERE account = ?1", account));
    if (done) done = ran(database_.execute("DELETE FROM login WHERE account = ?1", account));
    if (done)
        done = ran(database_.execute("DELETE FROM login_failure WHERE account = ?1", account));
    if (done) done = ran(database_.execute("DELETE FROM sent_count WHERE account = ?1", account));
    if (!done) return done;
    return ran(database_.execute("UPDATE account SET domain = NULL, deleted_at = ?2 WHERE id = ?1",
                                 account, to_unix_seconds(now)));
}

Result<void> SqliteRepository::insert_address(AccountId account, DomainId domain,
                                              const std::string& localpart) {
    return ran(
        database_.execute("INSERT INTO address (domain, localpart, account) VALUES (?1, ?2, ?3)",
                          domain, localpart, account));
}

Result<void> SqliteRepository::delete_address(DomainId domain, const std::string& localpart) {
    return ran(database_.execute("DELETE FROM address WHERE domain = ?1 AND localpart = ?2", domain,
                                 localpart));
}

Result<std::uint64_t> SqliteRepository::default_quota(AccountId account) {
    const auto quota =
        read_row(database_.query("SELECT domain.default_quota_bytes FROM account JOIN domain"
                                 " ON domain.id = account.domain WHERE account.id = ?1",
                                 account),
                 [](const db::Statement& row) { return row.column<std::uint64_t>(0); });
    if (!quota) return std::unexpected(quota.error());
    return quota->value_or(0);
}

Result<ShardId> SqliteRepository::least_used_shard() {
    if (in_shards_.empty()) {
        const auto counts = read_rows(
            database_.query("SELECT id, (SELECT count(*) FROM account WHERE shard = shard.id"
                            " AND deleted_at IS NULL) FROM shard WHERE is_open"),
            [](const db::Statement& row) {
                return std::pair{row.column<ShardId>(0), row.column<std::uint64_t>(1)};
            });
        if (!counts) return std::unexpected(counts.error());
        in_shards_.insert(counts->begin(), counts->end());
    }
    if (in_shards_.empty()) return fail(Errc::unavailable, "no shard takes new accounts");
    return std::ranges::min_element(
               in_shards_, {},
               [](const auto& shard) { return std::pair{shard.second, shard.first}; })
        ->first;
}

} // namespace maild::directory
