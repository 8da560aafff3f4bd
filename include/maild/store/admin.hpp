#pragma once
// What `control` may ask of the store, by account and without a token: figures, names and queue
// rows; never content.

#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"
#include "maild/net/task.hpp"
#include "maild/queue/envelope.hpp"
#include "maild/store/check.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace maild::store {

struct AccountUsage {
    AccountId account;
    std::uint64_t bytes = 0;
    std::uint64_t messages = 0;
    std::uint32_t mailboxes = 0;
};

// Since the process started, summed over shards.
struct StoreFigures {
    std::uint64_t messages_delivered = 0;
    std::uint64_t commits = 0;
    std::uint64_t syncs = 0;              // fdatasync and fsync calls, SQLite's included
    std::uint64_t requests_committed = 0; // mutating requests; over commits: the size of a group
    std::uint64_t messages_stored = 0;
    std::uint64_t pack_bytes = 0;
    std::uint64_t free_bytes = 0; // of the file system
    std::uint64_t wal_frames = 0;
    std::uint32_t sessions = 0;
    std::uint32_t shards = 0;
    std::uint32_t read_only_shards = 0;
    std::uint32_t offline_shards = 0; // not served, and not among those above
    bool accepts_mail = true;
    std::uint64_t index_bytes = 0;   // of the search index
    std::uint64_t index_pending = 0; // messages that it does not know yet
};

class StoreAdmin {
public:
    virtual ~StoreAdmin() = default;
    virtual net::Task<Result<StoreFigures>> figures() = 0;
    virtual net::Task<Result<std::vector<AccountUsage>>>
    usage(std::vector<AccountRef> accounts) = 0;
    virtual net::Task<Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>>>
    mailboxes(AccountRef account) = 0;
    // Its mailboxes vanish at once, its mail after the retention; open sessions are lost. What it
    // shared and what was shared with it is forgotten in every shard that can be written.
    virtual net::Task<Result<void>> remove_account(AccountRef account) = 0;
    // As its owner sees it and may change it; an `anyone` says its domain.
    virtual net::Task<Result<Acl>> acl_of(AccountRef account, MailboxName name) = 0;
    virtual net::Task<Result<void>> set_acl_of(AccountRef account, MailboxName name,
                                               AclChange change) = 0;
    // Open sessions of the account get on_lost() (password changed, disabled).
    virtual net::Task<Result<void>> drop_sessions(AccountRef account) = 0;
    // Ascending by id, at most `limit` rows after `after`.
    virtual net::Task<Result<std::vector<queue::QueuedRecipient>>> queued(QueueId after,
                                                                          std::uint32_t limit) = 0;
    // One slice of a check. busy: another check is repairing.
    virtual net::Task<Result<CheckSlice>> check(CheckRequest request) = 0;
};

template <class Codec> void describe(Codec& codec, AccountUsage& u) {
    codec(u.account, u.bytes, u.messages, u.mailboxes);
}
template <class Codec> void describe(Codec& codec, StoreFigures& f) {
    codec(f.messages_delivered, f.commits, f.syncs, f.requests_committed, f.messages_stored,
          f.pack_bytes, f.free_bytes, f.wal_frames, f.sessions, f.shards, f.read_only_shards,
          f.offline_shards, f.accepts_mail, f.index_bytes, f.index_pending);
}

} // namespace maild::store
