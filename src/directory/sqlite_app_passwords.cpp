// App passwords in directory.db.
#include "directory/app_passwords.hpp"
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

namespace maild::directory {
namespace {

struct Row {
    StoredAppPassword stored;
    bool is_damaged = false;
};

Row read_app_password(const db::Statement& row) {
    Row out;
    auto& stored = out.stored;
    stored.id = row.column<std::int64_t>(0);
    stored.shown.name = row.column<std::string>(1);
    stored.digest = row.column<std::string>(2);
    stored.scram = row.column<std::string>(3);
    stored.scram_sha1 = row.column<std::string>(4);
    auto protocols = parse_protocols(row.column<std::string_view>(5));
    auto networks = parse_networks(row.column<std::string_view>(6));
    out.is_damaged = !protocols || !networks;
    if (out.is_damaged) return out;
    stored.shown.scope.protocols = std::move(*protocols);
    stored.shown.scope.networks = std::move(*networks);
    stored.shown.created = from_unix_seconds(row.column<std::int64_t>(7));
    if (const auto at = row.column<std::optional<std::int64_t>>(8))
        stored.shown.scope.expires = from_unix_seconds(*at);
    if (const auto at = row.column<std::optional<std::int64_t>>(9))
        stored.shown.last_used = from_unix_seconds(*at);
    stored.shown.last_address = row.column<std::string>(10);
    stored.shown.last_service = row.column<std::string>(11);
    return out;
}

} // namespace

Result<std::vector<StoredAppPassword>> SqliteRepository::list_app_passwords(AccountId account) {
    auto rows =
        read_rows(database_.query("SELECT id, name, digest, scram, scram_sha1, protocols, networks,"
                                  " created_at, expires_at, used_at, used_from, used_service"
                                  " FROM app_password WHERE account = ?1 ORDER BY name",
                                  account),
                  read_app_password);
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::vector<StoredAppPassword> out;
    for (auto& row : *rows) {
        if (row.is_damaged) return fail(Errc::corrupt, "an app password with a damaged scope");
        out.push_back(std::move(row.stored));
    }
    return out;
}

Result<void> SqliteRepository::insert_app_password(AccountId account,
                                                   const StoredAppPassword& added) {
    const auto& shown = added.shown;
    std::optional<std::int64_t> expires;
    if (shown.scope.expires) expires = to_unix_seconds(*shown.scope.expires);
    return ran(database_.execute(
        "INSERT INTO app_password (account, name, digest, scram, scram_sha1, protocols, networks,"
        " created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        account, shown.name, added.digest, added.scram, added.scram_sha1,
        format_protocols(shown.scope.protocols), format_networks(shown.scope.networks),
        to_unix_seconds(shown.created), expires));
}

Result<void> SqliteRepository::delete_app_password(std::int64_t id) {
    return ran(database_.execute("DELETE FROM app_password WHERE id = ?1", id));
}

Result<void> SqliteRepository::store_app_password_use(std::int64_t id, const LastLogin& use) {
    return ran(database_.execute("UPDATE app_password SET used_at = ?2, used_from = ?3,"
                                 " used_service = ?4 WHERE id = ?1",
                                 id, to_unix_seconds(use.at), use.address, use.service));
}

} // namespace maild::directory
