#include "store/access.hpp"

#include "store/pass.hpp"

namespace maild::store {
namespace {

// Columns: account_id, domain_id, is_negative, rights.
AclEntry entry_of(const db::Statement& row) {
    return {{row.column<AccountId>(0), row.column<DomainId>(1)},
            row.column<bool>(2),
            Rights{row.column<std::uint16_t>(3)}};
}

Result<Acl> read_acl(Result<db::Statement> rows) {
    if (!rows) return pass(rows);
    Acl acl;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return acl;
        acl.push_back(entry_of(*rows));
    }
}

} // namespace

Result<Acl> acl_of(db::Database& database, AccountId owner, MailboxId mailbox) {
    return read_acl(
        database.query("SELECT account_id, domain_id, is_negative, rights FROM acl WHERE owner_id "
                       "= ?1 AND mailbox_id = ?2",
                       owner, mailbox));
}

Result<Rights> rights_on(db::Database& database, const Access& access, MailboxId mailbox) {
    if (access.is_own()) return kAllRights;
    const auto acl = acl_of(database, access.account, mailbox);
    if (!acl) return pass(acl);
    return rights_for(*acl, access.actor, access.domain);
}

Result<void> require(db::Database& database, const Access& access, MailboxId mailbox,
                     Rights needed) {
    const auto rights = rights_on(database, access, mailbox);
    if (!rights) return pass(rights);
    if (!rights->has_any(kKnowing)) return fail(Errc::no_such_mailbox);
    return rights->has(needed) ? Result<void>() : fail(Errc::not_permitted, "by its ACL");
}

Result<MailboxRow> mailbox_by_name(db::Database& database, const Access& access,
                                   std::string_view name, Rights needed) {
    auto row = mailbox_by_name(database, access.account, name);
    if (!row) return row;
    if (auto may = require(database, access, row->status.id, needed); !may) return pass(may);
    return row;
}

Result<MailboxRow> mailbox_by_id(db::Database& database, const Access& access, MailboxId id,
                                 Rights needed) {
    auto row = mailbox_by_id(database, access.account, id);
    if (!row) return row;
    if (auto may = require(database, access, id, needed); !may) return pass(may);
    return row;
}

Result<std::map<MailboxId, Rights>> rights_by_mailbox(db::Database& database,
                                                      const Access& access) {
    auto rows = database.query(
        "SELECT account_id, domain_id, is_negative, rights, mailbox_id FROM acl WHERE owner_id = "
        "?1 AND (account_id = ?2 OR account_id = 0 AND domain_id = ?3)",
        access.account, access.actor, access.domain);
    if (!rows) return pass(rows);
    std::map<MailboxId, Acl> acls;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        acls[rows->column<MailboxId>(4)].push_back(entry_of(*rows));
    }
    std::map<MailboxId, Rights> rights;
    for (const auto& [mailbox, acl] : acls)
        rights.emplace(mailbox, rights_for(acl, access.actor, access.domain));
    return rights;
}

Result<std::vector<Grantee>> grantees_of(db::Database& database, AccountId owner) {
    auto rows = database.query("SELECT DISTINCT account_id, domain_id FROM acl WHERE owner_id = ?1 "
                               "AND is_negative = 0",
                               owner);
    if (!rows) return pass(rows);
    std::vector<Grantee> grantees;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return grantees;
        grantees.push_back({rows->column<AccountId>(0), rows->column<DomainId>(1)});
    }
}

} // namespace maild::store
