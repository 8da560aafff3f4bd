#include "store/meta.hpp"

#include "store/pass.hpp"

namespace maild::store {
namespace {

Keywords split_keywords(std::string_view text) {
    Keywords keywords;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        keywords.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return keywords;
}

// Columns in the order of the queries below.
MailboxRow read_row(const db::Statement& row) {
    MailboxRow mailbox;
    mailbox.status.id = row.column<MailboxId>(0);
    mailbox.account = row.column<AccountId>(1);
    mailbox.name = row.column<std::string>(2);
    mailbox.use = row.column<SpecialUse>(3);
    mailbox.status.uid_validity = row.column<UidValidity>(4);
    mailbox.status.uid_next = row.column<Uid>(5);
    mailbox.status.highest_modseq = row.column<ModSeq>(6);
    mailbox.status.messages = row.column<std::uint32_t>(7);
    mailbox.status.unseen = row.column<std::uint32_t>(8);
    mailbox.status.deleted = row.column<std::uint32_t>(9);
    mailbox.status.size = row.column<std::uint64_t>(10);
    mailbox.status.deleted_size = row.column<std::uint64_t>(11);
    mailbox.first_recent = row.column<Uid>(12);
    mailbox.keywords = split_keywords(row.column<std::string_view>(13));
    return mailbox;
}

Result<MailboxRow> one(Result<db::Statement> query) {
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::no_such_mailbox);
    return read_row(*query);
}

} // namespace

Result<MailboxRow> mailbox_by_name(db::Database& database, AccountId account,
                                   std::string_view name) {
    return one(
        database.query("SELECT id, account_id, name, special_use, uid_validity, uid_next, "
                       "highest_modseq, messages,"
                       " unseen, deleted, size, deleted_size, first_recent, keywords FROM mailbox"
                       " WHERE account_id = ?1 AND name = ?2 AND deleted_at IS NULL",
                       account, name));
}

Result<MailboxRow> mailbox_by_id(db::Database& database, AccountId account, MailboxId id) {
    return one(
        database.query("SELECT id, account_id, name, special_use, uid_validity, uid_next, "
                       "highest_modseq, messages,"
                       " unseen, deleted, size, deleted_size, first_recent, keywords FROM mailbox"
                       " WHERE id = ?2 AND account_id = ?1 AND deleted_at IS NULL",
                       account, id));
}

Result<std::vector<MailboxRow>> mailboxes_of(db::Database& database, AccountId account) {
    auto query = database.query(
        "SELECT id, account_id, name, special_use, uid_validity, uid_next, highest_modseq,"
        " messages, unseen, deleted, size, deleted_size, first_recent, keywords FROM mailbox"
        " WHERE account_id = ?1 AND deleted_at IS NULL ORDER BY name",
        account);
    if (!query) return pass(query);
    std::vector<MailboxRow> rows;
    for (;;) {
        const auto more = query->step();
        if (!more) return pass(more);
        if (!*more) return rows;
        rows.push_back(read_row(*query));
    }
}

Result<std::vector<std::string>> subscriptions_of(db::Database& database, AccountId account) {
    auto query = database.query("SELECT name FROM subscription WHERE account_id = ?1", account);
    if (!query) return pass(query);
    std::vector<std::string> names;
    for (;;) {
        const auto more = query->step();
        if (!more) return pass(more);
        if (!*more) return names;
        names.push_back(query->column<std::string>(0));
    }
}

Result<std::optional<AccountRow>> account_row(db::Database& database, AccountId account) {
    auto query = database.query(
        "SELECT used_bytes, used_messages, mailboxes, removed_at FROM account WHERE id = ?1",
        account);
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return AccountRow{query->column<std::uint64_t>(0), query->column<std::uint64_t>(1),
                      query->column<std::uint32_t>(2), !query->is_null(3)};
}

Result<ModSeq> next_modseq(db::Database& database, AccountId account, std::int64_t bytes,
                           std::int64_t messages) {
    auto query =
        database.query("UPDATE account SET modseq = modseq + 1, used_bytes = used_bytes + ?2,"
                       " used_messages = used_messages + ?3 WHERE id = ?1 RETURNING modseq",
                       account, bytes, messages);
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::no_such_account);
    return query->column<ModSeq>(0);
}

Result<MailboxStatus> change_mailbox(db::Database& database, MailboxId id,
                                     const MailboxDelta& delta) {
    auto query = database.query(
        "UPDATE mailbox SET uid_next = uid_next + ?2, highest_modseq = ?3, messages = messages + "
        "?4,"
        " unseen = unseen + ?5, deleted = deleted + ?6, size = size + ?7,"
        " deleted_size = deleted_size + ?8 WHERE id = ?1"
        " RETURNING uid_next, uid_validity, messages, unseen, deleted, size, deleted_size",
        id, delta.uids, delta.modseq, delta.messages, delta.unseen, delta.deleted, delta.size,
        delta.deleted_size);
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::no_such_mailbox);
    if (query->column<std::int64_t>(0) > std::int64_t{UINT32_MAX})
        return fail(Errc::limit_exceeded, "no UID is left");
    MailboxStatus status{id, query->column<UidValidity>(1), query->column<Uid>(0), delta.modseq};
    status.messages = query->column<std::uint32_t>(2);
    status.unseen = query->column<std::uint32_t>(3);
    status.deleted = query->column<std::uint32_t>(4);
    status.size = query->column<std::uint64_t>(5);
    status.deleted_size = query->column<std::uint64_t>(6);
    return status;
}

std::string join_keywords(const Keywords& keywords) {
    std::string text;
    for (const auto& keyword : keywords) {
        if (!text.empty()) text += ' ';
        text += keyword;
    }
    return text;
}

Result<void> set_keywords(db::Database& database, MailboxId id, const Keywords& before,
                          const Keywords& added) {
    auto all = before;
    all.insert(all.end(), added.begin(), added.end());
    auto done =
        database.execute("UPDATE mailbox SET keywords = ?2 WHERE id = ?1", id, join_keywords(all));
    if (!done) return pass(done);
    return {};
}

} // namespace maild::store
