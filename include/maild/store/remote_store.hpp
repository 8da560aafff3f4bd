#pragma once
// The store as workers and control see it: every call is one message to the process `store`
// (DESIGN: IPC). When the line breaks, every session gets on_lost() and its handle is dead; calls
// in flight end with `unavailable` and may have been carried out. After Client::attach() new
// sessions can be opened. Takes the client's handlers for itself; borrows it and io, which outlive
// it. One thread.

#include "maild/ipc/client.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/claims.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/queue.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace maild::store {

class RemoteStore final : public MessageStore,
                          public StoreAdmin,
                          public Claims,
                          public Queue,
                          public QueueAdmin {
public:
    // The timeout is for a store whose disk hangs; a fault ends the line at once.
    RemoteStore(boost::asio::io_context& io, ipc::Client& client,
                std::chrono::milliseconds timeout = std::chrono::minutes(5));
    ~RemoteStore() override;

    // As last told by the store; unavailable while it is away.
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
    // Something is due there, or, with no place told, anywhere. What came while the line was broken
    // is not told.
    void on_queued(std::function<void(std::vector<queue::Destination>)> handler);

private:
    class Impl;
    std::shared_ptr<Impl> impl_;
};

} // namespace maild::store
