#pragma once
// What can be done to a shard: each a function of the batch that it is part of, run on the writer's
// thread in a savepoint of its own, so that one that fails leaves nothing behind and does not
// disturb the others.

#include "store/batch.hpp"

#include "maild/store/message_store.hpp"
#include "maild/store/queue.hpp"

#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace maild::store {

struct Quota {
    std::uint64_t bytes = 0; // 0: none
    std::uint64_t messages = 0;
};

// The mailbox that a session has open.
struct OpenRef {
    Access access;
    MailboxId mailbox;
    ModSeq since = {}; // of a visitor: what was removed up to it was never his to read
};

// accounts
// The account's row and its default mailboxes, made if missing. no_such_account: it was removed.
Result<AccountRow> ensure_account(Batch& batch, AccountId account);
Result<void> ensure_defaults(Batch& batch, AccountId account);
Result<void> check_room(const AccountRow& account, const Quota& quota, std::uint64_t bytes,
                        std::uint64_t messages);
Result<void> remove_account(Batch& batch, AccountId account);

// delivery
// Ids of several shards never meet: the shard's number stands above the row's.
constexpr QueueId queue_id(ShardId shard, std::int64_t row) {
    return QueueId((std::int64_t{shard.value} << kQueueRowBits) + row);
}
constexpr std::int64_t row_of(QueueId id) {
    return id.value & ((std::int64_t{1} << kQueueRowBits) - 1);
}
constexpr ShardId shard_of(QueueId id) {
    return ShardId(static_cast<std::uint32_t>(id.value >> kQueueRowBits));
}
struct LocalTarget {
    AccountId account;
    Quota quota;
    MailboxName mailbox;
    FlagNames flags;
    std::string address;
    std::string prefix;
};
struct RelayJob {
    AccountId account;
    ShardId shard;
    queue::Envelope envelope;
    std::string prefix;
    std::string hold_reason;
};
struct DeliverJob {
    std::shared_ptr<const BodySource> body;
    std::vector<LocalTarget> local;
    std::optional<RelayJob> relay;
    WallTime internal_date;
    std::vector<queue::RecipientKey> reports_on;
};
Result<DeliverResult> deliver(Batch& batch, const DeliverJob& job);
Result<QueueId> enqueue(Batch& batch, PendingBody& body, const RelayJob& job);
// Into the row of a queued message that is there.
Result<void> set_handling(db::Database& database, std::int64_t row,
                          const queue::Handling& handling);

// One that is not up to date is passed over, and counted.
Result<std::uint64_t> settle(Batch& batch, std::span<const queue::Settlement> settlements);
// False: it owes nothing any more, or is gone.
Result<bool> settle_reported(Batch& batch, const queue::RecipientKey& key);
struct ChangeJob {
    queue::ChangeRequest request;
    std::int64_t after = 0; // rows of messages behind this one …
    std::int64_t last = 0;  // … up to this one
};
Result<queue::ChangeSlice> change_queue(Batch& batch, ShardId shard, const ChangeJob& job);

Result<void> suspend(Batch& batch, const queue::Suspension& suspension);
Result<void> suppress(Batch& batch, const queue::Suppression& suppression);
Result<std::uint64_t> unsuppress(Batch& batch, const std::string& address); // how many there were

struct AppendJob {
    struct Message {
        std::shared_ptr<const BodySource> body;
        FlagNames flags;
        WallTime internal_date;
        std::string prefix = {}; // trace fields, of a copy from another account
    };
    Access access;
    Quota quota;
    MailboxName mailbox;
    std::vector<Message> messages;
    std::optional<std::pair<OpenRef, Uid>> replaced;
};
struct Appended {
    AppendResult result;
    bool is_told = true; // to the actor, who may read there (RFC 4315 §3)
};
Result<Appended> append(Batch& batch, const AppendJob& job);

// A new message row in a mailbox that exists, its UID and mod-sequence given out; the body's record
// learns of it.
struct NewMessage {
    FlagNames names;
    WallTime internal_date;
    std::string_view prefix;
    std::string_view address;
    bool is_lenient = false; // keywords that cannot be are left out
};
Result<Delivered> insert_message(Batch& batch, PendingBody& body, MailboxRow& mailbox,
                                 const NewMessage& message);

// messages
struct FlagJob {
    OpenRef open;
    UidSet uids;
    FlagChange change;
    FlagNames flags;
    std::optional<ModSeq> unchanged_since;
    // What the view of the mailbox says of these messages, all that there are, at this
    // mod-sequence.
    struct Known {
        ModSeq modseq;
        std::vector<MessageState> messages;
    };
    std::optional<Known> known = {};
};
Result<FlagChangeResult> change_flags(Batch& batch, const FlagJob& job);

struct CopyJob {
    OpenRef open;
    Quota quota;
    UidSet uids;
    MailboxName destination;
    bool is_move = false;
};
Result<CopyResult> copy(Batch& batch, const CopyJob& job);
// Within an account. Flags that `rights` do not cover stay behind (RFC 4314 §4).
struct CopyPath {
    const MailboxRow& from;
    const MailboxRow& to;
    Rights rights = kAllRights; // on `to`
};
Result<CopyResult> copy_between(Batch& batch, const CopyPath& path, const UidSet& uids,
                                bool is_move);

Result<void> expunge(Batch& batch, const OpenRef& open, const std::optional<UidSet>& uids);

// mailboxes
Result<MailboxId> create_mailbox(Batch& batch, const Access& access, const MailboxName& name,
                                 SpecialUse use);
Result<void> delete_mailbox(Batch& batch, const Access& access, const MailboxName& name);
Result<void> rename_mailbox(Batch& batch, const Access& access, const MailboxName& from,
                            const MailboxName& to);
Result<void> subscribe(Batch& batch, AccountId account, const MailboxName& name, bool subscribed);
// Of a mailbox, or of the server if the name is empty. The mailboxes that have lost their use by
// it.
Result<std::vector<MailboxName>> set_annotations(Batch& batch, const Access& access,
                                                 const MailboxName& name,
                                                 const AnnotationChange& change);
Result<void> copy_annotations(Batch& batch, AccountId account, MailboxId from, MailboxId to);
// Those of a mailbox that is deleted, at once: nobody brings them back, and making and deleting
// mailboxes must not be a way around the limit.
Result<void> remove_annotations(Batch& batch, AccountId account, MailboxId mailbox);
Result<std::int64_t> annotation_bytes_of(db::Database& database, AccountId account,
                                         MailboxId mailbox);
// access control lists
// not_permitted without kAdminister; cannot: the owner's rights.
Result<void> change_acl(Batch& batch, const Access& access, const MailboxName& name,
                        const AclChange& change);
// From the mailbox above, which is there if there is one.
Result<void> inherit_acl(Batch& batch, AccountId owner, const MailboxName& name, MailboxId mailbox);
Result<void> drop_acl(Batch& batch, AccountId owner, const MailboxStatus& status);
Result<void> drop_grants_to(Batch& batch, AccountId account);
Result<void> set_first_recent(Batch& batch, MailboxId mailbox, Uid first_recent);

} // namespace maild::store
