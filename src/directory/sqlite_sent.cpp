// What accounts have submitted, in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

namespace maild::directory {
namespace {

std::int64_t number_of(SentCounts::Day day) { return day.time_since_epoch().count(); }

} // namespace

Result<std::vector<std::pair<AccountId, SentCounts::Count>>>
SqliteRepository::list_sent_counts(SentCounts::Day day) {
    return read_rows(
        database_.query("SELECT account, messages, recipients FROM sent_count WHERE day = ?1",
                        number_of(day)),
        [](const db::Statement& row) {
            return std::pair(
                row.column<AccountId>(0),
                SentCounts::Count{row.column<std::uint32_t>(1), row.column<std::uint32_t>(2)});
        });
}

// An account that is gone by now is no row to be written, and no fault either.
Result<void> SqliteRepository::store_sent_count(AccountId account, SentCounts::Day day,
                                                SentCounts::Count count) {
    return ran(database_.execute(
        "INSERT INTO sent_count (account, day, messages, recipients) SELECT id, ?2, ?3, ?4"
        " FROM account WHERE id = ?1 AND deleted_at IS NULL ON CONFLICT (account) DO UPDATE SET"
        " day = excluded.day, messages = excluded.messages, recipients = excluded.recipients",
        account, number_of(day), std::int64_t{count.messages}, std::int64_t{count.recipients}));
}

Result<void> SqliteRepository::delete_sent_counts_before(SentCounts::Day day) {
    return ran(database_.execute("DELETE FROM sent_count WHERE day < ?1", number_of(day)));
}

} // namespace maild::directory
