#include "maild/db/migration.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/db/transaction.hpp"

namespace maild::db {
namespace {

Error in_step(const Migration& step, Error error) {
    error.internal.insert(0, std::string(step.name) + ": ");
    return error;
}

Result<std::int64_t> count_broken_references(Database& database) {
    auto statement = database.prepare("SELECT count(*) FROM pragma_foreign_key_check");
    if (!statement) return std::unexpected(std::move(statement.error()));
    auto row = statement->step();
    if (!row) return std::unexpected(std::move(row.error()));
    return statement->column<std::int64_t>(0);
}

// A row that had lost its parent before is what fsck is for; a database that serves with it must
// not be kept from a newer program. A step answers for what it breaks.
Result<void> check_references(Database& database, std::int64_t broken_before) {
    auto broken = count_broken_references(database);
    if (!broken) return std::unexpected(std::move(broken.error()));
    if (*broken <= broken_before) return {};
    return fail(Errc::conflict, std::to_string(*broken - broken_before) + " foreign keys broken");
}

Result<void> apply(Database& database, const Migration& step) {
    auto broken = count_broken_references(database);
    if (!broken) return std::unexpected(std::move(broken.error()));
    if (auto done = database.execute_script(step.sql); !done) return done;
    if (auto done = check_references(database, *broken); !done) return done;
    return database.set_user_version(step.version);
}

Result<void> run_step(Database& database, const Migration& step) {
    auto transaction = Transaction::begin(database);
    if (!transaction) return std::unexpected(std::move(transaction.error()));
    auto done = apply(database, step);
    if (done) done = transaction->commit();
    if (!done) return std::unexpected(in_step(step, std::move(done.error())));
    log::info("schema_migrated", {{"step", step.name}});
    return {};
}

Result<void> run_steps(Database& database, std::span<const Migration> steps) {
    for (const auto& step : steps) {
        if (auto done = run_step(database, step); !done) return done;
    }
    return {};
}

} // namespace

Result<int> migrate(Database& database, std::span<const Migration> steps) {
    for (std::size_t i = 0; i < steps.size(); ++i) {
        ensure(steps[i].version == static_cast<int>(i) + 1, "migrations are numbered 1, 2, 3 …");
    }
    const auto version = database.user_version();
    if (!version) return version;
    if (*version < 0 || static_cast<std::size_t>(*version) > steps.size()) {
        return fail(Errc::cannot, "the database has schema " + std::to_string(*version) +
                                      ", this program knows only up to " +
                                      std::to_string(steps.size()) + ": use a newer program");
    }
    // Off while tables are rebuilt (https://sqlite.org/lang_altertable.html#otheralter); checked in
    // each step instead.
    auto off = database.execute_script("PRAGMA foreign_keys = OFF");
    if (!off) return std::unexpected(std::move(off.error()));
    auto done = run_steps(database, steps.subspan(static_cast<std::size_t>(*version)));
    auto on = database.execute_script("PRAGMA foreign_keys = ON");
    if (!done) return std::unexpected(std::move(done.error()));
    if (!on) return std::unexpected(std::move(on.error()));
    return static_cast<int>(steps.size());
}

} // namespace maild::db
