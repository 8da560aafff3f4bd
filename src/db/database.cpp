#include "maild/db/database.hpp"

#include "db/connection.hpp"

#include "maild/base/encoding.hpp"
#include "maild/base/ensure.hpp"

#include <filesystem>

namespace maild::db {
namespace {

// Hardening (https://sqlite.org/security.html): no writable_schema, no functions of the schema's
// choosing, "x" is always a name and never a string.
Result<void> harden(detail::Connection& connection) {
    struct {
        int option;
        int value;
    } const settings[] = {
        {SQLITE_DBCONFIG_DEFENSIVE, 1},
        {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
        {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
        {SQLITE_DBCONFIG_DQS_DML, 0},
        {SQLITE_DBCONFIG_DQS_DDL, 0},
        {SQLITE_DBCONFIG_ENABLE_FKEY, 1},
    };
    for (const auto& [option, value] : settings) {
        const int result = sqlite3_db_config(connection.handle, option, value, nullptr);
        if (result != SQLITE_OK) return connection.failure(result, "sqlite3_db_config");
    }
    sqlite3_limit(connection.handle, SQLITE_LIMIT_ATTACHED, 0);
    return {};
}

bool is_reading(const Options& options) { return options.read_only || options.is_frozen; }

// https://sqlite.org/uri.html. Immutable: without its -wal, which SQLite would make when there is
// none.
std::string immutable_uri(std::string_view path) {
    return "file:" + percent_encode(path, "/._-") + "?immutable=1";
}

Result<std::unique_ptr<detail::Connection>> connect(const std::string& path, const Options& options,
                                                    bool has_wal) {
    auto connection = std::make_unique<detail::Connection>();
    connection->path = path;
    const bool is_immutable = options.is_frozen && !has_wal;
    const int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW |
        (is_reading(options) ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
        (is_immutable ? SQLITE_OPEN_URI : 0);
    const auto name = is_immutable ? immutable_uri(path) : path;
    if (!is_reading(options)) connection->vfs = detail::GatheringVfs::create(options.vfs);
    const auto& vfs = connection->vfs ? connection->vfs->name() : options.vfs;
    const int result = sqlite3_open_v2(name.c_str(), &connection->handle, flags,
                                       vfs.empty() ? nullptr : vfs.c_str());
    if (result != SQLITE_OK) return connection->failure(result, "open");
    const auto forget = [](void* gathering) {
        static_cast<detail::GatheringVfs*>(gathering)->forget();
    };
    if (connection->vfs) sqlite3_rollback_hook(connection->handle, forget, connection->vfs.get());
    // A -wal that was found stays as it was found.
    if (options.is_frozen)
        sqlite3_db_config(connection->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(connection->handle, static_cast<int>(options.busy_timeout.count()));
    if (auto hardened = harden(*connection); !hardened) {
        return std::unexpected(std::move(hardened.error()));
    }
    return connection;
}

// PRAGMA takes no bound parameters: the one place where a number, and nothing but a number, is put
// into a text.
Result<void> set_pragma(detail::Connection& connection, Sql assignment, int value) {
    const auto text = std::string(assignment.text()) + std::to_string(value);
    const int result = sqlite3_exec(connection.handle, text.c_str(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) return connection.failure(result, text);
    return {};
}

Result<void> set_journal(Database& database) {
    auto statement = database.prepare("PRAGMA journal_mode = WAL");
    if (!statement) return std::unexpected(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row.error()));
    if (!*row || statement->column<std::string_view>(0) != "wal") {
        return fail(Errc::internal, "this file or VFS cannot have a WAL");
    }
    return {};
}

// The first look at the contents: a file that is no database is found here, and the -wal is
// created.
Result<void> touch(Database& database) {
    auto statement = database.prepare("SELECT count(*) FROM sqlite_schema");
    if (!statement) return std::unexpected(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row.error()));
    return {};
}

std::string directory_of(const std::string& path) {
    const auto parent = std::filesystem::path(path).parent_path();
    return parent.empty() ? "." : parent.string();
}

int sqlite_mode(CheckpointMode mode) {
    switch (mode) {
    case CheckpointMode::passive: return SQLITE_CHECKPOINT_PASSIVE;
    case CheckpointMode::full: return SQLITE_CHECKPOINT_FULL;
    case CheckpointMode::restart: return SQLITE_CHECKPOINT_RESTART;
    case CheckpointMode::truncate: return SQLITE_CHECKPOINT_TRUNCATE;
    }
    return SQLITE_CHECKPOINT_PASSIVE;
}

} // namespace

Database::Database(std::unique_ptr<detail::Connection> connection)
    : connection_(std::move(connection)) {}
Database::Database(Database&&) noexcept = default;
Database& Database::operator=(Database&&) noexcept = default;
Database::~Database() = default;

Result<Database> Database::open(FileSystem& files, const std::string& path,
                                const Options& options) {
    const bool has_wal = !options.is_frozen || files.open(path + "-wal", OpenMode::read_only);
    auto connection = connect(path, options, has_wal);
    if (!connection) return std::unexpected(std::move(connection.error()));
    Database database(std::move(*connection));
    if (auto set = database.configure(options); !set)
        return std::unexpected(std::move(set.error()));
    if (!is_reading(options)) {
        if (auto set = set_journal(database); !set) return std::unexpected(std::move(set.error()));
    }
    if (auto read = touch(database); !read) return std::unexpected(std::move(read.error()));
    if (!is_reading(options)) {
        auto synced = files.sync_directory(directory_of(path));
        if (!synced) return std::unexpected(std::move(synced.error()));
    }
    return database;
}

Result<void> Database::configure(const Options& options) {
    // First, before anything is read: the index of the WAL is then in this connection's own heap
    // (https://sqlite.org/wal.html#noshm).
    if (options.is_frozen) {
        auto set = execute_script("PRAGMA locking_mode = EXCLUSIVE");
        if (!set) return set;
    }
    auto set = execute_script(R"(
        PRAGMA synchronous = FULL;
        PRAGMA wal_autocheckpoint = 0;
        PRAGMA mmap_size = 0;
        PRAGMA temp_store = MEMORY;      -- the process may touch no file but its own
        PRAGMA cell_size_check = ON;     -- corruption is found where it is read
    )");
    if (!set) return set;
    return set_pragma(*connection_, "PRAGMA cache_size = -", options.page_cache_kib);
}

Result<Statement> Database::prepare(Sql sql) {
    auto& connection = *connection_;
    if (connection.is_poisoned) return fail(Errc::io, connection.path + ": a write failed before");
    auto& entry = connection.statements[sql.text().data()];
    if (entry.handle != nullptr && !entry.is_lent) {
        entry.is_lent = true;
        return Statement(connection, entry.handle, &entry);
    }
    sqlite3_stmt* handle = nullptr;
    const int result = sqlite3_prepare_v3(
        connection.handle, sql.text().data(), static_cast<int>(sql.text().size() + 1),
        entry.is_lent ? 0 : SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (result != SQLITE_OK) return connection.failure(result, sql.text());
    ensure(handle != nullptr, "a statement without a statement");
    if (entry.is_lent) return Statement(connection, handle, nullptr);
    entry = {handle, true};
    return Statement(connection, handle, &entry);
}

Result<void> Database::execute_script(Sql sql) {
    auto& connection = *connection_;
    if (connection.is_poisoned) return fail(Errc::io, connection.path + ": a write failed before");
    const int result =
        sqlite3_exec(connection.handle, sql.text().data(), nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) return connection.failure(result, sql.text().substr(0, 200));
    return {};
}

std::int64_t Database::last_insert_rowid() const {
    return sqlite3_last_insert_rowid(connection_->handle);
}

std::int64_t Database::total_changes() const {
    return sqlite3_total_changes64(connection_->handle);
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(connection_->handle) == 0; }

bool Database::is_poisoned() const { return connection_->is_poisoned; }
bool Database::is_damaged() const { return connection_->is_damaged; }

Result<Checkpoint> Database::checkpoint(CheckpointMode mode) {
    auto& connection = *connection_;
    if (connection.is_poisoned) return fail(Errc::io, connection.path + ": a write failed before");
    int frames = 0;
    int moved = 0;
    const int result =
        sqlite3_wal_checkpoint_v2(connection.handle, nullptr, sqlite_mode(mode), &frames, &moved);
    if (result != SQLITE_OK) return connection.failure(result, "checkpoint");
    return Checkpoint{frames, moved};
}

Result<int> Database::user_version() {
    auto statement = prepare("PRAGMA user_version");
    if (!statement) return std::unexpected(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row.error()));
    return statement->column<int>(0);
}

Result<void> Database::set_user_version(int version) {
    return set_pragma(*connection_, "PRAGMA user_version = ", version);
}

Result<void> drop_cache(FileSystem& files, const std::string& path) {
    for (const auto& name : {path, path + "-wal"}) {
        auto file = files.open(name, OpenMode::read_only);
        if (file)
            (*file)->drop_cache();
        else if (file.error().code != Errc::not_found) {
            return std::unexpected(std::move(file.error()));
        }
    }
    return {};
}

} // namespace maild::db
