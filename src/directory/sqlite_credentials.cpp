// Passwords, and what else logins are verified with, in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

#include "maild/base/encoding.hpp"

namespace maild::directory {

Result<Credential> SqliteRepository::load_credential(AccountId account) {
    auto credential = read_row(
        database_.query(
            "SELECT version, hash, scram, scram_sha1 FROM credential WHERE account = ?1", account),
        [](const db::Statement& row) {
            return Credential{row.column<std::int64_t>(0), row.column<std::string>(1),
                              row.column<std::string>(2), row.column<std::string>(3)};
        });
    if (!credential) return std::unexpected(std::move(credential.error()));
    return std::move(*credential).value_or(Credential{});
}

Result<void> SqliteRepository::store_credential(AccountId account, const Credential& credential,
                                                WallTime now) {
    return ran(database_.execute(
        "INSERT INTO credential (account, version, hash, scram, scram_sha1, changed_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (account) DO UPDATE SET"
        " version = excluded.version, hash = excluded.hash, scram = excluded.scram,"
        " scram_sha1 = excluded.scram_sha1, changed_at = excluded.changed_at",
        account, credential.version, credential.hash, credential.scram, credential.scram_sha1,
        to_unix_seconds(now)));
}

Result<void> SqliteRepository::complete_credential(AccountId account,
                                                   const Credential& credential) {
    return ran(database_.execute("UPDATE credential SET hash = ?3, scram = ?4, scram_sha1 = ?5"
                                 " WHERE account = ?1 AND version = ?2",
                                 account, credential.version, credential.hash, credential.scram,
                                 credential.scram_sha1));
}

Result<std::string> SqliteRepository::secret(const std::string& name) {
    const auto text = read_row(database_.query("SELECT value FROM setting WHERE name = ?1", name),
                               [](const db::Statement& row) { return row.column<std::string>(0); });
    if (!text) return std::unexpected(text.error());
    auto bytes = hex_decode(text->value_or(""));
    if (!bytes) return fail(Errc::corrupt, "the setting " + name + " is damaged");
    return std::move(*bytes);
}

Result<void> SqliteRepository::store_secret(const std::string& name, const std::string& bytes) {
    return ran(database_.execute("INSERT INTO setting (name, value) VALUES (?1, ?2)"
                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                 name, hex_encode(bytes)));
}

} // namespace maild::directory
