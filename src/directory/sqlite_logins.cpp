// Bans and what is known of logins, in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

namespace maild::directory {
namespace {

std::optional<std::int64_t> seconds_of(const std::optional<WallTime>& time) {
    if (!time) return std::nullopt;
    return to_unix_seconds(*time);
}

struct BanRow {
    std::optional<net::Network> network; // none: nobody can write such a text, so it is damage
    auth::Ban ban;
};

BanRow read_ban(const db::Statement& row) {
    BanRow out{.network = net::parse_network(row.column<std::string_view>(0)), .ban = {}};
    out.ban.since = from_unix_seconds(row.column<std::int64_t>(1));
    if (const auto until = row.column<std::optional<std::int64_t>>(2))
        out.ban.until = from_unix_seconds(*until);
    out.ban.reason = row.column<std::string>(3);
    out.ban.count = row.column<std::uint32_t>(4);
    out.ban.is_by_admin = row.column<bool>(5);
    return out;
}

LastLogin read_login(const db::Statement& row) {
    return {row.column<std::string>(0), row.column<std::string>(1),
            from_unix_seconds(row.column<std::int64_t>(2))};
}

} // namespace

Result<std::vector<auth::Ban>> SqliteRepository::list_bans() {
    auto rows = read_rows(
        database_.query("SELECT network, since, until, reason, count, is_by_admin FROM ban"),
        read_ban);
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::vector<auth::Ban> bans;
    for (auto& row : *rows) {
        if (!row.network) return fail(Errc::corrupt, "a ban of no network");
        row.ban.network = *row.network;
        bans.push_back(std::move(row.ban));
    }
    return bans;
}

Result<void> SqliteRepository::store_ban(const auth::Ban& ban) {
    return ran(database_.execute(
        "INSERT INTO ban (network, since, until, reason, count, is_by_admin)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (network) DO UPDATE SET"
        " since = excluded.since, until = excluded.until, reason = excluded.reason,"
        " count = excluded.count, is_by_admin = excluded.is_by_admin",
        net::format_network(ban.network), to_unix_seconds(ban.since), seconds_of(ban.until),
        ban.reason, std::int64_t{ban.count}, ban.is_by_admin));
}

Result<void> SqliteRepository::delete_ban(const net::Network& network) {
    return ran(
        database_.execute("DELETE FROM ban WHERE network = ?1", net::format_network(network)));
}

Result<void> SqliteRepository::delete_bans_before(WallTime time) {
    return ran(database_.execute("DELETE FROM ban WHERE until < ?1", to_unix_seconds(time)));
}

Result<std::vector<LastLogin>> SqliteRepository::list_logins(AccountId account) {
    return read_rows(database_.query("SELECT service, address, at FROM login WHERE account = ?1"
                                     " ORDER BY at DESC, service",
                                     account),
                     read_login);
}

Result<std::vector<std::pair<AccountId, LastLogin>>> SqliteRepository::all_logins() {
    return read_rows(database_.query("SELECT service, address, at, account FROM login ORDER BY at"),
                     [](const db::Statement& row) {
                         return std::pair(row.column<AccountId>(3), read_login(row));
                     });
}

Result<std::vector<LoginFailures>> SqliteRepository::list_login_failures(AccountId account) {
    return read_rows(database_.query("SELECT network, service, count, first_at, last_at"
                                     " FROM login_failure WHERE account = ?1"
                                     " ORDER BY last_at DESC, network",
                                     account),
                     [](const db::Statement& row) {
                         return LoginFailures{row.column<std::string>(0),
                                              row.column<std::string>(1),
                                              row.column<std::uint32_t>(2),
                                              from_unix_seconds(row.column<std::int64_t>(3)),
                                              from_unix_seconds(row.column<std::int64_t>(4))};
                     });
}

// An account that is gone by now is no row to be written, and no fault either.
Result<void> SqliteRepository::store_login(AccountId account, const LastLogin& login) {
    return ran(database_.execute(
        "INSERT INTO login (account, service, address, at) SELECT id, ?2, ?3, ?4 FROM account"
        " WHERE id = ?1 AND deleted_at IS NULL ON CONFLICT (account, service) DO UPDATE SET"
        " address = excluded.address, at = excluded.at",
        account, login.service, login.address, to_unix_seconds(login.at)));
}

Result<void> SqliteRepository::add_login_failures(AccountId account,
                                                  const LoginFailures& failures) {
    const auto added = database_.execute(
        "INSERT INTO login_failure (account, network, service, count, first_at, last_at)"
        " SELECT id, ?2, ?3, ?4, ?5, ?6 FROM account WHERE id = ?1 AND deleted_at IS NULL"
        " ON CONFLICT (account, network) DO UPDATE SET service = excluded.service,"
        " count = count + excluded.count, last_at = excluded.last_at",
        account, failures.network, failures.service, std::int64_t{failures.count},
        to_unix_seconds(failures.first), to_unix_seconds(failures.last));
    if (!added) return std::unexpected(added.error());
    return ran(database_.execute(
        "DELETE FROM login_failure WHERE account = ?1 AND network NOT IN (SELECT network"
        " FROM login_failure WHERE account = ?1 ORDER BY last_at DESC, network LIMIT ?2)",
        account, kFailingNetworks));
}

Result<void> SqliteRepository::delete_login_failures(AccountId account,
                                                     const std::string& network) {
    return ran(database_.execute("DELETE FROM login_failure WHERE account = ?1 AND network = ?2",
                                 account, network));
}

} // namespace maild::directory
