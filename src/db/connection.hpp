#pragma once
// What Database and its statements share: the SQLite handle, the statement cache and the state of
// health.

#include "db/gathering_vfs.hpp"

#include "maild/base/error.hpp"

#include <sqlite3.h>

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace maild::db::detail {

struct CachedStatement {
    sqlite3_stmt* handle = nullptr;
    bool is_lent = false;
};

struct Connection {
    Connection() = default;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
    ~Connection();

    // SQLite's result as an Error with its message; remembers a failed write or sync, and
    // damage.
    std::unexpected<Error> failure(int result, std::string_view what);

    std::unique_ptr<GatheringVfs> vfs; // of one that writes
    sqlite3* handle = nullptr;
    std::string path; // for messages
    bool is_poisoned = false;
    bool is_damaged = false; // SQLite has met bytes that cannot be
    // By the address of the text: it is a constant of the program (db::Sql), so the cache is as
    // bounded as the program.
    std::unordered_map<const char*, CachedStatement> statements;
};

} // namespace maild::db::detail
