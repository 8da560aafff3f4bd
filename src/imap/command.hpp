#pragma once
// What a client asks for, as values. Views point into the fragment that was parsed. Mailbox names
// stand as they were sent: the session turns them into store's names, so that a name that cannot
// exist is NO and not BAD.

#include "imap/fetch_items.hpp"
#include "imap/mailbox_filter.hpp"
#include "imap/notify.hpp"
#include "imap/search_program.hpp"
#include "imap/search_result.hpp"
#include "imap/sequence_set.hpp"
#include "imap/sort_program.hpp"

#include "maild/base/clock.hpp"
#include "maild/store/annotation.hpp"
#include "maild/store/message_store.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace maild::imap {

struct NoArguments {};
struct Login {
    std::string user;
    std::string password;
};
struct Authenticate {
    std::string_view mechanism;
    std::optional<std::string_view> initial_response; // RFC 4959: base64 or "="
};
struct Id {
    std::vector<std::pair<std::string, std::optional<std::string>>> fields;
};
struct Enable {
    std::vector<std::string_view> capabilities;
};
struct MailboxArgument {
    std::string name;
};
// What a client knows of a mailbox from before (RFC 7162 §3.2.5).
struct QuickResync {
    UidValidity uid_validity;
    ModSeq modseq;
    std::optional<Ranges> uids; // none: all that there were
    // Ascending, and as many numbers in one as in the other: pairs of which it believes that they
    // are one message.
    Ranges match_seqs;
    Ranges match_uids;
};
struct Select { // and EXAMINE
    std::string name;
    bool is_condstore = false; // RFC 7162 §3.1.8
    std::optional<QuickResync> resync;
};
struct Create {
    std::string name;
    std::vector<std::string_view> uses; // RFC 6154 §3, without backslash
};
struct Rename {
    std::string from;
    std::string to;
};
// RFC 3501 §6.3.10
enum class StatusItem : std::uint8_t {
    messages,
    recent,
    uid_next,
    uid_validity,
    unseen,
    deleted,         // RFC 9051 §6.3.11
    deleted_storage, // RFC 9208 §4.1.4
    size,            // RFC 8438
    highest_modseq,  // RFC 7162 §3.1.7
    append_limit,    // RFC 7889 §3.1
    mailbox_id       // RFC 8474 §4.3
};
using StatusItems = std::vector<StatusItem>; // each once
struct StatusCommand {
    std::string name;
    StatusItems items;
};
// RFC 5258 §3.1, RFC 6154 §4: all of the criteria have to be met.
struct ListSelection {
    bool subscribed = false;
    bool special_use = false;
    bool recursive_match = false;

    bool has_criterion() const { return subscribed || special_use; }
};
struct List { // and LSUB
    ListSelection selection;
    std::string reference;
    std::vector<std::string> patterns; // at least one
    bool returns_subscribed = false;
    StatusItems status;                // RFC 5819; empty: not asked for
    std::vector<std::string> metadata; // entries, RFC 9590; empty: not asked for
    bool returns_rights = false;       // RFC 8440
    bool is_extended = false;          // one that only RFC 5258 has
};
// Of a message that is put together, RFC 4469 §5 cat-part.
struct CatenatePart {
    std::optional<std::string> url; // else `text`
    std::string_view text = {};
};
struct AppendMessage {
    store::FlagNames flags;
    std::optional<WallTime> internal_date;
    std::string_view content;
    bool may_have_nul = false;       // it came as literal8, RFC 3516 §4.4
    std::vector<CatenatePart> parts; // RFC 4469: not empty: then they are the content
};
struct Append {
    std::string name;
    std::vector<AppendMessage> messages; // RFC 3502: all or none
};
// RFC 8508: one message for another.
struct Replace {
    std::uint32_t number = 0; // sequence number or UID of the old one; 0: `*`
    Append append;            // of one message
};
struct Fetch {
    SequenceSet set;
    FetchItems items;
    std::optional<ModSeq> changed_since = {}; // RFC 7162 §3.1.4.1
    bool vanished = false;                    // RFC 7162 §3.2.6
    std::optional<PartialRange> partial = {}; // RFC 9394 §3.3
};
struct StoreFlags {
    SequenceSet set;
    store::FlagChange change = store::FlagChange::replace;
    bool silent = false;
    store::FlagNames flags;
    std::optional<ModSeq> unchanged_since; // RFC 7162 §3.1.3
};
struct Search {
    std::optional<SearchReturn> returns; // then the answer is ESEARCH
    std::string charset;                 // empty: none given
    SearchProgram program;
};
struct CancelUpdate { // RFC 5267 §4.3.5
    std::vector<std::string> tags;
};
struct MultiSearch {        // ESEARCH, RFC 7377
    MailboxFilters sources; // at least one
    Search search;
};
struct Sort {
    SortProgram program;
    Search search; // with returns, then the answer is ESEARCH (RFC 5267 §3)
};
struct Thread {
    ThreadAlgorithm algorithm = ThreadAlgorithm::references;
    Search search;
};
struct CopyTo { // COPY and MOVE
    SequenceSet set;
    std::string name;
};
struct UidExpunge {
    SequenceSet set;
};
// RFC 5464. An empty name is the server.
struct GetMetadata {
    std::string name;
    std::vector<std::string> entries; // as they were sent
    store::Depth depth = store::Depth::itself;
    std::uint32_t max_size = UINT32_MAX;
};
struct SetMetadata {
    std::string name;
    std::vector<store::Annotation> entries;
};
// RFC 4314
struct AclArgument { // DELETEACL and LISTRIGHTS
    std::string name;
    std::string identifier; // as it was sent
};
struct SetAcl {
    AclArgument whom;
    store::AclEdit edit = store::AclEdit::replace;
    store::Rights rights = {};
};
struct QuotaRoot { // GETQUOTA and SETQUOTA, RFC 9208
    std::string name;
};

using Arguments =
    std::variant<NoArguments, Login, Authenticate, Id, Enable, MailboxArgument, Select, Create,
                 Rename, List, StatusCommand, Append, Replace, Fetch, StoreFlags, Search,
                 CancelUpdate, MultiSearch, Sort, Thread, CopyTo, UidExpunge, QuotaRoot,
                 GetMetadata, SetMetadata, Notify, AclArgument, SetAcl>;

enum class Verb : std::uint8_t {
    capability,
    noop,
    logout,
    unauthenticate,
    id,
    starttls,
    compress,
    authenticate,
    login,
    enable,
    select,
    examine,
    create,
    delete_mailbox,
    rename,
    subscribe,
    unsubscribe,
    list,
    lsub,
    namespaces,
    status,
    append,
    replace,
    idle,
    check,
    close,
    unselect,
    expunge,
    fetch,
    store,
    search,
    multisearch,
    cancel_update,
    notify,
    sort,
    thread,
    copy,
    move,
    get_quota,
    get_quota_root,
    set_quota,
    get_metadata,
    set_metadata,
    set_acl,
    delete_acl,
    get_acl,
    list_rights,
    my_rights,
};

} // namespace maild::imap
