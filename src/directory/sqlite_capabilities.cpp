// Hidden capabilities in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

namespace maild::directory {

Result<std::vector<std::string>> SqliteRepository::list_hidden_capabilities(AccountId account) {
    return read_rows(
        database_.query("SELECT name FROM hidden_capability WHERE account = ?1 ORDER BY name",
                        account),
        [](const db::Statement& row) { return row.column<std::string>(0); });
}

Result<void> SqliteRepository::insert_hidden_capability(AccountId account,
                                                        const std::string& name) {
    return ran(database_.execute("INSERT INTO hidden_capability (account, name) VALUES (?1, ?2)",
                                 account, name));
}

Result<void> SqliteRepository::delete_hidden_capability(AccountId account,
                                                        const std::string& name) {
    return ran(database_.execute("DELETE FROM hidden_capability WHERE account = ?1 AND name = ?2",
                                 account, name));
}

} // namespace maild::directory
