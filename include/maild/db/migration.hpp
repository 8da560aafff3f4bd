#pragma once
// Brings a database to the schema this program knows. The steps are plain files,
// schema/<name>/NNNN_what.sql, which the CMake function maild_schema(<name>) embeds: #include
// "schema/<name>.hpp" declares maild::<name>::schema(). A step that has been released is never
// edited; the next change is the next number.

#include "maild/base/error.hpp"
#include "maild/db/database.hpp"
#include "maild/db/sql.hpp"

#include <span>
#include <string_view>

namespace maild::db {

struct Migration {
    int version;           // 1, 2, 3 … without a gap
    std::string_view name; // of the file, for the log and errors
    Sql sql;
};

// Runs the missing steps, each in a transaction of its own together with its number (PRAGMA
// user_version), foreign keys checked at the end of each. Returns the version reached. A database
// that is newer than the last of `steps` is refused with `cannot`, untouched.
Result<int> migrate(Database& database, std::span<const Migration> steps);

} // namespace maild::db
