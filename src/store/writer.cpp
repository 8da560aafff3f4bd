// The writer's thread: group commit.
#include "store/digest.hpp"
#include "store/pass.hpp"
#include "store/search_index.hpp"
#include "store/shard.hpp"

#include "maild/base/crc32c.hpp"
#include "maild/base/log.hpp"
#include "maild/base/thread_name.hpp"
#include "maild/db/transaction.hpp"
#include "maild/store/uid_set.hpp"

#include <iterator>

namespace maild::store {
namespace {

constexpr std::uint64_t kPagesPerRequest = 12; // b-trees that a delivery touches
constexpr std::uint64_t kChangesPerPage = 32;  // rows that lie side by side

// Not of one request: the disk has failed or is full, and the transaction with it.
bool is_of_the_disk(const Error& error) {
    return error.code == Errc::io || error.code == Errc::no_space || error.code == Errc::busy;
}

std::uint64_t rows_of(const Change& change) {
    const auto* flags = std::get_if<FlagsChanged>(&change);
    return flags == nullptr ? 1 : count_of(flags->uids);
}

// A record that would be too large is told without the structure; without that it is a request of
// absurd size.
Result<std::string> metadata_of(PendingBody& body) {
    auto described = body.metadata;
    described.structure = body.source->structure;
    auto bytes = encode_metadata(described);
    if (bytes.size() > kMaxMetadataLength) {
        described.structure = {};
        bytes = encode_metadata(described);
    }
    if (bytes.size() > kMaxMetadataLength || body.source->content.size() > kMaxBodyLength)
        return fail(Errc::too_large);
    return bytes;
}

} // namespace

void Shard::submit(WriteRequest request) {
    if (is_read_only()) {
        refuse(std::move(request), {Errc::unavailable, "the shard is read-only"});
        return;
    }
    {
        const std::lock_guard lock(mutex_);
        const bool is_full = writes_.size() >= options_.limits.waiting_requests ||
                             waiting_bytes_ + request.body_bytes > options_.limits.waiting_bytes;
        if (!is_dead_ && !is_stopping_ && request.is_lazy) {
            lazy_.push_back(std::move(request));
            return;
        }
        if (!is_dead_ && !is_stopping_ && !is_full) {
            waiting_bytes_ += request.body_bytes;
            writes_.push_back(std::move(request));
            wake_writer();
            return;
        }
    }
    const bool is_dead = is_dead_;
    refuse(std::move(request), {is_dead ? Errc::unavailable : Errc::busy, "shard queue"});
}

void Shard::refuse(WriteRequest request, const Error& error) {
    std::vector<Committed> refused;
    refused.push_back({std::move(request.done), std::unexpected(error), {}, {}, request.origin});
    options_.on_committed(std::move(refused));
}

void Shard::wake_writer() {
    if (options_.executor != nullptr)
        options_.executor->post(unless_gone(&Shard::write_once));
    else
        writes_waiting_.notify_one();
}

void Shard::run_writer() {
    name_thread("writer");
    auto last_upkeep = std::chrono::steady_clock::now();
    for (;;) {
        bool is_idle = false;
        {
            std::unique_lock lock(mutex_);
            const auto has_work = [this] { return is_stopping_ || !writes_.empty(); };
            is_idle = !writes_waiting_.wait_for(lock, options_.limits.tick, has_work);
            if (is_stopping_ && writes_.empty() && lazy_.empty()) break;
        }
        auto group = next_group();
        if (!group.empty()) commit_group(std::move(group));
        const auto now = std::chrono::steady_clock::now();
        const bool is_due = is_idle || now - last_upkeep > options_.limits.tick;
        if (is_due) last_upkeep = now;
        if (is_due || wal_pages_ > options_.limits.wal_pages) upkeep(is_idle);
    }
    if (!is_dead_) checkpoint();
}

// Whatever waits, up to a limit that keeps a group's memory and its locks' time bounded; lazy
// requests come along.
std::vector<WriteRequest> Shard::next_group() {
    const std::lock_guard lock(mutex_);
    std::vector<WriteRequest> group;
    std::uint64_t bytes = 0;
    while (!writes_.empty() && group.size() < options_.limits.group_requests &&
           bytes < options_.limits.group_bytes) {
        bytes += writes_.front().body_bytes;
        group.push_back(std::move(writes_.front()));
        writes_.pop_front();
    }
    waiting_bytes_ -= bytes;
    std::move(lazy_.begin(), lazy_.end(), std::back_inserter(group));
    lazy_.clear();
    return group;
}

void Shard::commit_group(std::vector<WriteRequest> group) {
    if (is_dead_) {
        fail_all(std::move(group), {Errc::unavailable, "shard is dead"});
        return;
    }
    std::vector<Committed> committed;
    committed.reserve(group.size());
    const auto done = try_group(group, committed);
    if (done) {
        for (std::size_t i = 0; i < group.size(); ++i) committed[i].done = std::move(group[i].done);
        counters_.requests += group.size();
        options_.on_committed(std::move(committed));
        return;
    }
    const bool is_broken =
        database_->is_poisoned() || packs_->is_poisoned() || done.error().code == Errc::io;
    if (is_broken) {
        fail_all(std::move(group), done.error());
        die(done.error());
    } else if (database_->is_damaged()) {
        fail_all(std::move(group), {Errc::unavailable, done.error().internal});
        go_offline(done.error());
    } else
        retry_without_bodies(std::move(group), done.error());
}

Result<void> Shard::try_group(std::vector<WriteRequest>& group, std::vector<Committed>& committed) {
    auto transaction = db::Transaction::begin(*database_);
    if (!transaction) return pass(transaction);
    Batch batch(*database_, clock_.now(), random_, next_body_, next_content_);
    for (auto& request : group) {
        auto& entry = committed.emplace_back(nullptr, Result<void>(), std::vector<MailboxNews>(),
                                             std::vector<NameNews>(), request.origin);
        entry.outcome = run_one(batch, request, entry);
        if (!entry.outcome && (is_of_the_disk(entry.outcome.error()) || database_->is_damaged()))
            return entry.outcome;
    }
    if (!batch.bodies.empty()) {
        if (auto stored = store_bodies(batch); !stored) return stored;
    }
    if (auto done = commit(*transaction, batch.reparsed); !done) return done;
    next_body_ = batch.next_body();
    next_content_ = batch.next_content();
    counters_.delivered += batch.delivered;
    ++counters_.commits;
    ++counters_.syncs; // of the WAL
    append_notes(batch.notes);
    tell_index();
    return {};
}

Result<void> Shard::commit(db::Transaction& transaction,
                           const std::vector<std::int64_t>& reparsed) {
    if (reparsed.empty()) return transaction.commit();
    auto done = forget_in_index(reparsed);
    if (done) done = transaction.commit();
    index_->end_forgetting();
    return done;
}

Result<void> Shard::run_one(Batch& batch, WriteRequest& request, Committed& committed) {
    auto savepoint = db::Savepoint::begin(*database_);
    if (!savepoint) return pass(savepoint);
    const auto mark = batch.mark();
    auto outcome = request.run(batch);
    for (auto i = mark.bodies; outcome && i < batch.bodies.size(); ++i) {
        auto metadata = metadata_of(batch.bodies[i]);
        if (metadata)
            batch.bodies[i].encoded = std::move(*metadata);
        else
            outcome = pass(metadata);
    }
    if (outcome) outcome = savepoint->release();
    if (!outcome) {
        savepoint->rollback();
        batch.back_to(mark);
        return outcome;
    }
    wal_pages_ += kPagesPerRequest;
    for (auto& news : batch.news) {
        std::uint64_t rows = 0;
        for (const auto& change : news.changes) rows += rows_of(change);
        wal_pages_ += rows / kChangesPerPage;
        committed.news.push_back(std::move(news));
    }
    batch.news.clear();
    committed.names = std::exchange(batch.names, {});
    return {};
}

// The bodies of all requests: one write, one sync, before the transaction that refers to them is
// committed.
Result<void> Shard::store_bodies(Batch& batch) {
    std::vector<RecordView> records;
    records.reserve(batch.bodies.size());
    for (const auto& body : batch.bodies)
        records.push_back({RecordKind::message, body.encoded, body.source->content});
    const auto locations = packs_->append(records);
    if (!locations) return pass(locations);
    std::uint64_t bytes = 0;
    for (std::size_t i = 0; i < locations->size(); ++i) {
        const auto& location = (*locations)[i];
        bytes += location.end() - location.offset;
        if (auto done = insert_body(batch, batch.bodies[i], location); !done) return done;
    }
    auto counted = batch.database.execute(
        "INSERT INTO pack (number, records, bytes, live_records, live_bytes) VALUES (?1, ?2, ?3, "
        "?2, ?3)"
        " ON CONFLICT (number) DO UPDATE SET records = records + ?2, bytes = bytes + ?3,"
        " live_records = live_records + ?2, live_bytes = live_bytes + ?3",
        locations->front().pack, std::ssize(*locations), static_cast<std::int64_t>(bytes));
    if (!counted) return pass(counted);
    ++counters_.syncs;
    return packs_->sync();
}

Result<void> Shard::insert_body(Batch& batch, const PendingBody& body, const Location& location) {
    const std::string_view content = body.source->content;
    const auto digest = sha256(content);
    auto done = batch.database.execute(
        "INSERT INTO body (id, pack, record_offset, metadata_length, length, header_size, "
        "header_crc, digest, refs)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        body.id, location.pack, static_cast<std::int64_t>(location.offset),
        location.metadata_length, location.body_length, body.source->header_size,
        crc32c(content.substr(0, body.source->header_size)), db::Blob{digest}, body.refs);
    if (!done) return pass(done);
    return {};
}

// After the commit, so that they tell only what is true; without a sync, because nothing is
// promised about them.
void Shard::append_notes(const std::vector<Note>& notes) {
    if (notes.empty()) return;
    std::vector<std::string> encoded;
    encoded.reserve(notes.size());
    std::vector<RecordView> records;
    for (const auto& note : notes) {
        encoded.push_back(encode_metadata(note));
        if (encoded.back().size() <= kMaxMetadataLength)
            records.push_back({RecordKind::note, encoded.back(), {}});
    }
    const auto appended = packs_->append(records);
    if (!appended)
        log::warning("store_note_lost",
                     {{"shard", options_.id.value}, {"error", appended.error().internal}});
    if (packs_->is_poisoned()) die(appended.error());
}

// The disk is full, and SQLite or the pack said so before anything was half done. Mail cannot be
// taken, but what makes room must still be possible: the ballast is given back, and the rest of the
// group is tried once more, one by one.
void Shard::retry_without_bodies(std::vector<WriteRequest> group, const Error& error) {
    release_ballast();
    for (auto& request : group) {
        if (request.body_bytes != 0) {
            refuse(std::move(request), error);
            continue;
        }
        std::vector<WriteRequest> alone;
        alone.push_back(std::move(request));
        std::vector<Committed> committed;
        const auto done =
            is_dead_ ? Result<void>(fail(Errc::unavailable)) : try_group(alone, committed);
        if (done) {
            committed.front().done = std::move(alone.front().done);
            options_.on_committed(std::move(committed));
            continue;
        }
        refuse(std::move(alone.front()), done.error());
        if (database_->is_poisoned() || packs_->is_poisoned() || done.error().code == Errc::io)
            die(done.error());
        else if (database_->is_damaged())
            go_offline(done.error());
    }
}

void Shard::fail_all(std::vector<WriteRequest> group, const Error& error) {
    std::vector<Committed> failed;
    for (auto& request : group)
        failed.push_back({std::move(request.done), std::unexpected(error), {}, {}, request.origin});
    options_.on_committed(std::move(failed));
}

void Shard::go_offline(const Error& error) {
    {
        const std::lock_guard lock(mutex_);
        if (is_dead_) return;
        is_dead_ = true;
    }
    options_.on_damaged(error, true);
}

void Shard::die(const Error& error) {
    {
        const std::lock_guard lock(mutex_);
        if (is_dead_) return;
        is_dead_ = true;
    }
    log::critical("store_shard_dead", {{"shard", options_.id.value}, {"error", error.internal}});
    options_.on_fatal(error);
}

} // namespace maild::store
