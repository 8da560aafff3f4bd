#pragma once
// Makes the meta.db of a shard anew from its packs, when it is lost or beyond use (`mailctl store
// rebuild`): every message back in its mailbox with its UID, UIDVALIDITY, dates and bytes, flags as
// at delivery, held and due queue rows. What was moved, copied or expunged is so again as far as
// the notes in the packs reach. Subscriptions: everything. Mod-sequences begin above all that
// clients can have seen. Only while no store has the shard open.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/base/file.hpp"

#include <cstdint>
#include <string>

namespace maild::store {

struct RebuildReport {
    std::uint64_t segments = 0;
    std::uint64_t records = 0;
    std::uint64_t accounts = 0;
    std::uint64_t mailboxes = 0;
    std::uint64_t messages = 0;
    std::uint64_t damaged_bytes = 0; // of records that are lost
};

// `directory` is the shard's, with pack/ below. already_exists when it has a meta.db with anything
// in it: move that away first, its -wal too. `vfs` as in LocalStoreOptions.
Result<RebuildReport> rebuild(FileSystem& files, const Clock& clock, Random& random,
                              const std::string& directory, const std::string& vfs = {});

} // namespace maild::store
