// DKIM keys in directory.db.
#include "directory/sqlite_read.hpp"
#include "directory/sqlite_repository.hpp"

#include <array>

namespace maild::directory {
namespace {

struct Row {
    StoredDkimKey stored;
    bool is_damaged = false;
};

std::optional<DkimState> parse_state(std::string_view text) {
    using enum DkimState;
    for (const auto state : std::array{published, active, retired, removed})
        if (text == name_of(state)) return state;
    return std::nullopt;
}

std::optional<WallTime> time_at(const db::Statement& row, int column) {
    const auto seconds = row.column<std::optional<std::int64_t>>(column);
    return seconds ? std::optional(from_unix_seconds(*seconds)) : std::nullopt;
}

std::optional<std::int64_t> seconds_of(std::optional<WallTime> time) {
    return time ? std::optional(to_unix_seconds(*time)) : std::nullopt;
}

Row read_key(const db::Statement& row) {
    Row out;
    auto& shown = out.stored.shown;
    shown.domain = row.column<std::string>(0);
    shown.selector = row.column<std::string>(1);
    const auto algorithm = policy::dkim::parse_algorithm(row.column<std::string_view>(2));
    shown.bits = row.column<std::uint32_t>(3);
    out.stored.private_key = row.column<std::string>(4);
    shown.public_key = row.column<std::string>(5);
    const auto state = parse_state(row.column<std::string_view>(6));
    shown.created = from_unix_seconds(row.column<std::int64_t>(7));
    shown.activated = time_at(row, 8);
    shown.retired = time_at(row, 9);
    shown.keep_until = time_at(row, 10);
    shown.removed = time_at(row, 11);
    out.is_damaged = !algorithm || !state;
    if (out.is_damaged) return out;
    shown.algorithm = *algorithm;
    shown.state = *state;
    return out;
}

} // namespace

Result<std::vector<StoredDkimKey>> SqliteRepository::list_dkim_keys(const std::string& domain) {
    auto rows =
        read_rows(database_.query("SELECT domain, selector, algorithm, bits, private_key,"
                                  " public_key, state, created_at, activated_at, retired_at,"
                                  " keep_until, removed_at FROM dkim_key"
                                  " WHERE ?1 = '' OR domain = ?1"
                                  " ORDER BY domain, created_at, selector",
                                  domain),
                  read_key);
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::vector<StoredDkimKey> out;
    for (auto& row : *rows) {
        if (row.is_damaged) return fail(Errc::corrupt, "a damaged DKIM key");
        out.push_back(std::move(row.stored));
    }
    return out;
}

Result<void> SqliteRepository::store_dkim_key(const StoredDkimKey& key) {
    const auto& shown = key.shown;
    return ran(database_.execute(
        "INSERT OR REPLACE INTO dkim_key (domain, selector, algorithm, bits, private_key,"
        " public_key, state, created_at, activated_at, retired_at, keep_until, removed_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)",
        shown.domain, shown.selector, policy::dkim::name_of(shown.algorithm), shown.bits,
        key.private_key, shown.public_key, name_of(shown.state), to_unix_seconds(shown.created),
        seconds_of(shown.activated), seconds_of(shown.retired), seconds_of(shown.keep_until),
        seconds_of(shown.removed)));
}

Result<void> SqliteRepository::delete_stray_dkim_keys() {
    return ran(database_.execute("DELETE FROM dkim_key WHERE domain NOT IN"
                                 " (SELECT name FROM domain UNION SELECT name FROM domain_alias)"));
}

} // namespace maild::directory
