#pragma once
// SQLite's files as another VFS has them, but for the write-ahead log. SQLite writes that in
// pieces, for each page of a transaction 24 octets and then the page; here they are gathered, and
// go out as one write before the log is synced, read, cut or asked for its size. Nobody sees the
// difference: another connection reads only frames that the index of the WAL names, and with
// synchronous=FULL that happens after the sync; a power cut before the sync finds any part of them
// on the disk either way. A write that fails is told by the call that made it necessary, which is
// the commit's sync, or a read of what a large transaction has written before its time; that one
// poisons the connection.
//
// For one connection, which is the only one that writes to its database (DESIGN §3). Where the disk
// may spoil what stands beside a write (no SQLITE_IOCAP_POWERSAFE_OVERWRITE), SQLite writes on
// behind its last sync, and nothing is gathered. Memory: up to 124 KiB.

#include <sqlite3.h>

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace maild::db::detail {

struct Gathered {
    std::vector<std::byte> bytes{}; // not written yet,
    sqlite3_int64 at = 0;           // and where they belong
    bool may_gather = true;
};

class GatheringVfs {
public:
    // Over the registered VFS of this name (empty: SQLite's default), which outlives it. Null:
    // there is no such.
    static std::unique_ptr<GatheringVfs> create(const std::string& base);
    GatheringVfs(const GatheringVfs&) = delete;
    GatheringVfs& operator=(const GatheringVfs&) = delete;
    ~GatheringVfs(); // its connection is closed before

    const std::string& name() const { return name_; } // no other has it
    void forget() { gathered_.bytes.clear(); }        // after a rollback

private:
    struct Vfs : sqlite3_vfs {
        GatheringVfs* self;
    };
    explicit GatheringVfs(sqlite3_vfs* base);
    static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                    int* out_flags);

    std::string name_;
    sqlite3_vfs* base_;
    Vfs vfs_;
    Gathered gathered_;
};

} // namespace maild::db::detail
