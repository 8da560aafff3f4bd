#include "directory/sqlite_repository.hpp"

#include "directory/sqlite_read.hpp"
#include "schema/directory.hpp"

#include "maild/base/log.hpp"
#include "maild/db/migration.hpp"

namespace maild::directory {
namespace {

// An admin's change is rare; the WAL stays within a few hundred KiB.
constexpr unsigned kCommitsPerCheckpoint = 32;

std::string text(const db::Statement& row) { return row.column<std::string>(0); }

} // namespace

Result<std::unique_ptr<SqliteRepository>>
SqliteRepository::open(FileSystem& files, const std::string& path, std::uint32_t shards) {
    db::Options options;
    options.vfs = db::kExclusiveVfs;
    auto database = db::Database::open(files, path, options);
    if (!database) return std::unexpected(std::move(database.error()));
    if (auto version = db::migrate(*database, schema()); !version)
        return std::unexpected(std::move(version.error()));
    std::unique_ptr<SqliteRepository> rows(new SqliteRepository(std::move(*database)));
    if (auto opened = rows->open_shards(shards); !opened)
        return std::unexpected(std::move(opened.error()));
    return rows;
}

SqliteRepository::~SqliteRepository() { transaction_.reset(); }

Result<void> SqliteRepository::open_shards(std::uint32_t shards) {
    const auto is_right = read_row(
        database_.query("SELECT (SELECT count(*) FROM shard WHERE is_open AND id < ?1) = ?1"
                        " AND NOT EXISTS (SELECT 1 FROM shard WHERE is_open AND id >= ?1)",
                        shards),
        [](const db::Statement& row) { return row.column<bool>(0); });
    if (!is_right) return std::unexpected(is_right.error());
    if (is_right->value_or(false)) return {};
    if (auto begun = begin(); !begun) return begun;
    auto done = ran(database_.execute("UPDATE shard SET is_open = (id < ?1)", shards));
    for (std::uint32_t id = 0; done && id < shards; ++id)
        done =
            ran(database_.execute("INSERT INTO shard (id) VALUES (?1) ON CONFLICT DO NOTHING", id));
    if (done) return commit();
    rollback();
    return done;
}

Result<void> SqliteRepository::begin() {
    auto transaction = db::Transaction::begin(database_);
    if (!transaction) return std::unexpected(std::move(transaction.error()));
    transaction_.emplace(std::move(*transaction));
    return {};
}

Result<void> SqliteRepository::commit() {
    auto committed = transaction_->commit();
    transaction_.reset();
    if (!committed) {
        ++rollbacks_;
        in_shards_.clear();
        return committed;
    }
    return checkpoint_when_due();
}

void SqliteRepository::rollback() {
    transaction_.reset();
    ++rollbacks_;
    in_shards_.clear();
}

// Nobody else writes: the process has the database for itself. Neither number ever falls.
std::optional<std::uint64_t> SqliteRepository::version() const {
    return static_cast<std::uint64_t>(database_.total_changes()) + rollbacks_;
}

// The change is durable already: a checkpoint that fails is tried again after the next ones.
Result<void> SqliteRepository::checkpoint_when_due() {
    if (++commits_ < kCommitsPerCheckpoint) return {};
    commits_ = 0;
    if (auto done = database_.checkpoint(db::CheckpointMode::truncate); !done)
        log::error("directory_checkpoint_failed", {{"error", done.error().internal}});
    return {};
}

Result<std::optional<Lookup::Domain>> SqliteRepository::find_domain(const std::string& name) {
    return read_row(database_.query("SELECT id, is_disabled, subaddress_separator, catch_all"
                                    " FROM domain WHERE name = ?1",
                                    name),
                    [](const db::Statement& row) {
                        return Lookup::Domain{row.column<DomainId>(0), row.column<bool>(1),
                                              row.column<std::string>(2),
                                              row.column<std::string>(3)};
                    });
}

Result<std::optional<std::string>> SqliteRepository::find_domain_alias(const std::string& name) {
    return read_row(
        database_.query("SELECT domain.name FROM domain_alias JOIN domain"
                        " ON domain.id = domain_alias.domain WHERE domain_alias.name = ?1",
                        name),
        text);
}

Result<std::optional<Lookup::Account>>
SqliteRepository::find_address(DomainId domain, const std::string& localpart) {
    return read_row(database_.query("SELECT account.id, account.is_disabled FROM address"
                                    " JOIN account ON account.id = address.account"
                                    " WHERE address.domain = ?1 AND address.localpart = ?2",
                                    domain, localpart),
                    [](const db::Statement& row) {
                        return Lookup::Account{row.column<AccountId>(0), row.column<bool>(1)};
                    });
}

Result<Lookup::Targets> SqliteRepository::find_alias(DomainId domain,
                                                     const std::string& localpart) {
    return read_rows(database_.query("SELECT alias_target.address FROM alias JOIN alias_target"
                                     " ON alias_target.alias = alias.id"
                                     " WHERE alias.domain = ?1 AND alias.localpart = ?2"
                                     " ORDER BY alias_target.id",
                                     domain, localpart),
                     text);
}

Result<std::vector<std::string>> SqliteRepository::list_patterns(DomainId domain) {
    return read_rows(database_.query("SELECT localpart FROM alias WHERE domain = ?1"
                                     " AND is_pattern = 1 ORDER BY localpart",
                                     domain),
                     text);
}

Result<std::string> SqliteRepository::postmaster() {
    auto address =
        read_row(database_.query("SELECT value FROM setting WHERE name = 'postmaster'"
                                 " UNION ALL SELECT * FROM (SELECT address FROM account"
                                 " WHERE deleted_at IS NULL ORDER BY id LIMIT 1) LIMIT 1"),
                 text);
    if (!address) return std::unexpected(std::move(address.error()));
    return address->value_or("");
}

Result<void> SqliteRepository::set_postmaster(const std::string& address) {
    if (address.empty())
        return ran(database_.execute("DELETE FROM setting WHERE name = 'postmaster'"));
    return ran(database_.execute("INSERT INTO setting (name, value) VALUES ('postmaster', ?1)"
                                 " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                                 address));
}

} // namespace maild::directory
