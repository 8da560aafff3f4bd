#pragma once
// The store as protocols use it: batch-shaped, asynchronous, no cursor held across an await. Three
// implementations pass one conformance suite: LocalStore (SQLite and packs, in the process
// `store`), RemoteStore (over IPC, in the workers) and MemoryStore (the double of tests).
//
// Promise: when a mutating call returns success, data and metadata are on stable storage (DESIGN
// §1.1), and every session that has the mailbox open, the caller's own first, has been told its
// changes before the call returns. Ownership: a session handle belongs to the connection that
// opened it; everything that it touches belongs to the token's account, or to the one that it
// visits (open_shared): then each call asks the mailbox's ACL whether the actor, who is the one of
// the token that the first handle was opened with, has the rights of RFC 4314 §4. not_permitted: he
// has not; no_such_mailbox: he may not even know of it. All calls on one io_context's thread.
// Unless stated, errors are no_such_mailbox, not_permitted (unknown or foreign handle), unavailable
// (the store is restarting: open the session again), no_space, io.

#include "maild/auth/token.hpp"
#include "maild/base/error.hpp"
#include "maild/net/task.hpp"
#include "maild/queue/lease.hpp"
#include "maild/store/annotation.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

using SessionId = Id<struct SessionTag, std::uint64_t>;

// Receives what happens in the mailbox that a session has open. Called on the io_context's thread,
// between awaits of the session; must not call back into the store. Outlives its session handle.
class ChangeSink {
public:
    virtual ~ChangeSink() = default;
    virtual void on_changes(MailboxId mailbox, std::span<const Change> changes) = 0;
    // Annotations of a mailbox of the account, or of the server if the name is empty, were changed
    // by another session: open or not, and told a while after that session has its answer.
    virtual void on_annotations(const MailboxName& mailbox, std::span<const std::string> names) {
        static_cast<void>(mailbox);
        static_cast<void>(names);
    }
    // What others do anywhere in the account, the mailbox that is open included: after watch().
    virtual void on_account(const AccountChange& change) { static_cast<void>(change); }
    // The store is gone or the account was kicked; the handle is dead.
    virtual void on_lost() = 0;
};

// A message to keep: its bytes as received, and what was parsed from them. Bytes are copied before
// the call suspends for longer than the caller's frame lives, so views into the caller's coroutine
// are fine.
struct MessageSource {
    std::string_view content;
    Structure structure;
    // The same octets, if nobody reads them after the call: a store may have their memory, and what
    // stands there then is undefined. Null: they stay.
    char* octets = nullptr;
};

struct LocalRecipient {
    auth::Token grant;   // Right::deliver, from the directory's resolution
    MailboxName mailbox; // created when missing; INBOX if that is not possible
    FlagNames flags;
    std::string address;      // as in RCPT, for the record header and the trace
    std::string trace_prefix; // Return-Path, Delivered-To, Received: whole lines with CRLF, put
                              // before the content
};

struct RelayRequest {
    auth::Token grant; // Right::deliver, of the submitting account: its shard keeps the rows
    queue::Envelope envelope;
    std::string trace_prefix;
    std::string hold_reason; // not empty: rows start held
};

struct DeliverRequest {
    MessageSource message;
    std::vector<LocalRecipient> local;
    std::optional<RelayRequest> relay;
    WallTime internal_date;
    // Recipients of the queue that this message reports on: settled with it, in the same commit
    // where that is of their shard, else in one behind it. conflict, and nothing is delivered: one
    // of them owes no report any more.
    std::vector<queue::RecipientKey> reports_on = {};
};

struct Delivered {
    MailboxId mailbox;
    UidValidity uid_validity;
    Uid uid;
};
struct DeliverResult {
    std::vector<Result<Delivered>>
        local; // same order; over_quota, no_such_account … for one do not stop others
    std::optional<QueueId> queued;
};

struct AppendMessage {
    MessageSource message;
    FlagNames flags;
    WallTime internal_date;
};

struct AppendResult {
    UidValidity uid_validity;
    UidSet uids; // in the order of the messages, RFC 4315 §3; none for who may not read there
};

struct OpenedMailbox {
    MailboxStatus status;
    Keywords keywords;
    std::vector<MessageState> messages; // ascending by UID; none if there are more than asked for
    Uid first_recent;                   // messages from here on are \Recent in this session
    Rights rights = kAllRights;         // of who asks; changes are told
    std::uint32_t first_unseen = 0;     // the place of the first without \Seen, from 1; 0: none
};
inline constexpr std::uint32_t kAllMessages = UINT32_MAX;

// A mailbox of the session's own account, or of another handle's of the same actor.
struct Destination {
    Destination(MailboxName mailbox, std::optional<SessionId> other = {}) // NOLINT: a name alone
        : name(std::move(mailbox)), session(other) {}
    Destination(const char* mailbox) : name(mailbox) {} // NOLINT

    MailboxName name;
    std::optional<SessionId> session;
};

struct CopyResult {
    UidValidity uid_validity; // of the destination
    // Source, destination; ascending by source. Missing UIDs are left out; all are for who may not
    // read there.
    std::vector<std::pair<Uid, Uid>> uids;
    bool is_part = false; // only the first of it is done: copy_on() does more
};

enum class FlagChange : std::uint8_t { replace, add, remove };

struct FlagChangeResult {
    ModSeq modseq;             // of the change; the old one when nothing changed
    UidSet changed;            // each of them is there
    std::vector<Uid> modified; // refused by unchanged_since (RFC 7162 §3.1.3)
};

// What fetch() is to bring; bits.
enum Item : std::uint32_t {
    kInternalDate = 1 << 0,
    kSize = 1 << 1,
    kEnvelope = 1 << 2,
    kBody = 1 << 3,
    kBodyStructure = 1 << 4,
    kParts = 1 << 5,
    kContent =
        1 << 6, // whole message: prefix and content; left out (size 0) when over kMaxInlineContent
    kHeader = 1 << 7, // prefix and header section only, up to and with the empty line
};
inline constexpr std::size_t kMaxInlineContent = 256 * 1024;
inline constexpr std::size_t kMaxFetchAnswer =
    1024 * 1024; // when an answer has more than this, it ends: `next`
inline constexpr std::size_t kMaxRead = 1024 * 1024; // of one read()

struct MessageData {
    Uid uid;
    WallTime internal_date;
    WallTime save_date; // RFC 8514 §3; filled in unless a list (below) leaves it out
    EmailId email_id;
    std::uint64_t size = 0;        // RFC822.SIZE: prefix and content
    std::uint32_t prefix_size = 0; // add to offsets of `structure.parts`; not in a list
    std::uint32_t header_size =
        0;               // prefix and header section with the empty line; not in a list, either
    Structure structure; // asked for; kEnvelope with no more than kSize, kInternalDate: a list
    std::string content; // for kContent or kHeader
    std::optional<Errc>
        error; // corrupt: the bytes' checksum does not hold; the others are not affected
};

struct FetchResult {
    std::vector<MessageData>
        messages; // ascending; expunged UIDs are left out (read() still serves them as long
                  // as their bytes are retained, so that a transfer under way can end)
    std::optional<Uid> next; // the answer was cut at the size limit: ask again from here
};

// What a message is searched for. `texts` are folded (mail::collation_key), and all of them would
// stand in the same field or part.
enum class Where : std::uint8_t {
    header,   // a field of the header section, as "Name: body"
    body,     // the text of a part, or a field of a part or message inside
    anywhere, // one or the other
};
struct Needle {
    Where where = Where::anywhere;
    std::vector<std::string> texts; // at most two, of at most 1000 octets; shorter ones than three
                                    // octets narrow nothing
};
inline constexpr std::size_t kMaxNeedles = 32;

struct Candidate {
    Uid uid;
    std::uint32_t needles = 0; // bit i: needles[i] may be in it
};
struct NarrowResult {
    std::vector<Candidate> candidates; // ascending; who is left out contains none of the needles
    std::optional<Uid> next;           // only messages below were looked at: ask again from here
};

struct Sharers {
    std::vector<AccountId> accounts; // ascending
    bool is_whole = true; // false: a shard cannot be read, and who shares from there is not known
};

class MessageStore {
public:
    virtual ~MessageStore() = default;

    // Why mail is refused now, if it is: no_space below the disk's watermark (SMTP answers
    // 452 4.3.1 to MAIL), unavailable while the store is away (451 4.3.0).
    virtual Result<void> accepts_mail() const = 0;
    // over_quota, no_such_account or no_space if a message of `size` octets for this recipient
    // would be refused now; too_large if it could never fit into the quota.
    virtual net::Task<Result<void>> check_room(const auth::Token& grant, std::uint64_t size) = 0;
    virtual net::Task<Result<DeliverResult>> deliver(DeliverRequest request) = 0;

    // Checks the token (Right::access). Default mailboxes exist afterwards. The sink outlives the
    // handle.
    virtual net::Task<Result<SessionId>> open_session(const auth::Token& token,
                                                      ChangeSink& sink) = 0;
    // Another handle of the same account, whose token has expired meanwhile: to look into a mailbox
    // beside the one that `session` has open. It is closed like any other, and outlives `session`.
    virtual net::Task<Result<SessionId>> open_beside(SessionId session, ChangeSink& sink) = 0;
    // A handle that visits another account, which `owner` (Right::visit) names. It can do what the
    // owner's ACLs allow to the account of `session`, which is a handle on itself, and outlives it.
    virtual net::Task<Result<SessionId>> open_shared(SessionId session, const auth::Token& owner,
                                                     ChangeSink& sink) = 0;
    virtual void close_session(SessionId session) = 0;

    // Accounts that share some mailbox with this one. What they share, list_mailboxes() of a handle
    // that visits them says.
    virtual net::Task<Result<Sharers>> sharing_accounts(SessionId session) = 0;
    // Needs kAdminister. Without the owner.
    virtual net::Task<Result<Acl>> acl(SessionId session, MailboxName name) = 0;
    // Likewise. cannot: the owner's own rights; limit_exceeded. `anyone` is of the owner's domain.
    // Who has the mailbox open is told RightsChanged before the call returns.
    virtual net::Task<Result<void>> change_acl(SessionId session, MailboxName name,
                                               AclChange change) = 0;
    // Needs one of kKnowing.
    virtual net::Task<Result<Rights>> my_rights(SessionId session, MailboxName name) = 0;

    virtual net::Task<Result<std::vector<MailboxEntry>>>
    list_mailboxes(SessionId session) = 0; // sorted by name
    virtual net::Task<Result<MailboxStatus>> status(SessionId session, MailboxName name) = 0;
    // already_exists, cannot (a name that can never be), limit_exceeded. Missing superiors are
    // created.
    virtual net::Task<Result<MailboxId>> create_mailbox(SessionId session, MailboxName name,
                                                        SpecialUse use) = 0;
    // has_children: only when it is a level without mailbox; else children stay (RFC 9051 §6.3.5).
    // cannot: INBOX.
    virtual net::Task<Result<void>> delete_mailbox(SessionId session, MailboxName name) = 0;
    // RFC 9051 §6.3.6: children move along; INBOX leaves an empty INBOX behind. cannot: onto its
    // own child.
    virtual net::Task<Result<void>> rename_mailbox(SessionId session, MailboxName from,
                                                   MailboxName to) = 0;
    virtual net::Task<Result<void>> subscribe(SessionId session, MailboxName name,
                                              bool subscribed) = 0;

    // Whether the session hears of its account by ChangeSink::on_account(), from now on: what is
    // asked for behind this call knows of everything that is not told.
    virtual void watch(SessionId session, bool is_watching) = 0;

    // Of the session's account, by its counters. The limits are those of the newest token. Of an
    // account that is visited: for who may read the mailbox `name` (RFC 9208 §6).
    virtual net::Task<Result<QuotaUsage>> quota(SessionId session, MailboxName name = {}) = 0;

    // Of a mailbox, or of the server if the name is empty; each account has its own. Of a mailbox
    // that is visited: what is shared, for kLookup with kRead, or kWrite to change it.
    virtual net::Task<Result<Annotations>> annotations(SessionId session, MailboxName name,
                                                       AnnotationQuery query) = 0;
    // invalid_argument, too_large, limit_exceeded: see check_change(); limit_exceeded also for more
    // than kMaxAnnotations afterwards, over_quota above kMaxAnnotationBytes. cannot: a use of the
    // server. A use that goes from one mailbox to another is told to this session too.
    virtual net::Task<Result<void>> set_annotations(SessionId session, MailboxName name,
                                                    AnnotationChange change) = 0;

    // A session has at most one mailbox open; opening closes the former, also when it fails.
    // `examine`: read-only,
    // \Recent is not taken. Changes after the snapshot, and no others, reach the sink. Of a mailbox
    // with more than `most` messages (status.messages tells) they are left out, so that opening
    // costs the same however many there are.
    virtual net::Task<Result<OpenedMailbox>> open_mailbox(SessionId session, MailboxName name,
                                                          bool examine,
                                                          std::uint32_t most = kAllMessages) = 0;
    virtual void close_mailbox(SessionId session) = 0;

    // The rest works on the mailbox that is open.
    // All its messages, ascending by UID, as they are at one moment of this call: with everything
    // that the sink was told before; what it is told meanwhile may be in it, or not.
    virtual net::Task<Result<std::vector<MessageState>>> message_states(SessionId session) = 0;
    virtual net::Task<Result<FetchResult>> fetch(SessionId session, UidSet uids,
                                                 std::uint32_t items) = 0;
    // `length` octets of the message as the client sees it (prefix and content) from `offset`;
    // fewer at its end. At most 1 MiB a call.
    virtual net::Task<Result<std::string>> read(SessionId session, Uid uid, std::uint64_t offset,
                                                std::uint64_t length) = 0;
    // Which of these messages may contain which needle. By an index that lags behind, and is only
    // right about what is not there: a candidate has still to be looked into.
    virtual net::Task<Result<NarrowResult>> narrow(SessionId session, UidSet uids,
                                                   std::vector<Needle> needles) = 0;
    virtual net::Task<Result<FlagChangeResult>>
    change_flags(SessionId session, UidSet uids, FlagChange change, FlagNames flags,
                 std::optional<ModSeq> unchanged_since) = 0;
    // no_such_mailbox is about the destination; over_quota for copy. Atomic: all or none.
    // To another account a call does a part only, of about a MiB; who has its answer asks on with
    // copy_on(), or the destination is left as if nothing had been copied. A move may end between
    // two parts, each of which is moved wholly.
    virtual net::Task<Result<CopyResult>> copy(SessionId session, UidSet uids,
                                               Destination destination) = 0;
    virtual net::Task<Result<CopyResult>> move(SessionId session, UidSet uids,
                                               Destination destination) = 0;
    // The next part of what copy() or move() of this session has begun, if both handles and their
    // rights are as they have to be by then. An error ends it, and a copy is taken back, as it is
    // when the session ends, leaves its mailbox or begins another one. busy: that part is under
    // way.
    virtual net::Task<Result<CopyResult>> copy_on(SessionId session) = 0;
    // Removes what is \Deleted, of these UIDs only if given (RFC 4315 §2.1).
    virtual net::Task<Result<void>> expunge(SessionId session, std::optional<UidSet> uids) = 0;
    // Those of `uids` that were removed after `since` (RFC 7162 §3.2.6). None when the store does
    // not remember that far back: then whatever is not there may have gone since.
    virtual net::Task<Result<std::optional<UidSet>>> vanished(SessionId session, UidSet uids,
                                                              ModSeq since) = 0;

    // To any mailbox of the account; all messages or none (RFC 3502). over_quota, no_such_mailbox.
    // `replaced`: a message of the open mailbox that goes in the same commit (RFC 8508); not_found
    // if it is not there.
    virtual net::Task<Result<AppendResult>> append(SessionId session, MailboxName name,
                                                   std::vector<AppendMessage> messages,
                                                   std::optional<Uid> replaced = {}) = 0;
};

} // namespace maild::store
