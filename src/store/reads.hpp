#pragma once
// What is read from a shard, on a reader's thread, each in one unchanging view of the database.

#include "store/meta.hpp"
#include "store/operations.hpp"
#include "store/shard.hpp"

#include "maild/store/admin.hpp"
#include "maild/store/message_store.hpp"

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
struct Stored {
    std::uint64_t messages = 0;
    std::uint64_t pack_bytes = 0;
};
Result<Stored> read_stored(Reading& reading);

} // namespace maild::store
