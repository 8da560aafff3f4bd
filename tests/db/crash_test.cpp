// SQLite on the faulty disk: with our settings every committed transaction survives a crash after
// any step.

#include "support/error_of.hpp"
#include "support/faulty_vfs.hpp"

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

constexpr int kTransactions = 16;

Result<void> add_rows(Database& database, int number) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return std::unexpected(transaction.error());
    for (int i = 0; i < 3; ++i) {
        auto added = database.execute("INSERT INTO t (number, filler) VALUES (?, ?)", number,
                                      std::string(1500, static_cast<char>('a' + number)));
        if (!added) return std::unexpected(added.error());
    }
    return transaction->commit();
}

struct Outcome {
    bool is_created = false;
    int committed = 0; // transactions that were acknowledged
};

// Creates a database and commits transactions with checkpoints in between, until the power goes.
Outcome run_script(FaultyDisk& disk, const FaultyVfs& vfs, bool is_mutant) {
    Outcome run;
    auto database = Database::open(disk, "/data/test.db", {.vfs = vfs.name()});
    if (!database) return run;
    if (is_mutant) {
        EXPECT_TRUE(database->execute_script("PRAGMA synchronous = OFF"));
    }
    auto made = database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, number, filler)");
    if (!made) return run;
    run.is_created = true;
    for (int number = 1; number <= kTransactions; ++number) {
        if (!add_rows(*database, number)) return run;
        run.committed = number;
        if (number % 4 == 0) {
            const auto mode = number == 8 ? CheckpointMode::truncate : CheckpointMode::restart;
            if (!database->checkpoint(mode)) return run;
        }
    }
    return run;
}

int count(Database& database, Sql sql) {
    auto row = database.prepare(sql);
    if (!row || row->step() != true) return -1;
    return row->column<int>(0);
}

// Empty: all is as promised.
std::string broken_promise(FaultyDisk& disk, const FaultyVfs& vfs, const Outcome& run) {
    auto database = Database::open(disk, "/data/test.db", {.vfs = vfs.name()});
    if (!database) return "does not open: " + database.error().internal;
    {
        auto check = database->prepare("PRAGMA integrity_check");
        if (!check || check->step() != true) return "cannot be checked";
        if (check->column<std::string>(0) != "ok") return check->column<std::string>(0);
    }
    if (count(*database, "SELECT count(*) FROM sqlite_schema") < (run.is_created ? 1 : 0)) {
        return "the table is gone";
    }
    if (!run.is_created) return {};
    const int whole = count(*database, "SELECT count(*) FROM (SELECT 1 FROM t GROUP BY number "
                                       "HAVING count(*) = 3)");
    const int any = count(*database, "SELECT count(DISTINCT number) FROM t");
    if (whole != any) return "half a transaction";
    if (whole < run.committed) return "a committed transaction is lost";
    if (whole > run.committed + 1) return "more than was begun";
    return {};
}

FaultyDisk& with_directory(FaultyDisk& disk) {
    EXPECT_TRUE(disk.make_directory("/data"));
    EXPECT_TRUE(disk.sync_directory("/"));
    return disk;
}

// What is found after a crash behind step k; and whether the script ended before.
std::string crash_at(std::uint64_t k, Survives what, std::uint64_t seed, bool is_mutant,
                     bool& is_through) {
    FaultyDisk disk;
    const FaultyVfs vfs(with_directory(disk));
    disk.cut_power_after(k);
    const auto run = run_script(disk, vfs, is_mutant);
    is_through = disk.is_powered();
    disk.crash(what, seed);
    return broken_promise(disk, vfs, run);
}

TEST(DatabaseCrash, LosesNoCommittedTransactionAtAnyStep) {
    std::uint64_t steps = 0;
    for (bool is_through = false; !is_through; ++steps) {
        struct {
            Survives what;
            std::uint64_t seeds;
        } const cases[] = {{Survives::synced, 1}, {Survives::everything, 1}, {Survives::some, 8}};
        for (const auto& [what, seeds] : cases) {
            for (std::uint64_t seed = 0; seed < seeds; ++seed) {
                ASSERT_EQ(crash_at(steps, what, steps * 100 + seed, false, is_through), "")
                    << "after step " << steps << ", seed " << steps * 100 + seed;
            }
        }
    }
    EXPECT_GT(steps, 100U);
}

// The model would notice: without the syncs, transactions are lost and databases broken.
TEST(DatabaseCrash, CatchesSynchronousOff) {
    int caught = 0;
    std::uint64_t steps = 0;
    for (bool is_through = false; !is_through; ++steps) {
        if (!crash_at(steps, Survives::synced, 0, true, is_through).empty()) ++caught;
    }
    EXPECT_GT(caught, 20);
}

TEST(DatabaseCrash, IsPoisonedByAFailedSyncAndRecoversWhenOpenedAnew) {
    for (const auto call : {DiskCall::sync, DiskCall::write}) {
        FaultyDisk disk;
        const FaultyVfs vfs(with_directory(disk));
        const Outcome run{.is_created = true, .committed = 1};
        {
            auto database = Database::open(disk, "/data/test.db", {.vfs = vfs.name()});
            ASSERT_TRUE(database);
            ASSERT_TRUE(
                database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, number, filler)"));
            ASSERT_TRUE(add_rows(*database, 1));
            disk.fail_nth(call, 1);
            EXPECT_EQ(error_of(add_rows(*database, 2)), Errc::io);
            EXPECT_TRUE(database->is_poisoned());
            EXPECT_EQ(error_of(add_rows(*database, 3)), Errc::io);
            EXPECT_EQ(error_of(database->checkpoint(CheckpointMode::passive)), Errc::io);
            EXPECT_EQ(error_of(database->user_version()), Errc::io);
            const auto steps = disk.steps();
            database = fail(Errc::closed);
            EXPECT_EQ(disk.steps(), steps); // closing writes nothing: the next process recovers
        }
        ASSERT_TRUE(drop_cache(disk, "/data/test.db"));
        EXPECT_EQ(broken_promise(disk, vfs, run), "");
    }
}

TEST(DatabaseCrash, SaysThatTheDiskIsFullAndGoesOnWhenItIsNot) {
    FaultyDisk disk;
    const FaultyVfs vfs(with_directory(disk));
    auto database = Database::open(disk, "/data/test.db", {.vfs = vfs.name()});
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, number, filler)"));
    ASSERT_TRUE(add_rows(*database, 1));
    disk.set_capacity(0);
    EXPECT_EQ(error_of(add_rows(*database, 2)), Errc::no_space);
    EXPECT_FALSE(database->in_transaction());
    disk.set_capacity(UINT64_MAX);
    EXPECT_TRUE(add_rows(*database, 2));
    EXPECT_EQ(count(*database, "SELECT count(*) FROM t"), 6);
}

TEST(DatabaseCrash, SharesTheWalBetweenConnectionsLikeTheRealOne) {
    FaultyDisk disk;
    const FaultyVfs vfs(with_directory(disk));
    auto writer = Database::open(disk, "/data/test.db", {.vfs = vfs.name()});
    ASSERT_TRUE(writer);
    ASSERT_TRUE(writer->execute("CREATE TABLE t (id INTEGER PRIMARY KEY, number, filler)"));
    auto reader = Database::open(disk, "/data/test.db", {.read_only = true, .vfs = vfs.name()});
    ASSERT_TRUE(reader) << reader.error().internal;
    auto view = Transaction::begin_read(*reader);
    EXPECT_EQ(count(*reader, "SELECT count(*) FROM t"), 0);
    ASSERT_TRUE(add_rows(*writer, 1));
    EXPECT_EQ(count(*reader, "SELECT count(*) FROM t"), 0);
    EXPECT_EQ(error_of(writer->checkpoint(CheckpointMode::restart)), Errc::busy);
    ASSERT_TRUE(view->commit());
    EXPECT_EQ(count(*reader, "SELECT count(*) FROM t"), 3);
    EXPECT_TRUE(writer->checkpoint(CheckpointMode::restart));
}

} // namespace
} // namespace maild::db
