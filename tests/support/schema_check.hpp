#pragma once
// What every schema's test asserts: whichever version a database has, migrate() ends at the same
// schema as from nothing, with intact indexes and foreign keys.

#include "support/temp_dir.hpp"

#include "maild/db/migration.hpp"

#include <gtest/gtest.h>

#include <span>
#include <string>

namespace maild::test {

inline std::string text_of(db::Database& database, db::Sql sql) {
    auto rows = database.prepare(sql);
    EXPECT_TRUE(rows) << (rows ? "" : rows.error().internal);
    std::string text;
    while (rows && rows->step() == true) text += rows->column<std::string>(0) + "\n";
    return text;
}

// The schema of a database that had `first` and was then brought to the last of `steps`.
inline std::string schema_by_way_of(std::span<const db::Migration> steps, std::size_t first) {
    const TempDir dir;
    PosixFileSystem files;
    auto database = db::Database::open(files, dir / "schema.db");
    EXPECT_TRUE(database);
    EXPECT_EQ(db::migrate(*database, steps.first(first)), static_cast<int>(first));
    const auto reached = db::migrate(*database, steps);
    EXPECT_TRUE(reached) << (reached ? "" : reached.error().internal);
    EXPECT_EQ(text_of(*database, "PRAGMA integrity_check"), "ok\n");
    EXPECT_EQ(text_of(*database, "SELECT \"table\" FROM pragma_foreign_key_check"), "");
    return text_of(*database, "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name");
}

inline void expect_same_schema_from_every_version(std::span<const db::Migration> steps) {
    const auto want = schema_by_way_of(steps, 0);
    for (std::size_t first = 1; first <= steps.size(); ++first) {
        EXPECT_EQ(schema_by_way_of(steps, first), want) << "from version " << first;
    }
}

} // namespace maild::test
