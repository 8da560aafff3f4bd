#pragma once
// What is read from a shard, on a reader's thread, each in one unchanging view of the database.

#include "store/meta.hpp"
#include "store/operations.hpp"
#include "store/shard.hpp"

#include "maild/store/admin.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/queue.hpp"

namespace maild::store {

struct Snapshot {
    MailboxRow row;
    std::vector<MessageState> messages;
};

Result<std::vector<MailboxEntry>> list_mailboxes(Reading& reading, const Access& access);
// True when a default mailbox has to be made, or the account is new. no_such_account: it was
// removed.
Result<bool> lacks_defaults(Reading& reading, AccountId account);
Result<MailboxStatus> read_status(Reading& reading, const Access& access, const MailboxName& name);
// Of the server if the name is empty.
Result<Annotations> read_annotations(Reading& reading, const Access& access,
                                     const MailboxName& name, const AnnotationQuery& query);
Result<Snapshot> read_snapshot(Reading& reading, AccountId account, MailboxId mailbox);
struct Found {
    MailboxRow row;
    Rights rights;
};
Result<Found> find_mailbox(Reading& reading, const Access& access, const MailboxName& name,
                           Rights needed);
Result<Acl> read_acl(Reading& reading, const Access& access, const MailboxName& name);

Result<FetchResult> read_messages(Reading& reading, const Access& access, MailboxId mailbox,
                                  const UidSet& uids, std::uint32_t items);
Result<std::optional<UidSet>> read_vanished(Reading& reading, const Access& access,
                                            MailboxId mailbox, const UidSet& uids, ModSeq since);
Result<std::string> read_piece(Reading& reading, const OpenRef& open, Uid uid, std::uint64_t offset,
                               std::uint64_t length);

Result<AccountUsage> read_usage(Reading& reading, AccountId account);
Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>> read_mailboxes(Reading& reading,
                                                                           AccountId account);
Result<std::vector<queue::QueuedRecipient>> read_queue(Reading& reading, ShardId shard,
                                                       QueueId after, std::uint32_t limit);
// What is due of a destination in a shard; `except`, sorted: leased already.
struct LeaseWanted {
    ShardId shard;
    std::string destination;
    std::uint32_t most = 0;
    WallTime now{};
    std::vector<std::pair<QueueId, std::uint32_t>> except = {};
};
Result<std::vector<queue::Destination>> read_destinations(Reading& reading, std::string after,
                                                          std::uint32_t most);
Result<std::vector<queue::LeasedMessage>> read_due(Reading& reading, const LeaseWanted& wanted);
Result<std::vector<queue::LeasedMessage>> read_owed(Reading& reading, ShardId shard, QueueId after,
                                                    std::uint32_t most);
Result<std::string> read_queued_piece(Reading& reading, QueueId id, std::uint64_t offset,
                                      std::uint64_t length);
Result<std::vector<std::string>> read_queued_whole(Reading& reading,
                                                   const std::vector<QueueId>& wanted);
Result<std::vector<queue::DestinationFigures>> read_queue_figures(Reading& reading,
                                                                  std::uint32_t most);

// Those that end behind `now`.
Result<std::vector<queue::Suspension>> read_suspensions(Reading& reading, WallTime now);
Result<std::vector<queue::Suppression>>
read_suppressions(Reading& reading, const std::string& after, std::uint32_t most);

// A part of a prefix and the body behind it, verified once.
struct BodyPiece {
    std::string prefix;
    Location location;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
Result<std::string> read_body_piece(Reading& reading, const BodyPiece& piece);
struct Stored {
    std::uint64_t messages = 0;
    std::uint64_t pack_bytes = 0;
};
Result<Stored> read_stored(Reading& reading);

} // namespace maild::store
