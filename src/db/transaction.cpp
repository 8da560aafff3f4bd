#include "maild/db/transaction.hpp"

namespace maild::db {
namespace {

Result<void> run(Database& database, Sql sql) {
    auto done = database.execute(sql);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
}

} // namespace

Result<Transaction> Transaction::begin(Database& database) {
    auto begun = run(database, "BEGIN IMMEDIATE");
    if (!begun) return std::unexpected(std::move(begun.error()));
    return Transaction(database);
}

Result<Transaction> Transaction::begin_read(Database& database) {
    auto begun = run(database, "BEGIN DEFERRED");
    if (!begun) return std::unexpected(std::move(begun.error()));
    return Transaction(database);
}

Result<void> Transaction::commit() {
    if (database_ == nullptr) return fail(Errc::internal, "commit of a finished transaction");
    if (!database_->in_transaction()) {
        database_ = nullptr;
        return fail(Errc::io, "SQLite had rolled the transaction back after an error");
    }
    auto committed = run(*database_, "COMMIT");
    if (!committed) rollback();
    database_ = nullptr;
    return committed;
}

// Nothing to report: if it fails, the connection is poisoned or closes, and either undoes the
// transaction.
void Transaction::rollback() {
    if (database_ == nullptr) return;
    if (database_->in_transaction()) static_cast<void>(run(*database_, "ROLLBACK"));
    database_ = nullptr;
}

// The name is the same at each level: SQLite takes the innermost.
Result<Savepoint> Savepoint::begin(Database& database) {
    if (!database.in_transaction()) return fail(Errc::internal, "savepoint outside a transaction");
    auto begun = run(database, "SAVEPOINT part");
    if (!begun) return std::unexpected(std::move(begun.error()));
    return Savepoint(database);
}

Result<void> Savepoint::release() {
    if (database_ == nullptr) return fail(Errc::internal, "release of a finished savepoint");
    auto released = run(*database_, "RELEASE part");
    if (!released) rollback();
    database_ = nullptr;
    return released;
}

void Savepoint::rollback() {
    if (database_ == nullptr) return;
    if (database_->in_transaction()) {
        static_cast<void>(run(*database_, "ROLLBACK TO part"));
        static_cast<void>(run(*database_, "RELEASE part"));
    }
    database_ = nullptr;
}

} // namespace maild::db
