#include "store/operations.hpp"
#include "store/pass.hpp"
#include "store/removal.hpp"

#include "maild/store/uid_set.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::int64_t kDeletedBit = static_cast<std::int64_t>(kDeleted);

Result<void> find_deleted(Batch& batch, MailboxId mailbox, const UidRange& range, UidSet& out) {
    auto rows = batch.database.query("SELECT uid FROM message WHERE mailbox_id = ?1 AND uid "
                                     "BETWEEN ?2 AND ?3 AND flags & ?4 != 0",
                                     mailbox, range.first, range.last, kDeletedBit);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        append_uid(out, rows->column<Uid>(0));
    }
}

// Sums of one range into the delta, and its UIDs into the news.
Result<void> read_removed(Batch& batch, MailboxId mailbox, const UidRange& range,
                          MailboxDelta& delta, MailboxNews& news) {
    auto rows = batch.database.query(
        "SELECT uid, flags, size FROM message WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
        mailbox, range.first, range.last);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        const auto size = rows->column<std::int64_t>(2);
        delta.count(flags_from_row(rows->column<std::int64_t>(1)), size, -1);
        delta.size -= size;
        --delta.messages;
        news.changes.emplace_back(Expunged{rows->column<Uid>(0), {}});
    }
}

Result<void> move_rows(Batch& batch, AccountId actor, MailboxId mailbox, const UidRange& range,
                       ModSeq modseq, bool keeps) {
    auto kept = batch.database.execute(
        "INSERT INTO expunged (mailbox_id, uid, content_id, flags, modseq, size, internal_date, "
        "save_date, removed_at,"
        " removed_by) SELECT mailbox_id, uid, iif(?7, content_id, NULL), flags, ?4, size, "
        "internal_date, save_date, ?5, ?6"
        " FROM message WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
        mailbox, range.first, range.last, modseq, to_millis(batch.now), actor, keeps);
    if (!kept) return pass(kept);
    auto gone = batch.database.execute(
        "DELETE FROM message WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3", mailbox, range.first,
        range.last);
    if (!gone) return pass(gone);
    return {};
}

} // namespace

Result<void> remove_messages(Batch& batch, const Access& access, MailboxId mailbox,
                             const UidSet& uids, Removal removal) {
    if (uids.empty()) return {};
    MailboxDelta delta;
    MailboxNews news{.account = access.account, .status = {}, .changes = {}};
    for (const auto& range : uids) {
        if (auto read = read_removed(batch, mailbox, range, delta, news); !read) return read;
    }
    const bool is_expunge = removal == Removal::expunged;
    const auto modseq = next_modseq(batch.database, access.account, is_expunge ? delta.size : 0,
                                    is_expunge ? delta.messages : 0);
    if (!modseq) return pass(modseq);
    for (const auto& range : uids) {
        if (auto moved = move_rows(batch, access.actor, mailbox, range, *modseq, is_expunge);
            !moved)
            return moved;
    }
    delta.modseq = *modseq;
    const auto status = change_mailbox(batch.database, mailbox, delta);
    if (!status) return pass(status);
    news.status = *status;
    for (auto& change : news.changes) std::get<Expunged>(change).modseq = *modseq;
    batch.news.push_back(std::move(news));
    batch.notes.emplace_back(MessagesRemoved{mailbox, uids});
    return {};
}

Result<void> add_pending_reference(Batch& batch, std::int64_t content) {
    auto query = batch.database.query("SELECT body_id FROM content WHERE id = ?1", content);
    if (!query) return pass(query);
    const auto found = query->step();
    if (!found) return pass(found);
    const auto id = *found ? query->column<std::int64_t>(0) : 0;
    const auto body = std::ranges::find(batch.bodies, id, &PendingBody::id);
    if (body == batch.bodies.end()) return fail(Errc::corrupt, "a message without a body");
    ++body->refs;
    return {};
}

Result<void> drop_reference(db::Database& database, std::int64_t body) {
    auto row = database.query("UPDATE body SET refs = refs - 1 WHERE id = ?1"
                              " RETURNING refs, pack, record_offset, metadata_length, length",
                              body);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found || row->column<std::int64_t>(0) > 0) return {};
    const Location location{row->column<PackNumber>(1), row->column<std::uint64_t>(2),
                            row->column<std::uint32_t>(3), row->column<std::uint32_t>(4)};
    row->reset();
    return drop_body(database, body, location);
}

Result<void> drop_body(db::Database& database, std::int64_t body, const Location& location) {
    auto contents = database.execute("DELETE FROM content WHERE body_id = ?1", body);
    if (!contents) return pass(contents);
    auto structure = database.execute("DELETE FROM structure WHERE body_id = ?1", body);
    if (!structure) return pass(structure);
    auto row = database.execute("DELETE FROM body WHERE id = ?1", body);
    if (!row) return pass(row);
    auto counted = database.execute(
        "UPDATE pack SET live_records = live_records - 1, live_bytes = live_bytes - ?2"
        " WHERE number = ?1",
        location.pack, static_cast<std::int64_t>(location.end() - location.offset));
    if (!counted) return pass(counted);
    return {};
}

Result<void> expunge(Batch& batch, const OpenRef& open, const std::optional<UidSet>& uids) {
    auto mailbox = mailbox_by_id(batch.database, open.access, open.mailbox, kRead | kExpunge);
    if (!mailbox) return pass(mailbox);
    if (mailbox->status.deleted == 0) return {};
    UidSet chosen;
    for (const auto& range : uids.value_or(UidSet{{Uid(1), Uid(UINT32_MAX)}})) {
        if (auto found = find_deleted(batch, open.mailbox, range, chosen); !found) return found;
    }
    return remove_messages(batch, open.access, open.mailbox, chosen, Removal::expunged);
}

} // namespace maild::store
