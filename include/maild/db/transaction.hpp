#pragma once
// Transactions as scopes: what is not committed is rolled back by the destructor. A statement that
// fails inside one may make SQLite roll the whole transaction back (no_space, io); commit() then
// fails, so nothing is half done.

#include "maild/base/error.hpp"
#include "maild/db/database.hpp"

#include <utility>

namespace maild::db {

class Transaction {
public:
    // BEGIN IMMEDIATE: takes the write lock at once, so that no later statement finds it busy.
    static Result<Transaction> begin(Database& database);
    // One unchanging view of the database for several queries; nothing may be written.
    static Result<Transaction> begin_read(Database& database);

    Transaction(Transaction&& other) noexcept
        : database_(std::exchange(other.database_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() { rollback(); }

    // Durable when it returns success. Statements of this database must be reset or gone. On
    // failure everything is rolled back; after an io error the rows may still be found there once
    // the database is opened anew.
    Result<void> commit();
    void rollback();

private:
    explicit Transaction(Database& database) : database_(&database) {}
    Database* database_; // null once it is over
};

// A part of a transaction that can be taken back alone: one request of a batch. They nest.
class Savepoint {
public:
    static Result<Savepoint> begin(Database& database);

    Savepoint(Savepoint&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
    Savepoint& operator=(Savepoint&&) = delete;
    Savepoint(const Savepoint&) = delete;
    Savepoint& operator=(const Savepoint&) = delete;
    ~Savepoint() { rollback(); }

    Result<void> release(); // keeps the changes, as part of the transaction around it
    void rollback();

private:
    explicit Savepoint(Database& database) : database_(&database) {}
    Database* database_;
};

} // namespace maild::db
