#include "db/connection.hpp"

#include "maild/base/ensure.hpp"

#include <cerrno>

namespace maild::db::detail {
namespace {

bool failed_with_eio(sqlite3_file* file) {
    int error_number = 0;
    return file != nullptr && file->pMethods != nullptr &&
           file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error_number) ==
               SQLITE_OK &&
           error_number == EIO;
}

// SQLite answers SQLITE_CORRUPT also where the disk did not let it read (os_unix.c: EIO becomes
// SQLITE_IOERR_CORRUPTFS, which the VDBE makes SQLITE_CORRUPT). The bytes may be whole: what the
// files themselves failed with last tells the two apart.
bool is_failed_read(sqlite3* handle) {
    for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
        sqlite3_file* file = nullptr; // the database; its WAL
        if (sqlite3_file_control(handle, "main", which, static_cast<void*>(&file)) == SQLITE_OK &&
            failed_with_eio(file))
            return true;
    }
    return false;
}

bool is_failed_write(int result) {
    switch (result) {
    case SQLITE_IOERR_WRITE:
    case SQLITE_IOERR_FSYNC:
    case SQLITE_IOERR_DIR_FSYNC:
    case SQLITE_IOERR_TRUNCATE: return true;
    default: return false;
    }
}

Errc code_for_constraint(int result) {
    switch (result) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID: return Errc::already_exists;
    case SQLITE_CONSTRAINT_FOREIGNKEY: return Errc::conflict;
    default: return Errc::internal; // NOT NULL, CHECK: checked by our code before
    }
}

Errc code_for(int result, int error_number) {
    switch (result & 0xff) {
    case SQLITE_FULL: return Errc::no_space;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return Errc::corrupt;
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return Errc::busy;
    case SQLITE_IOERR: return Errc::io;
    case SQLITE_CANTOPEN: return error_number == ENOENT ? Errc::not_found : Errc::io;
    case SQLITE_CONSTRAINT: return code_for_constraint(result);
    case SQLITE_TOOBIG: return Errc::too_large;
    case SQLITE_READONLY: return Errc::not_permitted;
    case SQLITE_INTERRUPT: return Errc::timed_out;
    default: return Errc::internal;
    }
}

} // namespace

Connection::~Connection() {
    for (const auto& [text, statement] : statements) {
        ensure(!statement.is_lent, "a statement outlives its database");
        sqlite3_finalize(statement.handle);
    }
    if (handle == nullptr) return;
    // After a failed write the WAL is left as it is, for the next process to recover from what is
    // on the disk.
    if (is_poisoned) sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_close_v2(handle);
}

std::unexpected<Error> Connection::failure(int result, std::string_view what) {
    if (is_failed_write(result)) is_poisoned = true;
    const bool is_of_the_disk =
        (result & 0xff) == SQLITE_CORRUPT && handle != nullptr && is_failed_read(handle);
    if (code_for(result, 0) == Errc::corrupt && !is_of_the_disk) is_damaged = true;
    std::string text = path + ": ";
    text += what;
    text += ": ";
    text += handle == nullptr ? sqlite3_errstr(result) : sqlite3_errmsg(handle);
    text += " (" + std::to_string(result) + ")";
    if (is_of_the_disk) return fail(Errc::io, text + ", after a read that failed with EIO");
    return fail(code_for(result, handle == nullptr ? 0 : sqlite3_system_errno(handle)),
                std::move(text));
}

} // namespace maild::db::detail
