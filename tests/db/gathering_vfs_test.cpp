// What goes to the disk when SQLite commits: one write of the log, whatever was changed.

#include "support/error_of.hpp"
#include "support/faulty_vfs.hpp"
#include "support/temp_dir.hpp"

#include "maild/db/database.hpp"
#include "maild/db/transaction.hpp"

#include <gtest/gtest.h>

#include <string>

namespace maild::db {
namespace {

using test::DiskCall;
using test::error_of;
using test::FaultyDisk;
using test::FaultyVfs;
using test::Survives;

constexpr int kPage = 4096;
// May fail half way, so that SQLite keeps a journal for the statement and can undo it alone.
constexpr Sql kFirst = "UPDATE t SET number = number + 1000, filler = filler || 'y'";
constexpr Sql kSecond = "UPDATE t SET number = number + 1000, filler = filler || 'z'";

class GatheringTest : public testing::Test {
protected:
    GatheringTest() {
        EXPECT_TRUE(disk_.make_directory("/data"));
        EXPECT_TRUE(disk_.sync_directory("/"));
    }
    Result<Database> open(int page_cache_kib = 2048) {
        return Database::open(disk_, "/data/test.db",
                              {.vfs = vfs_.name(), .page_cache_kib = page_cache_kib});
    }
    Result<Database> open_with_table(int page_cache_kib = 2048) {
        auto database = open(page_cache_kib);
        if (!database) return database;
        auto made = database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, filler)");
        if (!made) return std::unexpected(made.error());
        return database;
    }
    // Rows of a page each.
    static Result<void> insert(Database& database, int rows) {
        for (int i = 0; i < rows; ++i) {
            auto added = database.execute("INSERT INTO t (filler) VALUES (?)",
                                          std::string(kPage - 100, 'x'));
            if (!added) return std::unexpected(added.error());
        }
        return {};
    }
    static Result<void> commit(Database& database, int rows) {
        auto transaction = Transaction::begin(database);
        if (!transaction) return std::unexpected(transaction.error());
        if (auto inserted = insert(database, rows); !inserted) return inserted;
        return transaction->commit();
    }
    static int count(Database& database) {
        auto row = database.prepare("SELECT count(*) FROM t");
        return row && row->step() == true ? row->column<int>(0) : -1;
    }

    FaultyDisk disk_;
    FaultyVfs vfs_{disk_};
};

TEST_F(GatheringTest, WritesACommitAtOnce) {
    auto database = open_with_table();
    ASSERT_TRUE(database) << database.error().internal;
    for (const int rows : {1, 5, 25}) {
        const auto writes = disk_.calls(DiskCall::write);
        const auto syncs = disk_.calls(DiskCall::sync);
        ASSERT_TRUE(commit(*database, rows));
        EXPECT_EQ(disk_.calls(DiskCall::write) - writes, 1U) << rows;
        EXPECT_EQ(disk_.calls(DiskCall::sync) - syncs, 1U) << rows;
    }
    disk_.crash(Survives::synced);
    auto again = open();
    ASSERT_TRUE(again) << again.error().internal;
    EXPECT_EQ(count(*again), 31);
}

TEST_F(GatheringTest, KeepsNoMoreThanItMay) {
    auto database = open_with_table();
    ASSERT_TRUE(database);
    const auto writes = disk_.calls(DiskCall::write);
    ASSERT_TRUE(commit(*database, 640)); // 2.5 MiB
    EXPECT_GE(disk_.calls(DiskCall::write) - writes, 20U);
    EXPECT_LE(disk_.calls(DiskCall::write) - writes, 30U);
    EXPECT_EQ(count(*database), 640);
}

// SQLite's own VFS takes no write of any size.
TEST_F(GatheringTest, WritesWhatIsLargeToARealFileToo) {
    const test::TempDir directory;
    PosixFileSystem files;
    for (const int rows : {31, 32, 33, 100, 640}) {
        const auto path = directory / ("test-" + std::to_string(rows) + ".db");
        auto database = Database::open(files, path, {.vfs = kExclusiveVfs});
        ASSERT_TRUE(database) << database.error().internal;
        ASSERT_TRUE(database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, filler)"));
        const auto committed = commit(*database, rows);
        ASSERT_TRUE(committed) << committed.error().internal;
        EXPECT_EQ(count(*database), rows);
        ASSERT_TRUE(database->checkpoint(CheckpointMode::truncate));
        EXPECT_EQ(count(*database), rows);
    }
}

// A transaction that does not fit into the page cache: SQLite writes pages to the log before their
// time, reads them back, and writes some again.
TEST_F(GatheringTest, ReadsBackWhatItHasNotWrittenYet) {
    auto database = open_with_table(16);
    ASSERT_TRUE(database);
    ASSERT_TRUE(commit(*database, 60));
    {
        auto transaction = Transaction::begin(*database);
        ASSERT_TRUE(transaction);
        for (int turn = 0; turn < 3; ++turn) {
            ASSERT_TRUE(database->execute("UPDATE t SET filler = filler || 'y'"));
            ASSERT_TRUE(insert(*database, 20));
        }
        EXPECT_EQ(count(*database), 120);
        ASSERT_TRUE(transaction->commit());
    }
    auto reader = open();
    ASSERT_TRUE(reader);
    EXPECT_EQ(count(*reader), 120);
    auto row = reader->prepare("SELECT count(*) FROM t WHERE filler LIKE '%xyyy'");
    ASSERT_TRUE(row);
    ASSERT_EQ(row->step(), true);
    EXPECT_EQ(row->column<int>(0), 60);
    auto check = reader->prepare("PRAGMA integrity_check");
    ASSERT_TRUE(check);
    ASSERT_EQ(check->step(), true);
    EXPECT_EQ(check->column<std::string>(0), "ok");
}

TEST_F(GatheringTest, AnotherConnectionSeesACommitAndNothingBefore) {
    auto database = open_with_table();
    ASSERT_TRUE(database);
    auto reader = open();
    ASSERT_TRUE(reader);
    auto transaction = Transaction::begin(*database);
    ASSERT_TRUE(transaction);
    ASSERT_TRUE(insert(*database, 30));
    EXPECT_EQ(count(*reader), 0);
    ASSERT_TRUE(transaction->commit());
    EXPECT_EQ(count(*reader), 30);
}

// The commit tells, whichever write it was, and the connection is used no more.
TEST_F(GatheringTest, TellsAFailedWriteWithTheCommit) {
    auto database = open_with_table();
    ASSERT_TRUE(database);
    disk_.fail_nth(DiskCall::write, 1);
    const auto failed = commit(*database, 5);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::io) << failed.error().internal;
    EXPECT_TRUE(database->is_poisoned());
    EXPECT_FALSE(commit(*database, 1));
    disk_.crash(Survives::everything);
    auto again = open();
    ASSERT_TRUE(again) << again.error().internal;
    EXPECT_EQ(count(*again), 0);
}

TEST_F(GatheringTest, TellsAFullDiskAndGoesOnWhenThereIsRoom) {
    auto database = open_with_table();
    ASSERT_TRUE(database);
    disk_.set_capacity(disk_.used_bytes() + 8 * kPage);
    const auto failed = commit(*database, 20);
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, Errc::no_space) << failed.error().internal;
    EXPECT_FALSE(database->is_poisoned());
    disk_.set_capacity(UINT64_MAX);
    ASSERT_TRUE(commit(*database, 20));
    disk_.crash(Survives::synced);
    auto again = open();
    ASSERT_TRUE(again) << again.error().internal;
    EXPECT_EQ(count(*again), 20);
}

// The disk is full when a statement reads back what the transaction has written before its time.
// Were that no more than the statement's end, the transaction could be committed with a hole.
TEST_F(GatheringTest, CommitsNothingOfWhichAPartIsLost) {
    int failed = 0;
    for (int pages = 0; pages < 60; pages += 2) {
        FaultyDisk disk;
        ASSERT_TRUE(disk.make_directory("/data"));
        ASSERT_TRUE(disk.sync_directory("/"));
        const FaultyVfs vfs(disk);
        const Options options{.vfs = vfs.name(), .page_cache_kib = 16};
        bool is_committed = false;
        {
            auto database = Database::open(disk, "/data/test.db", options);
            ASSERT_TRUE(database);
            ASSERT_TRUE(database->execute(
                "CREATE TABLE t (id INTEGER PRIMARY KEY, number UNIQUE, filler)"));
            ASSERT_TRUE(commit(*database, 40));
            ASSERT_TRUE(database->execute("UPDATE t SET number = id"));
            ASSERT_TRUE(database->checkpoint(CheckpointMode::truncate));
            auto transaction = Transaction::begin(*database);
            ASSERT_TRUE(transaction);
            disk.set_capacity(disk.used_bytes() + static_cast<std::uint64_t>(pages) * kPage);
            const auto changed = database->execute(kFirst);
            const auto again = database->execute(kSecond);
            failed += changed && again ? 0 : 1;
            disk.set_capacity(UINT64_MAX);
            if (database->in_transaction()) is_committed = transaction->commit().has_value();
            EXPECT_TRUE(!is_committed || (changed && again)) << pages;
        }
        disk.crash(Survives::synced);
        auto database = Database::open(disk, "/data/test.db", options);
        ASSERT_TRUE(database) << pages;
        auto row = database->prepare("SELECT count(*) FROM t WHERE filler LIKE '%yz'");
        ASSERT_TRUE(row);
        ASSERT_EQ(row->step(), true);
        EXPECT_EQ(row->column<int>(0), is_committed ? 40 : 0) << pages;
    }
    EXPECT_GT(failed, 5);
}

TEST_F(GatheringTest, WritesNothingOfATransactionThatIsRolledBack) {
    auto database = open_with_table();
    ASSERT_TRUE(database);
    ASSERT_TRUE(commit(*database, 3));
    const auto before = disk_.contents("/data/test.db-wal");
    {
        auto transaction = Transaction::begin(*database);
        ASSERT_TRUE(transaction);
        ASSERT_TRUE(insert(*database, 10));
        disk_.fail_nth(DiskCall::sync, 1);
        ASSERT_FALSE(transaction->commit());
    }
    disk_.crash(Survives::synced);
    auto again = open();
    ASSERT_TRUE(again);
    EXPECT_EQ(count(*again), 3);
    EXPECT_EQ(disk_.contents("/data/test.db-wal").substr(0, before.size()), before);
}

} // namespace
} // namespace maild::db
