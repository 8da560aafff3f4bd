#pragma once
// What MemoryStore keeps: accounts, mailboxes and sessions as plain values, and the rules as plain
// functions.

#include "store/flag_names.hpp"
#include "store/names.hpp"

#include "maild/store/admin.hpp"
#include "maild/store/message_store.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>

namespace maild::store::memory {

struct Body {
    std::string content;
    Structure structure;
};

struct Message {
    Flags flags;
    ModSeq modseq;
    WallTime internal_date;
    WallTime save_date; // given by the mailbox that takes it in
    EmailId email_id;   // none: a new one is given
    std::shared_ptr<const Body> body;
    std::string prefix;
    std::uint64_t size() const { return prefix.size() + body->content.size(); }
};

using AnnotationMap = std::map<std::string, std::string>;

struct Mailbox {
    MailboxId id;
    SpecialUse use = SpecialUse::none;
    UidValidity uid_validity;
    Uid uid_next{1};
    Uid first_recent{1};
    ModSeq highest_modseq;
    Keywords keywords;
    std::map<Uid, Message> messages;
    std::map<Uid, Message> expunged; // still readable for who knows the UID; `modseq` of removal
    AnnotationMap annotations;
    Acl acl;

    std::vector<MessageState> states() const;
    std::uint32_t first_unseen() const; // its place, from 1; 0: none
};

struct Account {
    std::map<std::string, Mailbox> mailboxes;
    std::set<std::string> subscribed;
    AnnotationMap annotations; // of the server
    ModSeq modseq;
    UidValidity uid_validity;
    std::uint64_t quota_bytes = 0;
    std::uint64_t quota_messages = 0;
    WallTime quota_issued{};
    WallTime revoked{}; // access that was granted before holds no more
    std::uint64_t bytes = 0;
    std::uint64_t messages = 0;
    bool is_removed = false;
};

// To another account; under way.
struct Copying {
    UidSet rest;
    Destination destination;
    bool is_move = false;
    MailboxId into;
    CopyResult done; // of a copy: what is taken back when it ends early
};

struct Session {
    Session() = default;
    Session(AccountId owner, AccountId who, ChangeSink* told)
        : account(owner), actor(who), sink(told) {}

    AccountId account;
    AccountId actor;
    DomainId domain; // of the actor
    DomainId owner_domain;
    ChangeSink* sink = nullptr;
    std::optional<MailboxId> open;
    ModSeq since; // of a visitor: what was expunged up to it was never his to read
    bool is_examining = false;
    Rights rights = kAllRights; // as told last
    MailboxName claimed;        // empty: nothing
    bool is_watching = false;
    std::optional<Copying> copying;

    bool is_own() const { return account == actor; }
};

struct News {
    MailboxId mailbox;
    std::vector<Change> changes;
};

// Commits are numbered by the account's counter; news are told when the whole request has
// succeeded.
struct World {
    explicit World(const Clock& world_clock) : clock(world_clock) {}

    const Clock& clock;
    std::map<AccountId, Account> accounts;
    std::map<SessionId, Session> sessions;
    std::vector<queue::QueuedRecipient> queue;
    std::int64_t last_mailbox = 0;
    std::uint64_t last_session = 0;
    std::int64_t last_queued = 0;
    std::int64_t last_email = 0;
    StoreFigures figures;

    // The origin's sink first, then everybody else's who has the mailbox open.
    void publish(SessionId origin, const std::vector<News>& news);
    void tell_watchers(SessionId origin, AccountId account, const AccountChange& change);
    void tell_names(SessionId origin, AccountId account, const std::set<std::string>& before);
    std::set<std::string> names_of(AccountId account) const;
    void tell_annotations(AccountId account, SessionId except, const MailboxName& mailbox,
                          std::span<const std::string> names);
    void lose(AccountId account); // what it has open, and what others have of its mailboxes

    Result<Session*> session(SessionId id);
    // The one that is selected.
    Result<Mailbox*> open_mailbox(const Session& session, Rights needed = kRead);
    Result<Mailbox*> find(const Session& session, const std::string& name, Rights needed);
    Result<void> may_create(const Session& session, const std::string& name);
    Result<void> may_rename(const Session& session, const std::string& from, const std::string& to);
    Result<void> change_acl(AccountId owner, Mailbox& mailbox, const AclChange& change);
    void tell_acl(const Mailbox& mailbox);
    Account& account(const Session& session) { return accounts.at(session.account); }

    void ensure_defaults(Account& account);
    Mailbox& create(Account& account, const std::string& name, SpecialUse use);
    Result<MailboxId> create_checked(Account& account, const std::string& name, SpecialUse use);
    Result<void> rename(SessionId origin, Account& account, const std::string& from,
                        const std::string& to);
    News insert(Account& account, Mailbox& mailbox, Message message, Keywords added, Uid& uid);
    struct Path {
        Account& account;
        Mailbox& from;
        Account& to_account;
        Mailbox& to;
        Rights rights = kAllRights; // on `to`
    };
    Result<CopyResult> copy(SessionId origin, const Path& path, const UidSet& uids, bool is_move);
    void expunge(SessionId origin, Account& account, Mailbox& mailbox,
                 const std::vector<Uid>& uids);
    void abandon(SessionId id); // what it copies to another account
};

// The account that a token opens, made when it is new; its quota is in force from now on.
Result<Account*> admit(World& world, const auth::TokenKey& key, const auth::Token& token,
                       auth::Right right, WallTime now);
std::vector<MailboxEntry> list(const Account& account);
Result<Delivered> deliver(World& world, const auth::TokenKey& key, WallTime now,
                          const LocalRecipient& recipient, std::shared_ptr<const Body> body,
                          WallTime internal_date);
Result<FlagChangeResult> change_flags(World& world, SessionId origin, Account& account,
                                      Mailbox& mailbox, const UidSet& uids, FlagChange change,
                                      const FlagNames& names,
                                      std::optional<ModSeq> unchanged_since);
Result<CopyResult> copy_or_move(World& world, SessionId origin, const UidSet& uids,
                                const Destination& destination, bool is_move);
Result<CopyResult> copy_on(World& world, SessionId origin);
Result<AppendResult> append(World& world, SessionId origin, const MailboxName& name,
                            std::vector<AppendMessage> messages);

Rights rights_on(const Session& session, const Mailbox& mailbox);
Result<void> require(const Session& session, const Mailbox& mailbox, Rights needed);

std::uint64_t annotation_bytes(const AnnotationMap& annotations); // names and values
std::uint64_t annotation_bytes(const Account& account);
Result<Annotations> annotations(Account& account, const MailboxName& name,
                                const AnnotationQuery& query);
// The mailboxes that have lost their use by it.
Result<std::vector<MailboxName>> set_annotations(Account& account, const MailboxName& name,
                                                 const AnnotationChange& change);

// None: it does not remember that far back.
std::optional<UidSet> vanished(const Mailbox& mailbox, const UidSet& uids, ModSeq since);

Result<void> check_room(const Account& account, std::uint64_t bytes, std::uint64_t messages);
Result<Mailbox*> find(Account& account, const std::string& name);
MailboxStatus status_of(const Mailbox& mailbox);

} // namespace maild::store::memory
