#pragma once
// Makes the meta.db of a shard anew from its packs, when it is lost or beyond use (`mailctl store
// rebuild`): every message back in its mailbox with its UID, UIDVALIDITY, dates and bytes, flags as
// at delivery, held and due queue rows. What was moved, copied or expunged is so again as far as
// the notes in the packs reach. Subscriptions: everything. Mod-sequences begin above all that
// clients can have seen. Only while no store has the shard open.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/file.hpp"
#include "maild/base/ids.hpp"

#include <cstdint>
#include <string>

namespace maild::store {

struct RebuildReport {
    std::uint64_t segments = 0;
    std::uint64_t records = 0;
    std::uint64_t accounts = 0;
    std::uint64_t mailboxes = 0;
    std::uint64_t messages = 0;
    std::uint64_t damaged_bytes = 0;    // of records that are lost
    std::uint64_t damaged_segments = 0; // of which not even the beginning can be read
    std::string kept; // where the meta.db is that was there before; empty: there was none
};

// Where a shard lies below LocalStoreOptions::directory.
std::string shard_directory(const std::string& above, ShardId id);

// `directory` is the shard's, with pack/ below. The new database is made beside the old one and
// takes its place when it is complete and synced; the old one, its -wal too, is kept as
// meta.db.broken-<time>. Interrupted at any moment it leaves either the old meta.db or none, which
// a store refuses to open, and can be begun again. not_found: there are no packs. `vfs` as in
// LocalStoreOptions.
Result<RebuildReport> rebuild(FileSystem& files, const Clock& clock, Random& random,
                              const std::string& directory, const std::string& vfs = {});

// Why a shard needs a rebuild: its meta.db is lost, or what SQLite's integrity check says. Empty:
// it does not. Reads the whole of it.
Result<std::string> damage_of(FileSystem& files, const std::string& directory,
                              const std::string& vfs = {});

} // namespace maild::store
