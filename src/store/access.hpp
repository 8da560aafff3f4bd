#pragma once
// Whose mailboxes a request is about, who asks, and whether he may (RFC 4314 §4). Every operation
// asks here, in the same view of the database that it works in, so that what was revoked is refused
// from the next request on. Whoever may not even know of a mailbox hears that it is not there (§6).

#include "store/meta.hpp"

#include "maild/db/database.hpp"
#include "maild/store/acl.hpp"

#include <map>
#include <vector>

namespace maild::store {

// By tokens alone; nothing in it comes from a worker's word.
struct Access {
    AccountId account; // the owner
    AccountId actor;
    DomainId domain; // of both; zero: they have none in common

    Access() = default;
    // The owner himself, and what the host does for him.
    Access(AccountId own) : account(own), actor(own) {} // NOLINT(google-explicit-constructor)
    Access(AccountId owner, AccountId who, DomainId common)
        : account(owner), actor(who), domain(common) {}
    bool is_own() const { return account == actor; }
};

// Of those that are there: `mailbox` is the owner's and not deleted.
Result<Rights> rights_on(db::Database& database, const Access& access, MailboxId mailbox);
// not_permitted; no_such_mailbox for who has no right at all that shows it.
Result<void> require(db::Database& database, const Access& access, MailboxId mailbox,
                     Rights needed);
Result<MailboxRow> mailbox_by_name(db::Database& database, const Access& access,
                                   std::string_view name, Rights needed);
Result<MailboxRow> mailbox_by_id(db::Database& database, const Access& access, MailboxId id,
                                 Rights needed);

Result<Acl> acl_of(db::Database& database, AccountId owner, MailboxId mailbox);
// Of another account's mailboxes, those that are shared with the actor.
Result<std::map<MailboxId, Rights>> rights_by_mailbox(db::Database& database, const Access& access);
// Everybody whom any mailbox of the owner is shared with.
Result<std::vector<Grantee>> grantees_of(db::Database& database, AccountId owner);

} // namespace maild::store
