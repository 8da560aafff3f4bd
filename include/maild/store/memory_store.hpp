#pragma once
// The store as a double: all in memory, no thread, nothing survives it. It keeps every rule of
// message_store.hpp (the conformance suite runs on it), so protocols and the daemon are tested with
// it, and the simulation compares the real store against it. Calls complete without suspending.
// Borrows the clock, which outlives it. One thread.

#include "maild/base/clock.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/claims.hpp"
#include "maild/store/message_store.hpp"

#include <cstdint>
#include <memory>

namespace maild::store {

namespace memory {
struct World;
}

class MemoryStore : public MessageStore, public StoreAdmin, public Claims {
public:
    // A key of its own: take tokens from grant().
    explicit MemoryStore(const Clock& clock);
    // Tokens come from whoever else has the key.
    MemoryStore(const Clock& clock, const auth::TokenKey& key);
    ~MemoryStore() override;

    // A token that is good for a day; 0: no quota.
    auth::Token grant(AccountId account, auth::Right right, std::uint64_t quota_bytes = 0,
                      std::uint64_t quota_messages = 0, DomainId domain = {}) const;
    void set_accepts_mail(bool accepts) { accepts_mail_ = accepts; }
    // Until set back, every call that would change something fails with this: a full or broken
    // disk.
    void set_failure(std::optional<Errc> failure) { failure_ = failure; }
    // Until set back, nobody visits this account: its shard is offline.
    void set_offline(std::optional<AccountId> account) { offline_ = account; }
    // What every session feels when the process `store` ends.
    void lose_sessions();

    Result<void> accepts_mail() const override {
        return accepts_mail_ ? Result<void>() : fail(Errc::no_space);
    }
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

private:
    const Clock& clock_;
    auth::TokenKey key_;
    std::unique_ptr<memory::World> world_;
    std::optional<Errc> failure_;
    std::optional<AccountId> offline_;
    bool accepts_mail_ = true;
};

} // namespace maild::store
