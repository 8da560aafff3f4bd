// Changing annotations (RFC 5464), and what becomes of them with their mailbox.
#include "store/operations.hpp"
#include "store/pass.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr MailboxId kServer{}; // the annotations that are of no mailbox

Result<std::int64_t> number(Result<db::Statement> query) {
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    return *found ? query->column<std::int64_t>(0) : 0;
}

// By how many octets the account's annotations grow.
Result<std::int64_t> change_one(Batch& batch, AccountId account, MailboxId mailbox,
                                const Annotation& entry) {
    auto before = number(batch.database.query(
        "DELETE FROM annotation WHERE account_id = ?1 AND mailbox_id = ?2 AND name = ?3 RETURNING"
        " length(name) + length(value)",
        account, mailbox, entry.name));
    if (!before) return before;
    if (!entry.value) return -*before;
    auto made = batch.database.execute(
        "INSERT INTO annotation (account_id, mailbox_id, name, value) VALUES (?1, ?2, ?3, ?4)",
        account, mailbox, entry.name, db::Blob{*entry.value});
    if (!made) return pass(made);
    return std::ssize(entry.name) + std::ssize(*entry.value) - *before;
}

Result<void> check_count(Batch& batch, AccountId account, MailboxId mailbox) {
    const auto count = number(batch.database.query(
        "SELECT count(*) FROM annotation WHERE account_id = ?1 AND mailbox_id = ?2", account,
        mailbox));
    if (!count) return pass(count);
    return static_cast<std::uint64_t>(*count) > kMaxAnnotations
               ? fail(Errc::limit_exceeded, "annotations")
               : Result<void>();
}

Result<void> count_bytes(Batch& batch, AccountId account, std::int64_t more) {
    const auto bytes = number(
        batch.database.query("UPDATE account SET annotation_bytes = annotation_bytes + ?2 WHERE id "
                             "= ?1 RETURNING annotation_bytes",
                             account, more));
    if (!bytes) return pass(bytes);
    const bool is_full = more > 0 && *bytes > static_cast<std::int64_t>(kMaxAnnotationBytes);
    return is_full ? fail(Errc::over_quota, "annotations of an account") : Result<void>();
}

Result<void> change_entries(Batch& batch, AccountId account, MailboxId mailbox,
                            const std::vector<Annotation>& entries) {
    std::int64_t more = 0;
    for (const auto& entry : entries) {
        const auto grown = change_one(batch, account, mailbox, entry);
        if (!grown) return pass(grown);
        more += *grown;
    }
    if (auto few = check_count(batch, account, mailbox); !few) return few;
    return count_bytes(batch, account, more);
}

Result<void> set_use(Batch& batch, const MailboxRow& row, SpecialUse use) {
    auto done = batch.database.execute("UPDATE mailbox SET special_use = ?2 WHERE id = ?1",
                                       row.status.id, use);
    if (!done) return pass(done);
    batch.notes.emplace_back(
        MailboxNamed{{row.account, row.status.id, row.name, use, row.status.uid_validity}});
    return {};
}

// RFC 6154 §4: no two mailboxes have one use. Those that had it.
Result<std::vector<MailboxName>> move_use(Batch& batch, const MailboxRow& to, SpecialUse use) {
    std::vector<MailboxName> without;
    if (to.use == use) return without;
    if (use != SpecialUse::none) {
        const auto rows = mailboxes_of(batch.database, to.account);
        if (!rows) return pass(rows);
        for (const auto& row : *rows) {
            if (row.use != use) continue;
            if (auto taken = set_use(batch, row, SpecialUse::none); !taken) return pass(taken);
            without.push_back(row.name);
        }
    }
    if (auto given = set_use(batch, to, use); !given) return pass(given);
    return without;
}

// RFC 5464 §3.3; and what is private or says what a mailbox is for is the owner's.
Result<void> may_annotate(const Access& access, const MailboxName& name,
                          const AnnotationChange& change) {
    const auto is_shared = [](const Annotation& entry) {
        return entry.name.starts_with("/shared/");
    };
    const bool may = access.is_own() || (!name.empty() && !change.use &&
                                         std::ranges::all_of(change.entries, is_shared));
    return may ? Result<void>() : fail(Errc::not_permitted, "private annotations of another");
}

} // namespace

Result<std::vector<MailboxName>> set_annotations(Batch& batch, const Access& access,
                                                 const MailboxName& name,
                                                 const AnnotationChange& change) {
    if (auto may = may_annotate(access, name, change); !may) return pass(may);
    const auto account = access.account;
    std::vector<MailboxName> without;
    if (name.empty()) {
        if (change.use) return fail(Errc::cannot, "the use of no mailbox");
        auto done = change_entries(batch, account, kServer, change.entries);
        return done ? Result<std::vector<MailboxName>>(without) : pass(done);
    }
    const auto row = mailbox_by_name(batch.database, access, name, kLookup | kWrite);
    if (!row) return pass(row);
    if (auto done = change_entries(batch, account, row->status.id, change.entries); !done)
        return pass(done);
    return change.use ? move_use(batch, *row, *change.use) : without;
}

// RFC 5464 §4.1: a renamed INBOX keeps them, and the new mailbox has them too.
Result<void> copy_annotations(Batch& batch, AccountId account, MailboxId from, MailboxId to) {
    auto copied = batch.database.execute(
        "INSERT INTO annotation (account_id, mailbox_id, name, value) SELECT account_id, ?3, name,"
        " value FROM annotation WHERE account_id = ?1 AND mailbox_id = ?2",
        account, from, to);
    if (!copied) return pass(copied);
    const auto bytes = annotation_bytes_of(batch.database, account, to);
    if (!bytes) return pass(bytes);
    return count_bytes(batch, account, *bytes);
}

Result<void> remove_annotations(Batch& batch, AccountId account, MailboxId mailbox) {
    const auto bytes = annotation_bytes_of(batch.database, account, mailbox);
    if (!bytes) return pass(bytes);
    auto gone = batch.database.execute(
        "DELETE FROM annotation WHERE account_id = ?1 AND mailbox_id = ?2", account, mailbox);
    if (!gone) return pass(gone);
    return count_bytes(batch, account, -*bytes);
}

Result<std::int64_t> annotation_bytes_of(db::Database& database, AccountId account,
                                         MailboxId mailbox) {
    return number(database.query("SELECT coalesce(sum(length(name) + length(value)), 0) FROM "
                                 "annotation WHERE account_id = ?1 AND mailbox_id = ?2",
                                 account, mailbox));
}

} // namespace maild::store
