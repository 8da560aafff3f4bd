#pragma once
// SQLite's files as another VFS has them, but for the write-ahead log. SQLite writes that in
// pieces, for each page of a transaction 24 octets and then the page; here they are gathered, and
// go out as one write before the log is synced, read, cut or asked for its size. Nobody sees the
// difference: another connection reads only frames that the index of the WAL names, and with
// synchronous=FULL that happens after the sync; a power cut before the sync finds any part of them
// on the disk either way. A write that fails is told by the call that made it necessary, which is
// the commit's sync.

#include <sqlite3.h>

#include <memory>
#include <string>

namespace maild::db::detail {

class GatheringVfs {
public:
    // Over the registered VFS of this name (empty: SQLite's default), which outlives it. Null:
    // there is no such.
    static std::unique_ptr<GatheringVfs> create(const std::string& base);
    GatheringVfs(const GatheringVfs&) = delete;
    GatheringVfs& operator=(const GatheringVfs&) = delete;
    ~GatheringVfs(); // all connections are closed before

    const std::string& name() const { return name_; } // no other has it

private:
    struct Vfs : sqlite3_vfs {
        sqlite3_vfs* base;
    };
    explicit GatheringVfs(sqlite3_vfs* base);
    static int open(sqlite3_vfs* vfs, sqlite3_filename name, sqlite3_file* file, int flags,
                    int* out_flags);

    std::string name_;
    Vfs vfs_;
};

} // namespace maild::db::detail
