#include "support/error_of.hpp"
#include "support/schema_check.hpp"
#include "support/temp_dir.hpp"

#include "maild/db/migration.hpp"
#include "maild/db/transaction.hpp"

#include <gtest/gtest.h>

namespace maild::db {
namespace {

using test::error_of;
constexpr Migration kSteps[] = {
    {1, "0001_first.sql", "CREATE TABLE t (a INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);"},
    {2, "0002_second.sql", "ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT 'new';"},
    {3, "0003_third.sql", R"(
        CREATE TABLE t2 (a INTEGER PRIMARY KEY, b TEXT, p INTEGER REFERENCES t2);
        INSERT INTO t2 (a, b, p) SELECT a, b, a FROM t;
        DROP TABLE t;
        ALTER TABLE t2 RENAME TO t;
    )"},
};

class MigrationTest : public ::testing::Test {
protected:
    Database opened() {
        auto database = Database::open(files_, dir_ / "test.db");
        EXPECT_TRUE(database) << database.error().internal;
        return std::move(*database);
    }
    test::TempDir dir_;
    PosixFileSystem files_;
};

TEST_F(MigrationTest, RunsTheMissingSteps) {
    auto database = opened();
    EXPECT_EQ(migrate(database, std::span(kSteps).first(1)), 1);
    EXPECT_EQ(migrate(database, kSteps), 3);
    EXPECT_EQ(migrate(database, kSteps), 3);
    auto row = database.query("SELECT b, p FROM t");
    ASSERT_TRUE(row);
    ASSERT_EQ(row->step(), true);
    EXPECT_EQ(row->column<std::string>(0), "new");
    EXPECT_EQ(row->column<int>(1), 1);
}

TEST_F(MigrationTest, EndsAlikeFromEveryVersion) {
    test::expect_same_schema_from_every_version(kSteps);
}

TEST_F(MigrationTest, RefusesANewerDatabase) {
    auto database = opened();
    ASSERT_TRUE(migrate(database, kSteps));
    const auto refused = migrate(database, std::span(kSteps).first(2));
    ASSERT_FALSE(refused);
    EXPECT_EQ(error_of(refused), Errc::cannot);
    EXPECT_NE(refused.error().internal.find("schema 3"), std::string::npos);
}

// A database that has lost rows is served and repaired; a newer program must open it too.
TEST_F(MigrationTest, MindsOnlyReferencesThatAStepBreaks) {
    constexpr Migration kParents[] = {
        {1, "0001_parents.sql",
         "CREATE TABLE p (a INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2);"
         "CREATE TABLE c (a REFERENCES p); INSERT INTO c VALUES (1), (2);"},
        {2, "0002_column.sql", "ALTER TABLE c ADD COLUMN b;"},
        {3, "0003_breaks.sql", "DELETE FROM p WHERE a = 2;"},
    };
    auto database = opened();
    ASSERT_EQ(migrate(database, std::span(kParents).first(1)), 1);
    ASSERT_TRUE(database.execute_script("PRAGMA foreign_keys = OFF; DELETE FROM p WHERE a = 1;"));
    EXPECT_EQ(migrate(database, std::span(kParents).first(2)), 2);
    const auto broken = migrate(database, kParents);
    EXPECT_EQ(error_of(broken), Errc::conflict);
    EXPECT_NE(broken.error().internal.find("1 foreign keys"), std::string::npos);
    EXPECT_EQ(database.user_version(), 2);
}

TEST_F(MigrationTest, LeavesNothingOfAStepThatFails) {
    constexpr Migration kBroken[] = {
        kSteps[0],
        {2, "0002_broken.sql", "CREATE TABLE half (a); INSERT INTO nowhere VALUES (1);"}};
    constexpr Migration kOrphan[] = {
        kSteps[0],
        {2, "0002_orphan.sql", "CREATE TABLE c (a REFERENCES t); INSERT INTO c VALUES (99);"}};
    auto database = opened();
    for (const std::span<const Migration> steps : {std::span(kBroken), std::span(kOrphan)}) {
        const auto done = migrate(database, steps);
        ASSERT_FALSE(done);
        EXPECT_NE(done.error().internal.find("0002_"), std::string::npos) << done.error().internal;
        EXPECT_EQ(database.user_version(), 1);
        EXPECT_FALSE(database.in_transaction());
    }
    EXPECT_EQ(database.execute("INSERT INTO t VALUES (2)"), 1);
    auto tables = database.query("SELECT count(*) FROM sqlite_schema");
    ASSERT_EQ(tables->step(), true);
    EXPECT_EQ(tables->column<int>(0), 1);
}

TEST_F(MigrationTest, KeepsForeignKeysOn) {
    auto database = opened();
    ASSERT_TRUE(migrate(database, kSteps));
    EXPECT_EQ(error_of(database.execute("INSERT INTO t VALUES (5, 'x', 77)")), Errc::conflict);
}

} // namespace
} // namespace maild::db
