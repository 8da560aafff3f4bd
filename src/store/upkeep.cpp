// What the writer's thread does between groups, in slices, so that deliveries never wait long:
// checkpoints, free space, the end of the retention.
#include "store/pass.hpp"
#include "store/removal.hpp"
#include "store/shard.hpp"

#include "maild/base/log.hpp"
#include "maild/db/transaction.hpp"

namespace maild::store {
namespace {

constexpr std::int64_t kRowsPerSlice = 256;
constexpr std::int64_t kBodiesPerCompaction = 32;
constexpr std::uint64_t kBytesPerCompaction = 16U << 20U;
constexpr std::chrono::milliseconds kPurgeInterval = std::chrono::minutes(1);

struct Gone {
    MailboxId mailbox;
    Uid uid;
    std::optional<std::int64_t> content;
};

Result<std::vector<Gone>> read_gone(Result<db::Statement> rows) {
    if (!rows) return pass(rows);
    std::vector<Gone> gone;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return gone;
        gone.push_back({rows->column<MailboxId>(0), rows->column<Uid>(1),
                        rows->column<std::optional<std::int64_t>>(2)});
    }
}

// Zero, which no body has, where the content is lost.
Result<std::int64_t> body_of(db::Database& database, std::int64_t content) {
    auto row = database.query("SELECT body_id FROM content WHERE id = ?1", content);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    return *found ? row->column<std::int64_t>(0) : 0;
}

// Rows of `expunged` or, of a deleted mailbox, of `message`.
Result<void> drop_rows(db::Database& database, const std::vector<Gone>& gone, bool is_message) {
    for (const auto& [mailbox, uid, content] : gone) {
        auto done =
            is_message ? database.execute("DELETE FROM message WHERE mailbox_id = ?1 AND uid = ?2",
                                          mailbox, uid)
                       : database.execute("DELETE FROM expunged WHERE mailbox_id = ?1 AND uid = ?2",
                                          mailbox, uid);
        if (!done) return pass(done);
        if (!content) continue;
        const auto body = body_of(database, *content);
        if (!body) return pass(body);
        if (auto dropped = drop_reference(database, *body); !dropped) return dropped;
    }
    return {};
}

Result<bool> purge_expunged(db::Database& database, std::int64_t before) {
    auto gone = read_gone(
        database.query("SELECT mailbox_id, uid, content_id FROM expunged WHERE removed_at < ?1"
                       " ORDER BY removed_at LIMIT ?2",
                       before, kRowsPerSlice));
    if (!gone) return pass(gone);
    if (auto dropped = drop_rows(database, *gone, false); !dropped) return pass(dropped);
    return std::ssize(*gone) == kRowsPerSlice;
}

Result<bool> purge_mailbox(db::Database& database, std::int64_t before) {
    auto oldest = database.query("SELECT id FROM mailbox WHERE deleted_at < ?1 LIMIT 1", before);
    if (!oldest) return pass(oldest);
    const auto found = oldest->step();
    if (!found) return pass(found);
    if (!*found) return false;
    const auto mailbox = oldest->column<MailboxId>(0);
    oldest->reset();
    for (const bool is_message : {true, false}) {
        auto gone = read_gone(is_message ? database.query("SELECT mailbox_id, uid, content_id FROM "
                                                          "message WHERE mailbox_id = ?1 LIMIT ?2",
                                                          mailbox, kRowsPerSlice)
                                         : database.query("SELECT mailbox_id, uid, content_id FROM "
                                                          "expunged WHERE mailbox_id = ?1 LIMIT ?2",
                                                          mailbox, kRowsPerSlice));
        if (!gone) return pass(gone);
        if (auto dropped = drop_rows(database, *gone, is_message); !dropped) return pass(dropped);
        if (std::ssize(*gone) == kRowsPerSlice) return true;
    }
    auto noted = database.execute("DELETE FROM annotation WHERE mailbox_id = ?1 AND account_id = "
                                  "(SELECT account_id FROM mailbox WHERE id = ?1)",
                                  mailbox);
    if (!noted) return pass(noted);
    auto done = database.execute("DELETE FROM mailbox WHERE id = ?1", mailbox);
    if (!done) return pass(done);
    return true;
}

} // namespace

void Shard::upkeep(bool is_idle) {
    if (is_dead_) return;
    {
        const std::lock_guard lock(mutex_);
        if (is_idle && !lazy_.empty() && writes_.empty()) {
            // Nobody came for company.
            writes_.push_back(std::move(lazy_.front()));
            lazy_.pop_front();
        }
    }
    look_at_space();
    if (wal_pages_ > options_.limits.wal_pages || (is_idle && wal_pages_ > 0)) checkpoint();
    if (clock_.now() >= next_purge_) purge();
}

// Passive: readers are never waited for. What they hold back is moved by the next one.
void Shard::checkpoint() {
    const auto done = database_->checkpoint(db::CheckpointMode::passive);
    if (!done) {
        if (database_->is_poisoned())
            die(done.error());
        else
            log::warning("store_checkpoint_failed",
                         {{"shard", options_.id.value}, {"error", done.error().internal}});
    } else {
        counters_.wal_frames = static_cast<std::uint64_t>(done->wal_frames);
        counters_.syncs += done->moved_frames > 0 ? 2 : 0; // the WAL, then the database
    }
    wal_pages_ = 0;
}

void Shard::look_at_space() {
    const auto free = files_.free_bytes(options_.directory);
    if (!free) return;
    counters_.free_bytes = *free;
    if (is_read_only()) return;
    const auto& limits = options_.limits;
    const bool has_room = *free >= limits.watermark_bytes;
    if (has_room != has_room_.exchange(has_room)) {
        log::warning(has_room ? "store_space_back" : "store_space_low",
                     {{"shard", options_.id.value}, {"free_bytes", *free}});
        options_.on_room();
    }
    if (has_ballast_ || *free < limits.watermark_bytes + limits.ballast_bytes ||
        limits.ballast_bytes == 0)
        return;
    const auto path = options_.directory + "/ballast";
    auto file = files_.open(path, OpenMode::read_write);
    if (!file) file = files_.open(path, OpenMode::create_new);
    if (!file || !(*file)->allocate(limits.ballast_bytes)) return; // no ballast, no harm
    ballast_ = std::move(*file);
    has_ballast_ = true;
}

void Shard::release_ballast() {
    if (!has_ballast_) return;
    has_ballast_ = false;
    const auto released = ballast_->truncate(0);
    log::warning("store_ballast_released",
                 {{"shard", options_.id.value}, {"ok", released.has_value()}});
    if (has_room_.exchange(false)) options_.on_room();
}

// One slice now; if there is more, at the next chance.
void Shard::purge() {
    const auto more = purge_slice();
    if (!more) {
        log::error("store_purge_failed",
                   {{"shard", options_.id.value}, {"error", more.error().internal}});
        if (database_->is_poisoned() || packs_->is_poisoned() || more.error().code == Errc::io)
            die(more.error());
        else if (database_->is_damaged())
            go_offline(more.error());
    }
    if (!more || !*more) next_purge_ = clock_.now() + kPurgeInterval;
}

Result<bool> Shard::purge_slice() {
    const auto before = to_millis(clock_.now() - options_.limits.retention);
    auto transaction = db::Transaction::begin(*database_);
    if (!transaction) return pass(transaction);
    auto more = purge_expunged(*database_, before);
    if (!more) return more;
    if (!*more) more = purge_mailbox(*database_, before);
    if (!more) return more;
    if (auto done = transaction->commit(); !done) return pass(done);
    if (*more) return true;
    auto compacted = compact_slice();
    if (!compacted || *compacted) return compacted;
    if (auto removed = remove_dead_segments(); !removed) return pass(removed);
    return false;
}

// Copies what still lives in a segment that is mostly dead into the current one; true when there
// was something to do. A body that cannot be read whole stays where it is: its segment is kept as
// evidence.
Result<bool> Shard::compact_slice() {
    auto rows = database_->query("SELECT id, pack, record_offset, metadata_length, length FROM "
                                 "body WHERE pack = (SELECT number FROM pack"
                                 " WHERE live_records > 0 AND live_bytes * 4 < bytes AND number != "
                                 "?1 AND number > ?2 ORDER BY number LIMIT 1) LIMIT ?3",
                                 packs_->current(), compacted_up_to_, kBodiesPerCompaction);
    if (!rows) return pass(rows);
    std::vector<std::pair<std::int64_t, Location>> living;
    std::vector<Record> records;
    for (std::uint64_t bytes = 0; bytes < kBytesPerCompaction;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        const Location location{rows->column<PackNumber>(1), rows->column<std::uint64_t>(2),
                                rows->column<std::uint32_t>(3), rows->column<std::uint32_t>(4)};
        auto record = packs_->read_verified(location);
        if (!record) {
            compacted_up_to_ = location.pack;
            log::error("store_body_damaged", {{"shard", options_.id.value},
                                              {"pack", location.pack.value},
                                              {"offset", location.offset}});
            return false;
        }
        bytes += location.body_length;
        living.emplace_back(rows->column<std::int64_t>(0), location);
        records.push_back(std::move(*record));
    }
    rows->reset();
    if (living.empty()) return false;
    if (auto moved = move_records(living, records); !moved) return pass(moved);
    return true;
}

Result<void> Shard::move_records(const std::vector<std::pair<std::int64_t, Location>>& living,
                                 const std::vector<Record>& records) {
    std::vector<RecordView> views;
    for (const auto& record : records) views.push_back({record.kind, record.metadata, record.body});
    const auto locations = packs_->append(views);
    if (!locations) return pass(locations);
    if (auto synced = packs_->sync(); !synced) return synced;
    auto transaction = db::Transaction::begin(*database_);
    if (!transaction) return pass(transaction);
    for (std::size_t i = 0; i < living.size(); ++i) {
        const auto& [id, from] = living[i];
        const auto& to = (*locations)[i];
        auto moved =
            database_->execute("UPDATE body SET pack = ?2, record_offset = ?3 WHERE id = ?1", id,
                               to.pack, static_cast<std::int64_t>(to.offset));
        if (!moved) return pass(moved);
        const auto length = static_cast<std::int64_t>(to.end() - to.offset);
        auto less = database_->execute(
            "UPDATE pack SET live_records = live_records - 1, live_bytes = live_bytes - ?2"
            " WHERE number = ?1",
            from.pack, length);
        if (!less) return pass(less);
        auto more = database_->execute(
            "INSERT INTO pack (number, records, bytes, live_records, live_bytes)"
            " VALUES (?1, 1, ?2, 1, ?2) ON CONFLICT (number) DO UPDATE SET records = records + 1,"
            " bytes = bytes + ?2, live_records = live_records + 1, live_bytes = live_bytes + ?2",
            to.pack, length);
        if (!more) return pass(more);
    }
    return transaction->commit();
}

// Only where no body is left, whatever the counter says: a file is gone for good. The file first: a
// row without a file is forgotten next time, a file without a row would be there
// for ever.
Result<void> Shard::remove_dead_segments() {
    std::vector<PackNumber> dead;
    {
        auto rows = database_->query("SELECT number FROM pack WHERE live_records = 0 AND number != "
                                     "?1 AND NOT EXISTS (SELECT "
                                     "1 FROM body WHERE body.pack = pack.number)",
                                     packs_->current());
        if (!rows) return pass(rows);
        for (;;) {
            const auto more = rows->step();
            if (!more) return pass(more);
            if (!*more) break;
            dead.push_back(rows->column<PackNumber>(0));
        }
    }
    for (const auto number : dead) {
        const auto removed = packs_->remove_segment(number);
        if (!removed && removed.error().code != Errc::not_found) return removed;
        auto forgotten = database_->execute("DELETE FROM pack WHERE number = ?1", number);
        if (!forgotten) return pass(forgotten);
        log::info("store_segment_removed", {{"shard", options_.id.value}, {"pack", number.value}});
    }
    return {};
}

} // namespace maild::store
