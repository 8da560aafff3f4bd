#include "store/flag_names.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"
#include "store/removal.hpp"

#include "maild/store/uid_set.hpp"

#include <map>

namespace maild::store {
namespace {

struct Row {
    Uid uid;
    std::int64_t content = 0;
    Flags flags;
    std::int64_t size = 0;
    std::int64_t internal_date = 0;
};

Result<std::vector<Row>> read_rows(Batch& batch, MailboxId mailbox, const UidSet& uids) {
    std::vector<Row> rows;
    for (const auto& range : uids) {
        auto query =
            batch.database.query("SELECT uid, content_id, flags, size, internal_date FROM message"
                                 " WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
                                 mailbox, range.first, range.last);
        if (!query) return pass(query);
        for (;;) {
            const auto more = query->step();
            if (!more) return pass(more);
            if (!*more) break;
            rows.push_back({query->column<Uid>(0), query->column<std::int64_t>(1),
                            flags_from_row(query->column<std::int64_t>(2)),
                            query->column<std::int64_t>(3), query->column<std::int64_t>(4)});
        }
    }
    return rows;
}

// Keyword bits are of one mailbox: the same names stand elsewhere in the other's table. One
// translation for each distinct value. limit_exceeded: the destination cannot take all keywords.
Result<Keywords> translate_flags(std::vector<Row>& rows, const CopyPath& path) {
    Keywords added;
    auto table = path.to.keywords;
    std::map<std::uint64_t, Flags> known;
    for (auto& row : rows) {
        auto [entry, is_new] = known.try_emplace(row.flags.bits);
        if (is_new) {
            auto resolved =
                resolve(only_allowed(named(row.flags, path.from.keywords), path.rights), table);
            if (!resolved) return pass(resolved);
            table.insert(table.end(), resolved->added.begin(), resolved->added.end());
            added.insert(added.end(), resolved->added.begin(), resolved->added.end());
            entry->second = resolved->flags;
        }
        row.flags = entry->second;
    }
    return added;
}

Result<void> insert_rows(Batch& batch, const std::vector<Row>& rows, MailboxId to, Uid first,
                         ModSeq modseq) {
    auto insert = batch.database.prepare(
        "INSERT INTO message (mailbox_id, uid, content_id, flags, modseq, size,"
        " internal_date, save_date) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (!insert) return pass(insert);
    auto uid = first.value;
    for (const auto& row : rows) {
        insert->bind_all(to, uid++, row.content, to_row(row.flags), modseq, row.size,
                         row.internal_date, to_millis(batch.now));
        if (auto done = insert->run(); !done) return pass(done);
    }
    return {};
}

Result<void> add_references(Batch& batch, const std::vector<Row>& rows) {
    auto update = batch.database.prepare(
        "UPDATE body SET refs = refs + 1 WHERE id = (SELECT body_id FROM content WHERE id = ?1)");
    if (!update) return pass(update);
    for (const auto& row : rows) {
        // A body of this very batch has no row yet.
        update->bind_all(row.content);
        auto done = update->run();
        if (!done) return pass(done);
        if (*done == 1) continue;
        if (auto noted = add_pending_reference(batch, row.content); !noted) return noted;
    }
    return {};
}

// What the destination gains; its last status.
Result<MailboxStatus> add_to(Batch& batch, const MailboxRow& to, std::vector<Row>& rows,
                             Keywords added, ModSeq modseq) {
    MailboxDelta delta{.modseq = modseq, .uids = std::ssize(rows), .messages = std::ssize(rows)};
    for (const auto& row : rows) {
        delta.size += row.size;
        delta.count(row.flags, row.size, 1);
    }
    const auto status = change_mailbox(batch.database, to.status.id, delta);
    if (!status) return pass(status);
    const Uid first(status->uid_next.value - static_cast<std::uint32_t>(rows.size()));
    if (auto done = insert_rows(batch, rows, to.status.id, first, modseq); !done) return pass(done);
    MailboxNews news{to.account, *status, {}};
    news.changes.reserve(rows.size() + 1);
    if (!added.empty()) {
        if (auto set = set_keywords(batch.database, to.status.id, to.keywords, added); !set)
            return pass(set);
        news.changes.emplace_back(KeywordsAdded{std::move(added)});
    }
    auto uid = first.value;
    for (const auto& row : rows) news.changes.emplace_back(Added{{Uid(uid++), row.flags, modseq}});
    batch.news.push_back(std::move(news));
    return status;
}

} // namespace

Result<CopyResult> copy_between(Batch& batch, const CopyPath& path, const UidSet& uids,
                                bool is_move) {
    const auto& [from, to, rights] = path;
    CopyResult result{to.status.uid_validity, {}};
    auto rows = read_rows(batch, from.status.id, uids);
    if (!rows) return pass(rows);
    if (rows->empty()) return result;
    auto added = translate_flags(*rows, path);
    if (!added) return pass(added);
    std::int64_t size = 0;
    for (const auto& row : *rows) size += row.size;
    const auto modseq = next_modseq(batch.database, to.account, is_move ? 0 : size,
                                    is_move ? 0 : std::ssize(*rows));
    if (!modseq) return pass(modseq);
    const auto status = add_to(batch, to, *rows, std::move(*added), *modseq);
    if (!status) return pass(status);
    auto copied = status->uid_next.value - static_cast<std::uint32_t>(rows->size());
    for (const auto& row : *rows) result.uids.emplace_back(row.uid, Uid(copied++));
    batch.notes.emplace_back(
        MessagesCopied{from.status.id,
                       {to.account, to.status.id, to.name, to.use, to.status.uid_validity},
                       result.uids});
    if (!is_move) {
        if (auto done = add_references(batch, *rows); !done) return pass(done);
        return result;
    }
    UidSet moved;
    for (const auto& row : *rows) append_uid(moved, row.uid);
    auto removed = remove_messages(batch, from.account, from.status.id, moved, Removal::moved);
    if (!removed) return pass(removed);
    return result;
}

Result<CopyResult> copy(Batch& batch, const CopyJob& job) {
    const auto& access = job.open.access;
    const auto needed = job.is_move ? kRead | kDeleteMessages | kExpunge : kRead;
    auto from = mailbox_by_id(batch.database, access, job.open.mailbox, needed);
    if (!from) return pass(from);
    auto to = mailbox_by_name(batch.database, access, job.destination, kInsert);
    if (!to) return pass(to);
    const auto rights = rights_on(batch.database, access, to->status.id);
    if (!rights) return pass(rights);
    const auto account = account_row(batch.database, access.account);
    if (!account) return pass(account);
    if (!job.is_move) {
        auto rows = read_rows(batch, from->status.id, job.uids);
        if (!rows) return pass(rows);
        std::uint64_t bytes = 0;
        for (const auto& row : *rows) bytes += static_cast<std::uint64_t>(row.size);
        auto room = check_room(account->value_or(AccountRow{}), job.quota, bytes, rows->size());
        if (!room) return pass(room);
    }
    auto copied = copy_between(batch, {*from, *to, *rights}, job.uids, job.is_move);
    // RFC 4315 §3: who cannot select it learns nothing of it.
    if (copied && !rights->has(kRead)) return CopyResult{};
    return copied;
}

} // namespace maild::store
