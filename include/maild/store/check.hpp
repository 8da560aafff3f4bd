#pragma once
// Whether what the store keeps is whole (`mailctl fsck run`): asked in slices, each of which looks
// at a bounded part of one shard on a reader's thread, in one unchanging view, so that mail goes on
// meanwhile. Nothing is kept between slices: the cursor says where the next one begins, so whoever
// stops asking has stopped the check. With `repair`, what can be mended without loss is mended in
// the shard's next group commit, before the slice is answered. A damaged body is only ever
// reported.

#include "maild/base/ids.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

struct AccountRef {
    AccountId account;
    ShardId shard;
};

// In the order of the check. For one account: mailboxes, messages, accounts.
enum class CheckPhase : std::uint8_t {
    database,   // SQLite's own integrity check and foreign keys, table by table
    bodies,     // each body row leads to a whole record; the structure was parsed from these bytes
    references, // body.refs
    orphans,    // rows that belong to a body that is not there
    mailboxes,  // counters, UIDNEXT, HIGHESTMODSEQ
    messages,   // each message has a content, and the size that it says
    accounts,   // usage, mod-sequence, UIDVALIDITY
    packs,      // how much of each segment lives
    queue,      // rows that make no sense
    index,      // of searches: checksums, and that it is about these messages
};
inline constexpr CheckPhase kLastCheckPhase = CheckPhase::index;
std::string_view name_of(CheckPhase phase);

struct CheckCursor { // opaque outside of the store: ask again with what `next` was
    ShardId shard;
    CheckPhase phase = CheckPhase::database;
    std::int64_t first = 0;
    std::int64_t second = 0;
    friend bool operator==(const CheckCursor&, const CheckCursor&) = default;
};

struct CheckRequest {
    std::optional<AccountRef> account; // nothing: the whole host
    bool deep = false;                 // reads every body: checksums, digest, structure
    bool repair = false;
    std::optional<CheckCursor> from; // nothing: from the beginning
};

// What a finding is about: the name that `mailctl --json` shows.
enum class FindingKind : std::uint8_t {
    shard,     // is offline
    database,  // pages or keys of meta.db
    body,      // bytes that cannot be read, or are others than were accepted
    structure, // ENVELOPE, BODYSTRUCTURE, parts, header section
    reference, // how many rows lead to a body
    orphan,    // rows that nothing leads to
    mailbox,
    message,
    account,
    pack,
    queue,
    index,
};
std::string_view name_of(FindingKind kind);

struct CheckFinding {
    FindingKind kind = FindingKind::shard;
    ShardId shard;
    AccountId account;   // zero: of the shard
    MailboxName mailbox; // empty: of the account
    Uid uid;             // zero: of the mailbox
    std::string what;    // one sentence, without a full stop
    bool is_repaired = false;
};

struct CheckCounts { // of one slice
    std::uint64_t bodies = 0;
    std::uint64_t body_bytes = 0; // read, with `deep`
    std::uint64_t messages = 0;
    std::uint64_t mailboxes = 0;
    std::uint64_t accounts = 0;
    std::uint64_t packs = 0;
    std::uint64_t queued = 0;
};

struct CheckSlice {
    CheckCursor at;            // what was looked at
    std::uint32_t percent = 0; // of this phase
    std::vector<CheckFinding> findings;
    CheckCounts counts;
    std::optional<CheckCursor> next; // nothing: that was all
};

// Parses a message's bytes as the worker did that received it. Given from outside: the store knows
// no protocol.
using ParseStructure = std::function<Structure(std::string_view content)>;

template <class Codec> void describe(Codec& codec, AccountRef& a) { codec(a.account, a.shard); }
template <class Codec> void describe(Codec& codec, CheckCursor& c) {
    codec(c.shard, c.phase, c.first, c.second);
}
template <class Codec> void describe(Codec& codec, CheckRequest& r) {
    codec(r.account, r.deep, r.repair, r.from);
}
template <class Codec> void describe(Codec& codec, CheckFinding& f) {
    codec(f.kind, f.shard, f.account, f.mailbox, f.uid, f.what, f.is_repaired);
}
template <class Codec> void describe(Codec& codec, CheckCounts& c) {
    codec(c.bodies, c.body_bytes, c.messages, c.mailboxes, c.accounts, c.packs, c.queued);
}
template <class Codec> void describe(Codec& codec, CheckSlice& s) {
    codec(s.at, s.percent, s.findings, s.counts, s.next);
}

} // namespace maild::store
