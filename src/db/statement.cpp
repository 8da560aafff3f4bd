#include "maild/db/statement.hpp"

#include "db/connection.hpp"

#include "maild/base/ensure.hpp"

namespace maild::db {

Statement::Statement(Statement&& other) noexcept
    : connection_(other.connection_),
      handle_(std::exchange(other.handle_, nullptr)),
      cached_(std::exchange(other.cached_, nullptr)),
      bind_error_(other.bind_error_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
    if (this == &other) return *this;
    release();
    connection_ = other.connection_;
    handle_ = std::exchange(other.handle_, nullptr);
    cached_ = std::exchange(other.cached_, nullptr);
    bind_error_ = other.bind_error_;
    return *this;
}

Statement::~Statement() { release(); }

void Statement::release() {
    if (handle_ == nullptr) return;
    if (cached_ == nullptr) {
        sqlite3_finalize(handle_);
    } else {
        sqlite3_reset(handle_);
        sqlite3_clear_bindings(handle_);
        cached_->is_lent = false;
    }
    handle_ = nullptr;
}

Result<bool> Statement::step() {
    if (connection_->is_poisoned)
        return fail(Errc::io, connection_->path + ": a write failed before");
    if (bind_error_ != SQLITE_OK) {
        const int result = std::exchange(bind_error_, SQLITE_OK);
        return fail(result == SQLITE_TOOBIG ? Errc::too_large : Errc::internal,
                    std::string("bind: ") + sqlite3_errstr(result));
    }
    const int result = sqlite3_step(handle_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return connection_->failure(result, sqlite3_sql(handle_));
}

Result<std::int64_t> Statement::run() {
    const auto before = sqlite3_total_changes64(connection_->handle);
    Result<bool> row = true;
    while (row && *row) row = step();
    reset();
    if (!row) return std::unexpected(std::move(row.error()));
    // sqlite3_changes64() keeps the last statement's number when this one was no INSERT, UPDATE or
    // DELETE.
    if (sqlite3_total_changes64(connection_->handle) == before) return 0;
    return sqlite3_changes64(connection_->handle);
}

void Statement::reset() { sqlite3_reset(handle_); }

bool Statement::is_null(int index) const {
    ensure(index >= 0 && index < sqlite3_data_count(handle_), "column index, or no row");
    return sqlite3_column_type(handle_, index) == SQLITE_NULL;
}

void Statement::note(int bind_result) {
    ensure(bind_result != SQLITE_RANGE, "parameter index");
    ensure(bind_result != SQLITE_MISUSE, "bind to a statement that was not reset");
    if (bind_result != SQLITE_OK) bind_error_ = bind_result;
}

void Statement::bind_integer(int index, std::int64_t value) {
    note(sqlite3_bind_int64(handle_, index, value));
}

void Statement::bind_real(int index, double value) {
    note(sqlite3_bind_double(handle_, index, value));
}

// An empty view may have a null pointer, which SQLite would take for NULL.
void Statement::bind_text(int index, std::string_view value) {
    note(sqlite3_bind_text64(handle_, index, value.empty() ? "" : value.data(), value.size(),
                             SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::bind_blob(int index, std::string_view value) {
    note(sqlite3_bind_blob64(handle_, index, value.empty() ? "" : value.data(), value.size(),
                             SQLITE_TRANSIENT));
}

void Statement::bind_null(int index) { note(sqlite3_bind_null(handle_, index)); }

std::int64_t Statement::integer(int index) const {
    ensure(index >= 0 && index < sqlite3_data_count(handle_), "column index, or no row");
    return sqlite3_column_int64(handle_, index);
}

double Statement::real(int index) const {
    ensure(index >= 0 && index < sqlite3_data_count(handle_), "column index, or no row");
    return sqlite3_column_double(handle_, index);
}

// The blob comes first: sqlite3_column_bytes() is the length of what was asked for last.
std::string_view Statement::bytes(int index) const {
    ensure(index >= 0 && index < sqlite3_data_count(handle_), "column index, or no row");
    const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_, index));
    const auto length = static_cast<std::size_t>(sqlite3_column_bytes(handle_, index));
    return {data == nullptr ? "" : data, length}; // SQLite has no pointer for an empty blob
}

} // namespace maild::db
