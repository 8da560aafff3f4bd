#pragma once
// What RemoteStore and Service say to each other over ipc (DESIGN: IPC). One request and one answer
// type for each call; contents travel in the Blob beside them. The Service trusts no field of a
// request.

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/store/admin.hpp"
#include "maild/store/message_store.hpp"

namespace maild::store::wire {

enum class Type : ipc::MessageType {
    // from workers
    check_room = 1,
    deliver,
    open_session,
    close_session,
    list_mailboxes,
    status,
    create_mailbox,
    delete_mailbox,
    rename_mailbox,
    subscribe,
    open_mailbox,
    close_mailbox,
    fetch,
    read,
    change_flags,
    copy,
    move,
    expunge,
    append,
    vanished,
    claim,
    open_beside,
    narrow,
    quota,
    annotations,
    set_annotations,
    watch,
    open_shared,
    sharing_accounts,
    acl,
    change_acl,
    my_rights,
    message_states,
    copy_on,
    // from control
    figures = 64,
    usage,
    mailboxes,
    remove_account,
    drop_sessions,
    queued,
    check,
    acl_of,
    set_acl_of,
    change_queue,
    queue_figures,
    suspend,
    list_suspensions,
    suppress,
    unsuppress,
    list_suppressions,
    // from the sender; also deliver
    destinations = 96,
    lease,
    owed,
    read_queued,
    settle,
    suspensions,
    read_whole,
    // events to workers
    changes = 128,
    lost,
    accepts_mail,
    annotations_changed,
    account_changed,
    something_queued, // to the sender
};

constexpr ipc::MessageType number(Type type) { return static_cast<ipc::MessageType>(type); }

struct CheckRoom {
    auth::Token grant;
    std::uint64_t size = 0;
};
struct Deliver { // the content is the blob
    Structure structure;
    std::vector<LocalRecipient> local;
    std::optional<RelayRequest> relay;
    WallTime internal_date{};
    std::vector<queue::RecipientKey> reports_on = {}; // of the sender alone
};
struct OpenSession {
    auth::Token token;
};
struct OpenShared {
    SessionId session;
    auth::Token owner;
};
struct OfSession { // list_mailboxes, close_session, close_mailbox, open_beside, sharing_accounts,
                   // copy_on
    SessionId session;
};
struct Named { // status, delete_mailbox, claim, quota, acl, my_rights
    SessionId session;
    MailboxName name;
};
struct Create {
    SessionId session;
    MailboxName name;
    SpecialUse use = SpecialUse::none;
};
struct Rename {
    SessionId session;
    MailboxName from;
    MailboxName to;
};
struct Subscribe {
    SessionId session;
    MailboxName name;
    bool subscribed = false;
};
struct Open { // answered by an OpenedMailbox in the blob: it may be large
    SessionId session;
    MailboxName name;
    bool examine = false;
    std::uint32_t most = kAllMessages;
    std::uint32_t opening = 0; // counts the openings of the session; its changes carry the number
};
struct Fetch {
    SessionId session;
    UidSet uids;
    std::uint32_t items = 0;
};
struct Read { // answered by the blob
    SessionId session;
    Uid uid;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
struct Narrow { // answered by a NarrowResult in the blob: it may be large
    SessionId session;
    UidSet uids;
    std::vector<Needle> needles;
};
struct ChangeFlags {
    SessionId session;
    UidSet uids;
    FlagChange change = FlagChange::replace;
    FlagNames flags;
    std::optional<ModSeq> unchanged_since;
};
struct Copy { // and move
    SessionId session;
    UidSet uids;
    MailboxName destination;
    std::optional<SessionId> into; // another account's
};
struct Expunge {
    SessionId session;
    std::optional<UidSet> uids;
};
struct Vanished { // answered by a std::optional<UidSet> in the blob: it may be large
    SessionId session;
    UidSet uids;
    ModSeq since;
};
struct Append {
    struct Message { // `size` octets of the blob, one behind the other
        std::uint64_t size = 0;
        Structure structure;
        FlagNames flags;
        WallTime internal_date{};
    };
    SessionId session;
    MailboxName name;
    std::vector<Message> messages;
    std::optional<Uid> replaced;
};
struct GetAnnotations {
    SessionId session;
    MailboxName name;
    AnnotationQuery query;
};
struct SetAnnotations {
    SessionId session;
    MailboxName name;
    AnnotationChange change;
};
struct ChangeAcl {
    SessionId session;
    MailboxName name;
    AclChange change;
};
struct AclOf { // the change is for set_acl_of alone
    AccountRef account;
    MailboxName name;
    AclChange change;
};
struct Usage {
    std::vector<AccountRef> accounts;
};
struct Queued { // also owed
    QueueId after;
    std::uint32_t limit = 0;
};

struct Destinations { // also list_suppressions
    std::string after;
    std::uint32_t most = 0;
};
struct Lease {
    std::string destination;
    std::uint32_t most = 0;
};
struct ReadQueued {
    QueueId message;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};
struct ReadWhole {
    std::vector<QueueId> messages;
};
struct Settle {
    std::vector<queue::Settlement> settlements;
};
struct QueueFigures {
    std::uint32_t most = 0;
};
struct Unsuppress {
    std::string address;
};
struct SomethingQueued { // nothing told: anywhere
    std::vector<queue::Destination> where;
};

struct Changes {
    SessionId session;
    std::uint32_t opening = 0;
    MailboxId mailbox;
    std::vector<Change> changes;
};
inline constexpr std::size_t kChangesAtOnce = 10'000; // a range of UIDs counts as one
struct Lost {
    SessionId session;
};
struct AcceptsMail {
    Result<void> answer;
};
struct Watch {
    SessionId session;
    bool is_watching = false;
};
struct AccountChanged {
    SessionId session;
    AccountChange change;
};
struct AnnotationsChanged {
    SessionId session;
    MailboxName mailbox;
    std::vector<std::string> names;
};

template <class Codec> void describe(Codec& codec, CheckRoom& m) { codec(m.grant, m.size); }
template <class Codec> void describe(Codec& codec, Deliver& m) {
    codec(m.structure, m.local, m.relay, m.internal_date, m.reports_on);
}
template <class Codec> void describe(Codec& codec, OpenSession& m) { codec(m.token); }
template <class Codec> void describe(Codec& codec, OpenShared& m) { codec(m.session, m.owner); }
template <class Codec> void describe(Codec& codec, ChangeAcl& m) {
    codec(m.session, m.name, m.change);
}
template <class Codec> void describe(Codec& codec, AclOf& m) { codec(m.account, m.name, m.change); }
template <class Codec> void describe(Codec& codec, OfSession& m) { codec(m.session); }
template <class Codec> void describe(Codec& codec, Named& m) { codec(m.session, m.name); }
template <class Codec> void describe(Codec& codec, Create& m) { codec(m.session, m.name, m.use); }
template <class Codec> void describe(Codec& codec, Rename& m) { codec(m.session, m.from, m.to); }
template <class Codec> void describe(Codec& codec, Subscribe& m) {
    codec(m.session, m.name, m.subscribed);
}
template <class Codec> void describe(Codec& codec, Open& m) {
    codec(m.session, m.name, m.examine, m.most, m.opening);
}
template <class Codec> void describe(Codec& codec, Fetch& m) { codec(m.session, m.uids, m.items); }
template <class Codec> void describe(Codec& codec, Read& m) {
    codec(m.session, m.uid, m.offset, m.length);
}
template <class Codec> void describe(Codec& codec, Narrow& m) {
    codec(m.session, m.uids, m.needles);
}
template <class Codec> void describe(Codec& codec, ChangeFlags& m) {
    codec(m.session, m.uids, m.change, m.flags, m.unchanged_since);
}
template <class Codec> void describe(Codec& codec, Copy& m) {
    codec(m.session, m.uids, m.destination, m.into);
}
template <class Codec> void describe(Codec& codec, Expunge& m) { codec(m.session, m.uids); }
template <class Codec> void describe(Codec& codec, Append::Message& m) {
    codec(m.size, m.structure, m.flags, m.internal_date);
}
template <class Codec> void describe(Codec& codec, Append& m) {
    codec(m.session, m.name, m.messages, m.replaced);
}
template <class Codec> void describe(Codec& codec, Vanished& m) {
    codec(m.session, m.uids, m.since);
}
template <class Codec> void describe(Codec& codec, GetAnnotations& m) {
    codec(m.session, m.name, m.query);
}
template <class Codec> void describe(Codec& codec, SetAnnotations& m) {
    codec(m.session, m.name, m.change);
}
template <class Codec> void describe(Codec& codec, Watch& m) { codec(m.session, m.is_watching); }
template <class Codec> void describe(Codec& codec, AccountChanged& m) {
    codec(m.session, m.change);
}
template <class Codec> void describe(Codec& codec, AnnotationsChanged& m) {
    codec(m.session, m.mailbox, m.names);
}
template <class Codec> void describe(Codec& codec, Usage& m) { codec(m.accounts); }
template <class Codec> void describe(Codec& codec, Queued& m) { codec(m.after, m.limit); }
template <class Codec> void describe(Codec& codec, Destinations& m) { codec(m.after, m.most); }
template <class Codec> void describe(Codec& codec, Lease& m) { codec(m.destination, m.most); }
template <class Codec> void describe(Codec& codec, ReadQueued& m) {
    codec(m.message, m.offset, m.length);
}
template <class Codec> void describe(Codec& codec, ReadWhole& m) { codec(m.messages); }
template <class Codec> void describe(Codec& codec, Settle& m) { codec(m.settlements); }
template <class Codec> void describe(Codec& codec, QueueFigures& m) { codec(m.most); }
template <class Codec> void describe(Codec& codec, Unsuppress& m) { codec(m.address); }
template <class Codec> void describe(Codec& codec, SomethingQueued& m) { codec(m.where); }
template <class Codec> void describe(Codec& codec, Changes& m) {
    codec(m.session, m.opening, m.mailbox, m.changes);
}
template <class Codec> void describe(Codec& codec, Lost& m) { codec(m.session); }
template <class Codec> void describe(Codec& codec, AcceptsMail& m) { codec(m.answer); }

} // namespace maild::store::wire

namespace maild::store {

template <class Codec> void describe(Codec& codec, LocalRecipient& r) {
    codec(r.grant, r.mailbox, r.flags, r.address, r.trace_prefix);
}
template <class Codec> void describe(Codec& codec, RelayRequest& r) {
    codec(r.grant, r.envelope, r.trace_prefix, r.hold_reason);
}
template <class Codec> void describe(Codec& codec, Delivered& d) {
    codec(d.mailbox, d.uid_validity, d.uid);
}
template <class Codec> void describe(Codec& codec, DeliverResult& r) { codec(r.local, r.queued); }
template <class Codec> void describe(Codec& codec, AppendResult& r) {
    codec(r.uid_validity, r.uids);
}
template <class Codec> void describe(Codec& codec, OpenedMailbox& o) {
    codec(o.status, o.keywords, o.messages, o.first_recent, o.rights, o.first_unseen);
}
template <class Codec> void describe(Codec& codec, Sharers& s) { codec(s.accounts, s.is_whole); }
template <class Codec> void describe(Codec& codec, CopyResult& r) {
    codec(r.uid_validity, r.uids, r.is_part);
}
template <class Codec> void describe(Codec& codec, FlagChangeResult& r) {
    codec(r.modseq, r.changed, r.modified);
}
template <class Codec> void describe(Codec& codec, MessageData& d) {
    codec(d.uid, d.internal_date, d.save_date, d.email_id, d.size, d.prefix_size, d.header_size,
          d.structure, d.content, d.error);
}
template <class Codec> void describe(Codec& codec, Needle& n) { codec(n.where, n.texts); }
template <class Codec> void describe(Codec& codec, Candidate& c) { codec(c.uid, c.needles); }
template <class Codec> void describe(Codec& codec, NarrowResult& r) { codec(r.candidates, r.next); }
template <class Codec> void describe(Codec& codec, FetchResult& r) { codec(r.messages, r.next); }

} // namespace maild::store
