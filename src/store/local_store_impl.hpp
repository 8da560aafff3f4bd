#pragma once
// LocalStore's state on the io_context's thread: sessions, views, quotas; and how it hands work to
// shards and waits.

#include "store/known_accounts.hpp"
#include "store/lease_book.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"
#include "store/shard.hpp"
#include "store/sharing.hpp"
#include "store/view_cache.hpp"

#include "maild/net/blocking.hpp"
#include "maild/net/spawn.hpp"
#include "maild/net/timer.hpp"
#include "maild/store/local_store.hpp"

#include <map>
#include <unordered_map>

namespace maild::store {

inline constexpr std::size_t kMostLentStates = 200'000; // of 24 octets

class LocalStore::Impl : public std::enable_shared_from_this<LocalStore::Impl> {
public:
    struct ShardState {
        explicit ShardState(std::size_t idle_bytes) : views(idle_bytes) {}
        std::unique_ptr<Shard> shard;
        ViewCache views;
        LeaseBook leases;
        KnownAccounts known;
    };
    struct Numbered {
        ShardId id;
        ShardState* state;
    };
    // From one account to another, whose rows may be in another shard.
    struct Across {
        OpenRef from;
        ShardState* from_shard = nullptr;
        SessionId origin;
        Access to;
        ShardState* to_shard = nullptr;
        SessionId into;
        MailboxName destination;
        bool is_move = false;
        MailboxId to_mailbox = {}; // what has that name; it may be renamed meanwhile
    };
    // One that is under way. Its session has it; who is busy with a part looks whether it still
    // has.
    struct Copying {
        Across across;
        UidSet rest;
        CopyResult done; // of a copy: what is taken back when it ends early
        bool is_busy = false;
    };
    struct CopiedPiece {
        CopyResult copied;
        std::optional<Uid> next;
        bool is_told = true; // which UIDs there are (RFC 4315 §3)
    };
    struct Session {
        Access access;
        DomainId domain;       // of who asks, by his own token
        DomainId owner_domain; // likewise
        ShardState* shard = nullptr;
        ChangeSink* sink = nullptr;
        MailboxId mailbox; // open; zero: none
        ModSeq since;      // see OpenRef
        std::shared_ptr<View> view;
        bool is_examining = false;
        Rights rights = kAllRights; // on it, as they were told last
        MailboxName claimed;        // a key of `claims`, or empty
        std::shared_ptr<Copying> copying;

        OpenRef open() const { return {access, mailbox, since}; }
    };
    struct Granted {
        Quota quota;
        WallTime issued{};
        WallTime revoked{}; // access that was granted before holds no more
    };

    Impl(boost::asio::io_context& io, const Clock& clock, auth::TokenKey key,
         LocalStoreOptions options);
    Result<void> open_shards(FileSystem& files, Random& random);

    Result<void> admit(const auth::Token& token,
                       auth::Right right); // its quota is in force from now on
    Quota quota_of(AccountId account) const;
    Result<ShardState*> shard(ShardId id);
    std::vector<Numbered> serving(); // ascending
    net::Task<Result<void>> write_everywhere(std::function<Result<void>(Batch&)> commit);
    net::Task<void> settle_reported(std::vector<queue::RecipientKey> keys);
    // Something is due there, or, with no place told, anywhere.
    void tell_queued(std::vector<queue::Destination> where);
    Result<Session*> session(SessionId id);
    Result<Session*> session_with_mailbox(SessionId id);
    Result<Session*> session_that_writes(SessionId id); // not when it only examines
    Result<Session*> own_session(SessionId id);         // not when it visits another account
    SessionId add_session(Session session);
    struct Entering {
        bool examine;
        Rights rights;
        std::uint32_t most; // messages to tell of
    };
    OpenedMailbox enter(SessionId id, Session& session, const std::shared_ptr<View>& view,
                        Entering how);
    void attach(SessionId id, Session& session, const std::shared_ptr<View>& view, bool examine);
    void detach(SessionId id, Session& session);
    Result<void> claim(SessionId id, Session& session, MailboxName name);
    void tell_annotations(AccountId account, SessionId except, const MailboxName& mailbox,
                          std::span<const std::string> names);
    void give_up_claim(Session& session);
    void watch(SessionId id, const Session& session, bool is_watching);
    void lose(AccountId account); // what it has open, and what others have of its mailboxes
    void lose_all();
    std::optional<ShardId> shard_from(std::uint32_t least) const;
    net::Task<Result<CheckSlice>> check_part(CheckRequest request, CheckCursor at);
    void store_recent(ShardState& shard, View& view);
    net::Task<Result<CopyResult>> begin_across(Across across, UidSet uids);
    net::Task<Result<CopyResult>> copy_part(std::shared_ptr<Copying> copying);
    net::Task<Result<CopiedPiece>> copy_piece(const Across& across, const UidSet& uids,
                                              UidValidity validity);
    net::Task<void> undo(const Across& across, CopyResult copied);
    static net::Task<void> undo_abandoned(std::shared_ptr<Impl> self,
                                          std::shared_ptr<Copying> copying);
    bool is_wanted(const std::shared_ptr<Copying>& copying);
    Result<void> may_go_on(const Across& across);
    void abandon(Session& session);
    net::Task<Result<bool>> lacks_defaults(ShardState& shard, AccountId account);
    net::Task<Result<KnownAccounts::Named>> find_named(ShardState& shard, Access access,
                                                       MailboxName name);
    // None: they are more than may wait beside requests; the writer reads its rows.
    std::optional<FlagJob::Known> known_of(const View& view, const UidSet& uids) const;
    net::Task<Result<std::shared_ptr<View>>> ready_view(ShardState& shard, AccountId account,
                                                        MailboxId mailbox);

    // Requests that nobody waits for any more may keep it for longer than the store.
    static std::shared_ptr<Impl> if_open(const std::weak_ptr<Impl>& weak) {
        auto self = weak.lock();
        return self && !self->is_closed ? self : nullptr;
    }

    // Runs `op` in a group commit of the shard. Its news have been told when the task ends.
    template <class T, class Op>
    net::Task<Result<T>> write(ShardState& shard, Op op, SessionId origin,
                               std::uint64_t body_bytes);
    // Runs `op` on a reader's thread.
    template <class T, class Op> net::Task<Result<T>> read(ShardState& shard, Op op);

    boost::asio::io_context& io;
    const Clock& clock;
    const auth::TokenKey key;
    const LocalStoreOptions options;
    std::map<ShardId, ShardState> shards;
    std::map<SessionId, Session> sessions;
    std::size_t lent_states = 0; // that wait with requests, which have them from views
    std::map<std::pair<AccountId, MailboxName>, SessionId> claims;
    Sharing sharing;
    std::uint64_t acl_changes = 0; // that were told
    std::unordered_map<AccountId, Granted> granted;
    std::map<AccountId, std::set<SessionId>> watchers;
    std::uint64_t last_session = 0;
    bool is_lost = false;
    bool is_closed = false; // the store is gone; what was under way may still hold this
    struct Offline {
        std::string why;
        std::string_view remedy;
        bool is_read_only = false; // the disk is; nothing is damaged
    };
    std::map<ShardId, Offline> offline; // what cannot be served
    bool is_repairing = false;          // one check at a time may

private:
    ShardOptions shard_options(ShardId id, const std::string& directory);
    void dispatch(ShardState& shard, std::vector<Committed> committed);
    void tell(ShardState& shard, const MailboxNews& news, SessionId origin);
    static void note_news(ShardState& shard, const MailboxNews& news, SessionId origin);
    void tell_watchers(const MailboxNews& news, SessionId origin);
    void tell_watchers(AccountId account, const AccountChange& change, SessionId origin);
    void tell_acl(ShardState& shard, const MailboxNews& news);
    void note_fault(ShardId id);
    void put_offline(ShardId id, const Error& error);
    void tell_read_only(ShardId id, std::string_view why);
    void damaged(ShardId id, const Error& error, bool is_offline);
    void lose_if(const std::function<bool(const Session&)>& is_lost);

    FaultRecord faults_;
};

template <class T> struct Pending {
    Result<T> value = fail(Errc::unavailable);
    net::Event done;
};

template <class T, class Op>
net::Task<Result<T>> LocalStore::Impl::write(ShardState& shard, Op op, SessionId origin,
                                             std::uint64_t body_bytes) {
    auto pending = std::make_shared<Pending<T>>();
    WriteRequest request;
    request.origin = origin.value;
    request.body_bytes = body_bytes;
    request.run = [pending, op = std::move(op)](Batch& batch) -> Result<void> {
        pending->value = op(batch);
        if (!pending->value) return pass(std::as_const(pending->value));
        return {};
    };
    request.done = [pending](Result<void> outcome) {
        if (!outcome) pending->value = std::unexpected(std::move(outcome.error()));
        pending->done.notify();
    };
    shard.shard->submit(std::move(request));
    co_await net::detail::wait_until_done(pending->done);
    co_return std::move(pending->value);
}

template <class T, class Op> net::Task<Result<T>> LocalStore::Impl::read(ShardState& shard, Op op) {
    auto pending = std::make_shared<Pending<T>>();
    shard.shard->read([pending, op = std::move(op), &context = io](Reading& reading) mutable {
        pending->value = op(reading);
        net::post(context, [pending = std::move(pending)] { pending->done.notify(); });
    });
    co_await net::detail::wait_until_done(pending->done);
    co_return std::move(pending->value);
}

} // namespace maild::store
