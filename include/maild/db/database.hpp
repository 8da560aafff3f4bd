#pragma once
// One connection to one SQLite database, always in WAL mode with synchronous=FULL: when
// Transaction::commit() returns, the rows are on stable storage. Nothing is checkpointed unless
// checkpoint() is called (DESIGN §3: one connection does all writes and all checkpoints). Never
// fork with an open Database, and never open its files by other means while it is open: closing
// such a descriptor would drop SQLite's POSIX locks. A Database and what comes from it belong to
// one thread at a time; it outlives its statements and transactions.
//
// Errors: no_space (full), corrupt, busy, io, already_exists (a UNIQUE or primary key is taken),
// conflict (a foreign key), too_large, not_permitted (read only), not_found (no such file);
// internal is a mistake in our SQL. After a failed write or sync the connection is poisoned: every
// later call fails with io, because the kernel may have dropped what it could not write (DESIGN:
// failure). Exit, then open anew after drop_cache().

#include "maild/base/error.hpp"
#include "maild/base/file.hpp"
#include "maild/db/sql.hpp"
#include "maild/db/statement.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace maild::db {

// SQLite's VFS that keeps the lock on the file for as long as the process has it open and the WAL
// index in its heap: connections of this process share it, and any other process gets busy. For
// databases that one process owns.
inline constexpr const char* kExclusiveVfs = "unix-excl";
// The one that locks nothing: for what is_frozen.
inline constexpr const char* kLocklessVfs = "unix-none";

struct Options {
    bool read_only = false;
    // Nobody writes to the database, no other process and no connection of this one: it is read
    // without a lock and without a -shm, and nothing is made beside it, so also on a file system
    // that is read-only. Implies read_only; wants a `vfs` that locks nothing.
    bool is_frozen = false;
    std::string vfs = {}; // registered VFS; empty: SQLite's default
    int page_cache_kib = 2048;
    std::chrono::milliseconds busy_timeout{0}; // how long to wait for another connection's lock
};

// full waits for readers, restart also lets the next writer begin the WAL anew, truncate also
// empties the file. Where readers are in the way of these three, busy is returned and as much as
// possible has been done.
enum class CheckpointMode : std::uint8_t { passive, full, restart, truncate };

struct Checkpoint {
    std::int64_t wal_frames = 0;   // frames in the WAL
    std::int64_t moved_frames = 0; // of these, how many are now in the database file
    bool is_complete() const { return moved_frames == wal_frames; }
};

class Database {
public:
    // Opens or, unless read only, creates. When it returns, the names of the database and its -wal
    // are durable too: the directory is synced through `files`, which is not kept.
    static Result<Database> open(FileSystem& files, const std::string& path,
                                 const Options& options = {});

    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    Database(Database&&) noexcept;
    Database& operator=(Database&&) noexcept;
    ~Database();

    // A statement from the cache, or newly prepared. The cache holds one for each text in the
    // program; a text that is already in use is prepared a second time.
    Result<Statement> prepare(Sql sql);
    // Prepared and bound, ready for step().
    template <class... T> Result<Statement> query(Sql sql, const T&... values) {
        auto statement = prepare(sql);
        if (statement) statement->bind_all(values...);
        return statement;
    }
    // Runs a statement to its end; how many rows it changed.
    template <class... T> Result<std::int64_t> execute(Sql sql, const T&... values) {
        auto statement = query(sql, values...);
        if (!statement) return std::unexpected(std::move(statement.error()));
        return statement->run();
    }
    // Several statements one after the other, nothing bound: schema changes.
    Result<void> execute_script(Sql sql);

    std::int64_t last_insert_rowid() const;
    // Rows that this connection has inserted, changed or deleted since it was opened, also where
    // that was rolled back.
    std::int64_t total_changes() const;
    bool in_transaction() const;
    bool is_poisoned() const;
    bool is_damaged() const; // a call of this connection has failed with corrupt

    // Outside any transaction.
    Result<Checkpoint> checkpoint(CheckpointMode mode);

    // PRAGMA user_version: which migrations have run (db/migration.hpp).
    Result<int> user_version();
    Result<void> set_user_version(int version);

private:
    explicit Database(std::unique_ptr<detail::Connection> connection);
    Result<void> configure(const Options& options);

    std::unique_ptr<detail::Connection> connection_;
};

// Makes the next reads of a database and its -wal come from the disk, so that nothing is believed
// that a failed sync has left in the page cache. Only while this process has no connection to it. A
// file that does not exist is no error.
Result<void> drop_cache(FileSystem& files, const std::string& path);

} // namespace maild::db
