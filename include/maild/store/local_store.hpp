#pragma once
// The store itself, in the process `store`: every shard under a directory, SQLite and packs, group
// commit (DESIGN: the store). Calls come from one io_context's thread; each shard has a writer
// thread and readers of its own, and answers are posted back. A delivery to several shards is one
// commit in each: first where its queue rows go, and if that fails nothing was taken; afterwards
// what fails is told recipient by recipient. Never fork while one is open.

#include "maild/auth/token.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/file.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/claims.hpp"
#include "maild/store/executor.hpp"
#include "maild/store/fault_record.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/queue.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace maild::store {

struct LocalStoreOptions {
    std::string directory; // DATA/shard; NN below it for each shard, made if missing
    std::vector<ShardId> shards{ShardId(1)};
    std::uint64_t watermark_bytes = 256U << 20U; // free space below which no mail is taken
    std::uint64_t ballast_bytes = 16U << 20U;    // kept back, so that EXPUNGE works on a full disk
    std::chrono::milliseconds retention = std::chrono::hours(24 * 30); // of what was expunged
    std::size_t idle_view_bytes = 64U << 20U; // snapshots of mailboxes that nobody has open
    unsigned readers = 2;                     // threads of each shard
    unsigned page_cache_kib = 16 * 1024;      // of each of these and of the writer
    std::chrono::milliseconds upkeep_interval = std::chrono::seconds(1);
    std::uint64_t segment_bytes = 64U << 20U; // of a pack
    std::uint64_t checkpoint_pages =
        8192;                     // of the WAL, estimated, before it is moved into the database
    std::string vfs;              // of SQLite; empty: the exclusive one (db::kExclusiveVfs)
    std::string frozen_vfs;       // the same without locks; empty: db::kLocklessVfs
    bool has_index = true;        // for searches: a thread of each shard keeps it
    Executor* executor = nullptr; // null: threads of each shard's own
    ParseStructure parse;         // for check(); without it structures are not looked at
    FaultRecord faults;           // of the owners before

    // All on io's thread.
    // Nothing works any more: exit, start anew (DESIGN: failure).
    std::function<void(const Error&)> on_fatal;
    // The record that the next owner is to get: a shard has failed to write. Before on_fatal, or
    // before open() ends with the error.
    std::function<void(const FaultRecord&)> on_fault;
    std::function<void()> on_accepts_mail; // accepts_mail() answers otherwise than before
    // A shard's meta.db is damaged, or a shard is read-only: in words, for `mailctl server status`.
    // While the store opens, or later. The others go on.
    std::function<void(const std::string&)> on_trouble;
    // Something has come into the queue, due there and then; told nothing: an admin has changed it.
    std::function<void(std::vector<queue::Destination>)> on_queued;
};

// What the store stands on. All outlive it.
struct LocalStoreWorld {
    boost::asio::io_context& io;
    FileSystem& files;
    const Clock& clock;
    Random& random;
};

class LocalStore final : public MessageStore,
                         public StoreAdmin,
                         public Claims,
                         public Queue,
                         public QueueAdmin {
public:
    // Recovers each shard; io is not needed for that. An error names the shard in `internal`. A
    // shard whose meta.db is damaged or lost is offline (unavailable) until it was rebuilt. One
    // that is read-only, because its file system is or by the record of faults, serves what reads,
    // and answers unavailable to what writes, for as long as the store is open.
    static Result<std::unique_ptr<LocalStore>> open(const LocalStoreWorld& world,
                                                    auth::TokenKey key, LocalStoreOptions options);
    ~LocalStore() override; // finishes what waits and checkpoints; answers still due are dropped

    bool has_read_only_shard() const;
    Result<void> accepts_mail() const override;
    net::Task<Result<void>> check_room(const auth::Token& grant, std::uint64_t size) override;
    net::Task<Result<DeliverResult>> deliver(DeliverRequest request) override;
    net::Task<Result<SessionId>> open_session(const auth::Token& token, ChangeSink& sink) override;
    net::Task<Result<SessionId>> open_beside(SessionId session, ChangeSink& sink) override;
    net::Task<Result<SessionId>> open_shared(SessionId session, const auth::Token& owner,
                                             ChangeSink& sink) override;
    void close_session(SessionId session) override;
    net::Task<Result<Sharers>> sharing_accounts(SessionId session) override;
    net::Task<Result<Acl>> acl(SessionId session, MailboxName name) override;
    net::Task<Result<void>> change_acl(SessionId session, MailboxName name,
                                       AclChange change) override;
    net::Task<Result<Rights>> my_rights(SessionId session, MailboxName name) override;
    net::Task<Result<void>> claim(SessionId session, MailboxName name) override;
    net::Task<Result<std::vector<MailboxEntry>>> list_mailboxes(SessionId session) override;
    net::Task<Result<MailboxStatus>> status(SessionId session, MailboxName name) override;
    net::Task<Result<MailboxId>> create_mailbox(SessionId session, MailboxName name,
                                                SpecialUse use) override;
    net::Task<Result<void>> delete_mailbox(SessionId session, MailboxName name) override;
    net::Task<Result<void>> rename_mailbox(SessionId session, MailboxName from,
                                           MailboxName to) override;
    net::Task<Result<void>> subscribe(SessionId session, MailboxName name,
                                      bool subscribed) override;
    void watch(SessionId session, bool is_watching) override;
    net::Task<Result<QuotaUsage>> quota(SessionId session, MailboxName name) override;
    net::Task<Result<Annotations>> annotations(SessionId session, MailboxName name,
                                               AnnotationQuery query) override;
    net::Task<Result<void>> set_annotations(SessionId session, MailboxName name,
                                            AnnotationChange change) override;
    net::Task<Result<OpenedMailbox>> open_mailbox(SessionId session, MailboxName name, bool examine,
                                                  std::uint32_t most = kAllMessages) override;
    net::Task<Result<std::vector<MessageState>>> message_states(SessionId session) override;
    void close_mailbox(SessionId session) override;
    net::Task<Result<FetchResult>> fetch(SessionId session, UidSet uids,
                                         std::uint32_t items) override;
    net::Task<Result<std::string>> read(SessionId session, Uid uid, std::uint64_t offset,
                                        std::uint64_t length) override;
    net::Task<Result<NarrowResult>> narrow(SessionId session, UidSet uids,
                                           std::vector<Needle> needles) override;
    net::Task<Result<FlagChangeResult>>
    change_flags(SessionId session, UidSet uids, FlagChange change, FlagNames flags,
                 std::optional<ModSeq> unchanged_since) override;
    net::Task<Result<CopyResult>> copy(SessionId session, UidSet uids,
                                       Destination destination) override;
    net::Task<Result<CopyResult>> move(SessionId session, UidSet uids,
                                       Destination destination) override;
    net::Task<Result<CopyResult>> copy_on(SessionId session) override;
    net::Task<Result<void>> expunge(SessionId session, std::optional<UidSet> uids) override;
    net::Task<Result<std::optional<UidSet>>> vanished(SessionId session, UidSet uids,
                                                      ModSeq since) override;
    net::Task<Result<AppendResult>> append(SessionId session, MailboxName name,
                                           std::vector<AppendMessage> messages,
                                           std::optional<Uid> replaced) override;

    net::Task<Result<StoreFigures>> figures() override;
    net::Task<Result<std::vector<AccountUsage>>> usage(std::vector<AccountRef> accounts) override;
    net::Task<Result<std::vector<std::pair<MailboxEntry, MailboxStatus>>>>
    mailboxes(AccountRef account) override;
    net::Task<Result<void>> remove_account(AccountRef account) override;
    net::Task<Result<void>> drop_sessions(AccountRef account) override;
    net::Task<Result<Acl>> acl_of(AccountRef account, MailboxName name) override;
    net::Task<Result<void>> set_acl_of(AccountRef account, MailboxName name,
                                       AclChange change) override;
    net::Task<Result<std::vector<queue::QueuedRecipient>>> queued(QueueId after,
                                                                  std::uint32_t limit) override;
    net::Task<Result<CheckSlice>> check(CheckRequest request) override;

    net::Task<Result<std::vector<queue::Destination>>> destinations(std::string after,
                                                                    std::uint32_t most) override;
    net::Task<Result<std::vector<queue::LeasedMessage>>> lease(std::string destination,
                                                               std::uint32_t most) override;
    net::Task<Result<std::vector<queue::LeasedMessage>>> owed(QueueId after,
                                                              std::uint32_t most) override;
    net::Task<Result<std::string>> read_queued(QueueId message, std::uint64_t offset,
                                               std::uint64_t length) override;
    net::Task<Result<std::vector<std::string>>> read_whole(std::vector<QueueId> messages) override;
    net::Task<Result<std::uint64_t>> settle(std::vector<queue::Settlement> settlements) override;
    net::Task<Result<std::vector<queue::Suspension>>> suspensions() override;
    net::Task<Result<void>> suspend(queue::Suspension suspension) override;
    net::Task<Result<std::vector<queue::Suspension>>> list_suspensions() override;
    net::Task<Result<void>> suppress(queue::Suppression suppression) override;
    net::Task<Result<void>> unsuppress(std::string address) override;
    net::Task<Result<std::vector<queue::Suppression>>>
    list_suppressions(std::string after, std::uint32_t most) override;
    void release_leases() override;
    net::Task<Result<queue::ChangeSlice>> change_queue(queue::ChangeRequest request) override;
    net::Task<Result<std::vector<queue::DestinationFigures>>>
    queue_figures(std::uint32_t most) override;

    class Impl;

private:
    explicit LocalStore(std::shared_ptr<Impl> impl);
    net::Task<Result<CopyResult>> copy_or_move(SessionId session, UidSet uids,
                                               Destination destination, bool is_move);
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::store
