#pragma once
// What a client asks for, as values. Views point into the fragment that was parsed. Mailbox names
// stand as they were sent: the session turns them into store's names, so that a name that cannot
// exist is NO and not BAD.

#include "imap/fetch_items.hpp"
#include "imap/search_program.hpp"
#include "imap/sequence_set.hpp"

#include "maild/base/clock.hpp"
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
struct Select { // and EXAMINE
    std::string name;
    bool is_condstore = false; // RFC 7162 §3.1.8
};
struct Create {
    std::string name;
    std::vector<std::string_view> uses; // RFC 6154 §3, without backslash
};
struct Rename {
    std::string from;
    std::string to;
};
struct List {
    std::string reference;
    std::string pattern;
};
// RFC 3501 §6.3.10
enum class StatusItem : std::uint8_t {
    messages,
    recent,
    uid_next,
    uid_validity,
    unseen,
    highest_modseq // RFC 7162 §3.1.7
};
struct StatusCommand {
    std::string name;
    std::vector<StatusItem> items; // each once
};
struct Append {
    std::string name;
    store::FlagNames flags;
    std::optional<WallTime> internal_date;
    std::string_view message;
};
struct Fetch {
    SequenceSet set;
    FetchItems items;
    std::optional<ModSeq> changed_since; // RFC 7162 §3.1.4.1
};
struct StoreFlags {
    SequenceSet set;
    store::FlagChange change = store::FlagChange::replace;
    bool silent = false;
    store::FlagNames flags;
    std::optional<ModSeq> unchanged_since; // RFC 7162 §3.1.3
};
struct Search {
    std::string charset; // empty: none given
    SearchProgram program;
};
struct CopyTo { // COPY and MOVE
    SequenceSet set;
    std::string name;
};
struct UidExpunge {
    SequenceSet set;
};

using Arguments = std::variant<NoArguments, Login, Authenticate, Id, Enable, MailboxArgument,
                               Select, Create, Rename, List, StatusCommand, Append, Fetch,
                               StoreFlags, Search, CopyTo, UidExpunge>;

enum class Verb : std::uint8_t {
    capability,
    noop,
    logout,
    id,
    starttls,
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
    idle,
    check,
    close,
    unselect,
    expunge,
    fetch,
    store,
    search,
    copy,
    move,
};

} // namespace maild::imap
