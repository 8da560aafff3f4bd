// Changing access control lists (RFC 4314 §3.1), and what becomes of them with their mailbox.
#include "store/operations.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

Result<std::int64_t> count(Result<db::Statement> query) {
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    return query->column<std::int64_t>(0);
}

Result<void> check_limits(Batch& batch, AccountId owner, MailboxId mailbox) {
    const auto here = count(batch.database.query(
        "SELECT count(*) FROM acl WHERE owner_id = ?1 AND mailbox_id = ?2", owner, mailbox));
    if (!here) return pass(here);
    if (*here > static_cast<std::int64_t>(kMaxAclEntries))
        return fail(Errc::limit_exceeded, "entries of an ACL");
    const auto all =
        count(batch.database.query("SELECT count(*) FROM acl WHERE owner_id = ?1", owner));
    if (!all) return pass(all);
    return *all > static_cast<std::int64_t>(kMaxAclEntriesOfAccount)
               ? fail(Errc::limit_exceeded, "ACL entries of an account")
               : Result<void>();
}

// For the sessions that have it open, and for who lists what is shared.
Result<void> tell_acl(Batch& batch, AccountId owner, const MailboxStatus& status) {
    auto acl = acl_of(batch.database, owner, status.id);
    if (!acl) return pass(acl);
    auto grantees = grantees_of(batch.database, owner);
    if (!grantees) return pass(grantees);
    batch.news.push_back(
        {owner,
         status,
         {},
         std::make_shared<const AclNews>(owner, std::move(*acl), std::move(*grantees))});
    return {};
}

Result<void> replace_entry(Batch& batch, AccountId owner, MailboxId mailbox,
                           const AclEntry& entry) {
    auto gone = batch.database.execute(
        "DELETE FROM acl WHERE owner_id = ?1 AND mailbox_id = ?2 AND account_id = ?3 AND domain_id "
        "= ?4 AND is_negative = ?5",
        owner, mailbox, entry.who.account, entry.who.domain, entry.is_negative);
    if (!gone) return pass(gone);
    if (entry.rights == Rights{}) return {};
    auto made = batch.database.execute(
        "INSERT INTO acl (owner_id, mailbox_id, account_id, domain_id, is_negative, rights) VALUES "
        "(?1, ?2, ?3, ?4, ?5, ?6)",
        owner, mailbox, entry.who.account, entry.who.domain, entry.is_negative,
        std::int64_t{entry.rights.bits});
    if (!made) return pass(made);
    return check_limits(batch, owner, mailbox);
}

} // namespace

Result<void> change_acl(Batch& batch, const Access& access, const MailboxName& name,
                        const AclChange& change) {
    const auto row = mailbox_by_name(batch.database, access, name, kAdminister);
    if (!row) return pass(row);
    if (change.who.account == access.account) return fail(Errc::cannot, "the owner's rights");
    const auto acl = acl_of(batch.database, access.account, row->status.id);
    if (!acl) return pass(acl);
    AclEntry entry{change.who, change.is_negative, {}};
    for (const auto& there : *acl)
        if (there.who == entry.who && there.is_negative == entry.is_negative) entry = there;
    const auto rights = edited(entry.rights, change);
    if (rights == entry.rights) return {};
    entry.rights = rights;
    auto done = replace_entry(batch, access.account, row->status.id, entry);
    return done ? tell_acl(batch, access.account, row->status) : done;
}

// RFC 4314 §4: a new mailbox has the list of the one above it.
Result<void> inherit_acl(Batch& batch, AccountId owner, const MailboxName& name,
                         MailboxId mailbox) {
    const auto end = name.rfind(kDelimiter);
    if (end == name.npos) return {};
    const auto parent = mailbox_by_name(batch.database, owner, name.substr(0, end));
    if (!parent)
        return parent.error().code == Errc::no_such_mailbox ? Result<void>() : pass(parent);
    auto copied = batch.database.execute(
        "INSERT INTO acl (owner_id, mailbox_id, account_id, domain_id, is_negative, rights) SELECT "
        "owner_id, ?3, account_id, domain_id, is_negative, rights FROM acl WHERE owner_id = ?1 AND "
        "mailbox_id = ?2",
        owner, parent->status.id, mailbox);
    if (!copied) return pass(copied);
    if (*copied == 0) return {};
    return check_limits(batch, owner, mailbox);
}

Result<void> drop_acl(Batch& batch, AccountId owner, const MailboxStatus& status) {
    auto gone = batch.database.execute("DELETE FROM acl WHERE owner_id = ?1 AND mailbox_id = ?2",
                                       owner, status.id);
    if (!gone) return pass(gone);
    return *gone == 0 ? Result<void>() : tell_acl(batch, owner, status);
}

Result<void> drop_grants_to(Batch& batch, AccountId account) {
    auto gone = batch.database.execute("DELETE FROM acl WHERE account_id = ?1", account);
    return gone ? Result<void>() : pass(gone);
}

} // namespace maild::store
