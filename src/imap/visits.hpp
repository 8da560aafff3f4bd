#pragma once
// Where a mailbox name leads (RFC 2342): into the own account, or below "Other Users/" and an
// address into another's, which the store opens by a token that `auth` gives for it, and shows as
// far as the owner's ACLs allow. A handle on another account lives as long as the command that
// needed it, so that a changed address or a disabled owner counts at once. Belongs to one session.

#include "maild/imap/backend.hpp"
#include "maild/store/message_store.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::imap {

struct Place {
    store::SessionId session; // that can be asked for it
    store::MailboxName name;  // in its account
    AccountId account;        // the owner
    ShardId shard;
    std::string owner; // his address
};

// RFC 8474 §4: the store's numbers are unique in a shard, and a client may see several.
MailboxId object_id(ShardId shard, MailboxId id);
// Whether a name is of another account, or of the level above them.
bool is_of_others(std::string_view name);

class Visits {
public:
    // The backend outlives it; `own` is a handle of the identity's account.
    Visits(Backend& backend, const auth::Identity& identity, store::SessionId own);
    ~Visits();
    Visits(const Visits&) = delete;
    Visits& operator=(const Visits&) = delete;

    // no_such_mailbox: there is no such account, none that may be visited, or no mailbox is named.
    net::Task<Result<Place>> locate(store::MailboxName name);
    // Everything that LIST may show, sorted: the own names, and what others share, with ids of
    // object_id().
    struct Listing {
        std::vector<store::MailboxEntry> entries;
        std::optional<Errc> missing; // why some of what others share is left out
    };
    net::Task<Result<Listing>> list();
    void leave(); // all handles, at the end of a command
    void trim();  // likewise, where many are used one after the other: if there are many by now

private:
    struct Visit;
    using Entries = std::vector<store::MailboxEntry>;
    net::Task<Result<Visit*>> enter(Referral referral);
    net::Task<Result<Visit*>> find(std::string owner);
    using ByName = std::map<std::string, store::MailboxEntry>;
    net::Task<Result<Entries>> list_one(Referral referral);
    net::Task<std::optional<Errc>> add_shared(ByName& entries);
    net::Task<std::optional<Errc>> add_some(ByName& entries, std::vector<AccountId> owners);

    Backend& backend_;
    AccountId account_;
    ShardId shard_;
    std::string address_;
    store::SessionId own_;
    std::map<AccountId, std::unique_ptr<Visit>> visits_;
};

} // namespace maild::imap
