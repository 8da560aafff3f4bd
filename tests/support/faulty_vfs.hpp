#pragma once
// SQLite on a FaultyDisk: database, journal and WAL live there beside the packs and lose the same
// unsynced bytes in the same crash. Locks and the WAL index are kept in memory, shared by all
// connections through this VFS: the same as SQLite's own "unix-excl", which production uses, so
// every statement runs the same code of SQLite as there. Otherwise it does what os_unix.c does:
// sectors of 4096 bytes, powersafe overwrite, and the directory is synced with the first sync of a
// journal or WAL.

#include "support/faulty_disk.hpp"

#include <memory>
#include <string>

namespace maild::test {

struct FaultyVfsState;

class FaultyVfs {
public:
    // Registers with SQLite under name(), which no other has, until destroyed. All connections are
    // closed before.
    explicit FaultyVfs(FaultyDisk& disk);
    FaultyVfs(const FaultyVfs&) = delete;
    FaultyVfs& operator=(const FaultyVfs&) = delete;
    ~FaultyVfs();

    const std::string& name() const; // for db::Options::vfs
    // The same without locks and without an index of the WAL that connections share, as SQLite's
    // "unix-none": for what is frozen.
    const std::string& lockless_name() const;

private:
    std::unique_ptr<FaultyVfsState> state_;
};

} // namespace maild::test
