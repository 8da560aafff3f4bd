#include "support/error_of.hpp"
#include "support/temp_dir.hpp"

#include "maild/base/unique_fd.hpp"
#include "maild/db/database.hpp"
#include "maild/db/transaction.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cerrno>
#include <fcntl.h>
#include <filesystem>
#include <fstream>

namespace maild::db {
namespace {

using test::error_of;
// SQLite locks bytes behind the first GiB; an open-file lock conflicts with the POSIX locks of this
// process as if it were another one. Ends those locks, so it comes last in a test.
bool is_locked_against_other_processes(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    lock.l_start = 0x40000002;
    lock.l_len = 510;
    return ::fcntl(fd.get(), F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

// A disk that lets nothing be read, below SQLite's own code for files, as long as it lives.
class UnreadableDisk {
public:
    UnreadableDisk() {
        for (const char* name : kReads) replace(name, reinterpret_cast<sqlite3_syscall_ptr>(fail));
    }
    ~UnreadableDisk() {
        for (const char* name : kReads) replace(name, nullptr); // the system's own again
    }
    UnreadableDisk(const UnreadableDisk&) = delete;
    UnreadableDisk& operator=(const UnreadableDisk&) = delete;

private:
    static constexpr const char* kReads[] = {"read", "pread", "pread64"};

    static ssize_t fail(int, void*, std::size_t, off_t) {
        errno = EIO;
        return -1;
    }
    static void replace(const char* name, sqlite3_syscall_ptr call) {
        auto* vfs = sqlite3_vfs_find(nullptr);
        vfs->xSetSystemCall(vfs, name, call);
    }
};

class DatabaseTest : public ::testing::Test {
protected:
    Result<Database> open(const Options& options = {}) {
        return Database::open(files_, dir_ / "test.db", options);
    }
    Database opened() {
        auto database = open();
        EXPECT_TRUE(database) << database.error().internal;
        return std::move(*database);
    }
    static std::int64_t number(Database& database, Sql sql) {
        auto statement = database.prepare(sql);
        EXPECT_TRUE(statement) << statement.error().internal;
        EXPECT_EQ(statement->step(), true);
        return statement->column<std::int64_t>(0);
    }

    test::TempDir dir_;
    PosixFileSystem files_;
};

TEST_F(DatabaseTest, TakesAFailedReadForTroubleOfTheDiskAndNotForDamage) {
    auto database = opened();
    ASSERT_TRUE(database.execute_script("CREATE TABLE t (x TEXT); INSERT INTO t VALUES ('a')"));
    ASSERT_TRUE(database.checkpoint(CheckpointMode::truncate));
    auto reader = open({.read_only = true}); // with nothing in its cache
    ASSERT_TRUE(reader);
    {
        const UnreadableDisk disk;
        auto rows = reader->prepare("SELECT x FROM t");
        EXPECT_EQ(rows ? error_of(rows->step()) : error_of(rows), Errc::io);
    }
    EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 1);
}

TEST_F(DatabaseTest, HasTheSettingsThatDurabilityRestsOn) {
    auto database = opened();
    struct {
        Sql sql;
        std::int64_t want;
    } const cases[] = {
        {"PRAGMA synchronous", 2},
        {"PRAGMA wal_autocheckpoint", 0},
        {"PRAGMA foreign_keys", 1},
        {"PRAGMA trusted_schema", 0},
        {"PRAGMA cell_size_check", 1},
        {"PRAGMA temp_store", 2},
        {"PRAGMA cache_size", -2048},
        {"SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'", 1},
    };
    for (const auto& [sql, want] : cases) EXPECT_EQ(number(database, sql), want) << sql.text();
}

TEST_F(DatabaseTest, BindsAndReadsEachType) {
    enum class Colour : std::uint8_t { red = 7 };
    auto database = opened();
    auto row = database.query("SELECT ?,?,?,?,?,?,?,?,?,?", 42, true, Uid(9), Colour::red, 1.5,
                              std::string("a\0b", 3), Blob{std::string_view("\0\xff", 2)}, nullptr,
                              std::optional<int>(), std::optional(MailboxId(-1)));
    ASSERT_TRUE(row);
    ASSERT_EQ(row->step(), true);
    EXPECT_EQ(row->column<int>(0), 42);
    EXPECT_EQ(row->column<bool>(1), true);
    EXPECT_EQ(row->column<Uid>(2), Uid(9));
    EXPECT_EQ(row->column<Colour>(3), Colour::red);
    EXPECT_EQ(row->column<double>(4), 1.5);
    EXPECT_EQ(row->column<std::string>(5), std::string("a\0b", 3));
    EXPECT_EQ(row->column<Blob>(6).bytes, std::string_view("\0\xff", 2));
    EXPECT_TRUE(row->is_null(7));
    EXPECT_EQ(row->column<std::optional<int>>(8), std::nullopt);
    EXPECT_EQ(row->column<std::optional<MailboxId>>(9), MailboxId(-1));
    EXPECT_EQ(row->step(), false);
}

TEST_F(DatabaseTest, TellsEmptyFromNull) {
    auto database = opened();
    auto row = database.query("SELECT typeof(?), typeof(?), typeof(?)", std::string_view(),
                              Blob{std::string_view()}, std::nullopt);
    ASSERT_TRUE(row);
    ASSERT_EQ(row->step(), true);
    EXPECT_EQ(row->column<std::string_view>(0), "text");
    EXPECT_EQ(row->column<std::string_view>(1), "blob");
    EXPECT_EQ(row->column<std::string_view>(2), "null");
}

TEST_F(DatabaseTest, LendsACachedStatementCleanEachTime) {
    auto database = opened();
    constexpr Sql kSql = "SELECT ?";
    {
        auto first = database.query(kSql, 1);
        auto nested = database.query(kSql, 2); // the first is lent: a second is prepared
        ASSERT_EQ(first->step(), true);
        ASSERT_EQ(nested->step(), true);
        EXPECT_EQ(first->column<int>(0), 1);
        EXPECT_EQ(nested->column<int>(0), 2);
    }
    auto again = database.prepare(kSql);
    ASSERT_EQ(again->step(), true);
    EXPECT_TRUE(again->is_null(0));
}

TEST_F(DatabaseTest, CountsTheRowsOfThisStatementAlone) {
    auto database = opened();
    ASSERT_TRUE(database.execute("CREATE TABLE t (a INTEGER PRIMARY KEY)"));
    EXPECT_EQ(database.execute("INSERT INTO t VALUES (1), (2), (3)"), 3);
    EXPECT_EQ(database.execute("SELECT * FROM t"), 0);
    EXPECT_EQ(database.execute("DELETE FROM t WHERE a > ?", 1), 2);
    EXPECT_EQ(database.execute("DELETE FROM t WHERE a > ?", 1), 0);
}

TEST_F(DatabaseTest, SaysWhatWentWrong) {
    auto database = opened();
    ASSERT_TRUE(database.execute_script(R"(
        CREATE TABLE parent (a INTEGER PRIMARY KEY, b TEXT UNIQUE, c INTEGER NOT NULL DEFAULT 0);
        CREATE TABLE child (a INTEGER REFERENCES parent);
        INSERT INTO parent VALUES (1, 'x', 0);
    )"));
    struct {
        Sql sql;
        Errc want;
    } const cases[] = {
        {"INSERT INTO parent VALUES (1, 'y', 0)", Errc::already_exists},
        {"INSERT INTO parent VALUES (2, 'x', 0)", Errc::already_exists},
        {"INSERT INTO parent VALUES (2, 'z', NULL)", Errc::internal},
        {"INSERT INTO child VALUES (5)", Errc::conflict},
        {"SELECT nothing FROM nowhere", Errc::internal},
        {"SELECT \"text\"", Errc::internal},            // never a string
        {"ATTACH 'other.db' AS other", Errc::internal}, // one database, one file
        {"SELECT zeroblob(2000000000)", Errc::too_large},
    };
    for (const auto& [sql, want] : cases) {
        const auto done = database.execute(sql);
        ASSERT_FALSE(done) << sql.text();
        EXPECT_EQ(error_of(done), want) << sql.text() << ": " << done.error().internal;
    }
    EXPECT_FALSE(database.is_poisoned());
}

TEST_F(DatabaseTest, TellsAMissingFileFromABrokenOne) {
    EXPECT_EQ(error_of(open({.read_only = true})), Errc::not_found);
    std::ofstream(dir_ / "test.db") << std::string(8192, 'x');
    EXPECT_EQ(error_of(open()), Errc::corrupt);
}

TEST_F(DatabaseTest, CommitsOrRollsBackByScope) {
    auto database = opened();
    ASSERT_TRUE(database.execute("CREATE TABLE t (a)"));
    {
        auto transaction = Transaction::begin(database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(database.execute("INSERT INTO t VALUES (1)"));
    }
    EXPECT_EQ(number(database, "SELECT count(*) FROM t"), 0);
    auto transaction = Transaction::begin(database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES (2)"));
    {
        auto part = Savepoint::begin(database);
        ASSERT_TRUE(part);
        ASSERT_TRUE(database.execute("INSERT INTO t VALUES (3)"));
        auto inner = Savepoint::begin(database);
        ASSERT_TRUE(inner);
        ASSERT_TRUE(inner->release());
    }
    auto kept = Savepoint::begin(database);
    ASSERT_TRUE(database.execute("INSERT INTO t VALUES (4)"));
    ASSERT_TRUE(kept->release());
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(number(database, "SELECT sum(a) FROM t"), 6);
    EXPECT_FALSE(transaction->commit());
    EXPECT_EQ(error_of(Savepoint::begin(database)), Errc::internal);
}

TEST_F(DatabaseTest, ReadersOfThisProcessSeeOneViewWhileTheWriterGoesOn) {
    auto writer = open({.vfs = kExclusiveVfs});
    ASSERT_TRUE(writer) << writer.error().internal;
    ASSERT_TRUE(writer->execute("CREATE TABLE t (a)"));
    auto reader = open({.read_only = true, .vfs = kExclusiveVfs});
    ASSERT_TRUE(reader) << reader.error().internal;
    auto view = Transaction::begin_read(*reader);
    ASSERT_TRUE(view);
    EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 0);
    ASSERT_TRUE(writer->execute("INSERT INTO t VALUES (1)"));
    EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 0);
    EXPECT_EQ(error_of(writer->checkpoint(CheckpointMode::restart)), Errc::busy);
    ASSERT_TRUE(view->commit());
    EXPECT_EQ(number(*reader, "SELECT count(*) FROM t"), 1);
    EXPECT_EQ(error_of(reader->execute("INSERT INTO t VALUES (2)")), Errc::not_permitted);
    EXPECT_FALSE(std::filesystem::exists(dir_ / "test.db-shm")); // it is in the heap
    EXPECT_TRUE(is_locked_against_other_processes(dir_ / "test.db"));
}

TEST_F(DatabaseTest, OnlyOneWritesAtATime) {
    auto one = opened();
    auto two = opened();
    auto transaction = Transaction::begin(one);
    ASSERT_TRUE(transaction);
    EXPECT_EQ(error_of(Transaction::begin(two)), Errc::busy);
    ASSERT_TRUE(transaction->commit());
    EXPECT_TRUE(Transaction::begin(two));
}

TEST_F(DatabaseTest, ChecksPointsOnlyWhenAsked) {
    auto database = opened();
    ASSERT_TRUE(database.execute("CREATE TABLE t (a)"));
    for (int i = 0; i < 100; ++i) ASSERT_TRUE(database.execute("INSERT INTO t VALUES (?)", i));
    EXPECT_EQ(std::filesystem::file_size(dir_ / "test.db"), 4096U);
    const auto moved = database.checkpoint(CheckpointMode::passive);
    ASSERT_TRUE(moved);
    EXPECT_GT(moved->wal_frames, 100);
    EXPECT_TRUE(moved->is_complete());
    ASSERT_TRUE(database.checkpoint(CheckpointMode::truncate));
    EXPECT_EQ(std::filesystem::file_size(dir_ / "test.db-wal"), 0U);
}

TEST_F(DatabaseTest, ReadsWhatIsFrozenAndMakesNothingBesideIt) {
    const std::string path = dir_ / "a?b#c%41.db"; // a name that is no URI
    const Options frozen{.is_frozen = true, .vfs = kLocklessVfs};
    const auto look = [&](const std::string& at) {
        const auto before = files_.list(dir_.path());
        const auto size = std::filesystem::file_size(at);
        auto first = Database::open(files_, at, frozen);
        auto second = Database::open(files_, at, frozen); // beside the other
        ASSERT_TRUE(first) << first.error().internal;
        ASSERT_TRUE(second) << second.error().internal;
        for (auto* each : {&*first, &*second}) {
            EXPECT_EQ(number(*each, "SELECT count(*) FROM t"), 1);
            EXPECT_EQ(error_of(each->execute("INSERT INTO t VALUES (2)")), Errc::not_permitted);
        }
        EXPECT_EQ(files_.list(dir_.path()).value(), before.value());
        first = std::move(second); // closes one
        EXPECT_EQ(number(*first, "SELECT count(*) FROM t"), 1);
        EXPECT_EQ(std::filesystem::file_size(at), size);
    };
    {
        auto writer = Database::open(files_, path).value();
        ASSERT_TRUE(writer.execute_script("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (1)"));
        for (const auto* end : {"", "-wal"}) // as a process leaves them that was killed
            std::filesystem::copy_file(path + end, path + ".killed" + end);
    }
    ASSERT_FALSE(std::filesystem::exists(path + "-wal"));
    look(path);
    look(path + ".killed");
    EXPECT_EQ(error_of(Database::open(files_, dir_ / "none.db", frozen)), Errc::not_found);
}

TEST_F(DatabaseTest, DropsTheCacheOfWhatThereIs) {
    EXPECT_TRUE(drop_cache(files_, dir_ / "test.db"));
    {
        auto database = opened();
    }
    EXPECT_TRUE(drop_cache(files_, dir_ / "test.db"));
}

} // namespace
} // namespace maild::db
