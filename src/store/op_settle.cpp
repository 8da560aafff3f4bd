// What became of queued recipients, and what an admin does with them.
#include "store/operations.hpp"
#include "store/pass.hpp"
#include "store/removal.hpp"

#include <algorithm>

namespace maild::store {
namespace {

using queue::Action;
using queue::Outcome;
using queue::RecipientState;
using queue::Report;

constexpr std::size_t kMaxReason = 1'024; // octets of it that are kept

struct Row {
    std::uint32_t attempts = 0;
    RecipientState state = RecipientState::held;
    Report owes = Report::none;
};

Result<std::optional<Row>> row_for(Batch& batch, const queue::RecipientKey& key) {
    auto row = batch.database.query("SELECT attempts, state, owes FROM queue_recipient WHERE "
                                    "queue_id = ?1 AND position = ?2",
                                    row_of(key.message), std::int64_t{key.position});
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return Row{row->column<std::uint32_t>(0), row->column<RecipientState>(1),
               row->column<Report>(2)};
}

// The message goes with its last recipient.
Result<void> drop_if_done(Batch& batch, QueueId id) {
    auto gone = batch.database.query(
        "DELETE FROM queue_message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM queue_recipient "
        "WHERE queue_id = ?1) RETURNING body_id",
        row_of(id));
    if (!gone) return pass(gone);
    const auto was_last = gone->step();
    if (!was_last) return pass(was_last);
    if (!*was_last) return {};
    const auto body = gone->column<std::int64_t>(0);
    gone->reset();
    return drop_reference(batch.database, body);
}

Result<void> remove(Batch& batch, const queue::RecipientKey& key) {
    auto gone =
        batch.database.execute("DELETE FROM queue_recipient WHERE queue_id = ?1 AND position = ?2",
                               row_of(key.message), std::int64_t{key.position});
    if (!gone) return pass(gone);
    batch.notes.emplace_back(RecipientGone{key.message, key.position});
    return drop_if_done(batch, key.message);
}

Result<void> end(Batch& batch, const queue::Settlement& settlement) {
    if (settlement.owes == Report::none) return remove(batch, settlement.key);
    const auto state =
        settlement.outcome == Outcome::failed ? RecipientState::failed : RecipientState::delivered;
    auto done = batch.database.execute(
        "UPDATE queue_recipient SET state = ?3, owes = ?4, reason = ?5, host = ?6, "
        "last_attempt_at = ?7, status = ?8, attempts = attempts + 1 WHERE queue_id = ?1 AND "
        "position = ?2",
        row_of(settlement.key.message), std::int64_t{settlement.key.position}, state,
        settlement.owes, settlement.reason.substr(0, kMaxReason), settlement.host,
        to_millis(batch.now), settlement.status);
    if (!done) return pass(done);
    return {};
}

// A row that has been held meanwhile stays so.
Result<void> defer(Batch& batch, const queue::Settlement& settlement) {
    auto done = batch.database.execute(
        "UPDATE queue_recipient SET owes = ?3, reason = ?4, host = ?5, last_attempt_at = ?6, "
        "next_attempt_at = ?7, status = ?8, attempts = attempts + 1 WHERE queue_id = ?1 AND "
        "position = ?2",
        row_of(settlement.key.message), std::int64_t{settlement.key.position}, settlement.owes,
        settlement.reason.substr(0, kMaxReason), settlement.host, to_millis(batch.now),
        to_millis(settlement.next_attempt_at), settlement.status);
    if (!done) return pass(done);
    return {};
}

bool is_final(RecipientState state) {
    return state == RecipientState::delivered || state == RecipientState::failed;
}

// False: the key is not up to date.
Result<bool> settle_one(Batch& batch, const queue::Settlement& settlement) {
    if (settlement.outcome == Outcome::released) return true;
    if (settlement.outcome == Outcome::reported) return settle_reported(batch, settlement.key);
    const auto row = row_for(batch, settlement.key);
    if (!row) return pass(row);
    if (!*row || (*row)->attempts != settlement.key.attempts || is_final((*row)->state))
        return false;
    auto done =
        settlement.outcome == Outcome::deferred ? defer(batch, settlement) : end(batch, settlement);
    if (!done) return pass(done);
    return true;
}

} // namespace

Result<std::uint64_t> settle(Batch& batch, std::span<const queue::Settlement> settlements) {
    std::uint64_t passed_over = 0;
    for (const auto& settlement : settlements) {
        const auto done = settle_one(batch, settlement);
        if (!done) return pass(done);
        passed_over += *done ? 0 : 1;
    }
    return passed_over;
}

Result<bool> settle_reported(Batch& batch, const queue::RecipientKey& key) {
    const auto row = row_for(batch, key);
    if (!row) return pass(row);
    if (!*row || (*row)->attempts != key.attempts || (*row)->owes == Report::none) return false;
    if (is_final((*row)->state)) {
        if (auto gone = remove(batch, key); !gone) return pass(gone);
        return true;
    }
    auto told = batch.database.execute(
        "UPDATE queue_recipient SET owes = 0, told_delay = 1 WHERE queue_id = ?1 AND position = ?2",
        row_of(key.message), std::int64_t{key.position});
    if (!told) return pass(told);
    return true;
}

namespace {

constexpr std::int64_t kRowsOfSlice = 10'001; // more than one message has

struct Chosen {
    queue::RecipientKey key;
    std::string reverse_path;
    std::string notify;
};

// Rows of whole messages, ascending; the state of those that are final is nobody's to change.
Result<std::vector<Chosen>> choose(Batch& batch, ShardId shard, const ChangeJob& job) {
    const auto& wanted = job.request.selection;
    const auto text = [](const std::string& value) {
        return value.empty() ? std::nullopt : std::optional(value);
    };
    const auto path =
        wanted.reverse_path == "<>" ? std::optional(std::string()) : text(wanted.reverse_path);
    auto rows = batch.database.query(
        "SELECT r.queue_id, r.position, r.attempts, q.reverse_path, r.notify FROM queue_recipient "
        "r JOIN queue_message q ON q.id = r.queue_id WHERE r.queue_id > ?1 AND r.queue_id <= ?2 "
        "AND r.state IN (0, 1) AND (?3 IS NULL OR r.destination = ?3) AND (?4 IS NULL OR r.address "
        "= ?4) AND (?5 IS NULL OR q.reverse_path = ?5) AND (?6 IS NULL OR r.state = ?6) AND (?7 IS "
        "NULL OR q.queued_at < ?7) ORDER BY r.queue_id, r.position LIMIT ?8",
        job.after, job.last, text(wanted.destination), text(wanted.recipient), path, wanted.state,
        wanted.queued_before ? std::optional(to_millis(*wanted.queued_before)) : std::nullopt,
        kRowsOfSlice);
    if (!rows) return pass(rows);
    std::vector<Chosen> chosen;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return chosen;
        chosen.push_back({{queue_id(shard, rows->column<std::int64_t>(0)),
                           rows->column<std::uint32_t>(1), rows->column<std::uint32_t>(2)},
                          rows->column<std::string>(3),
                          rows->column<std::string>(4)});
    }
}

// RFC 3461 §4.1, and RFC 5321 §6.1: never a report on a report.
bool wants_failure(const Chosen& row) {
    if (row.reverse_path.empty()) return false;
    return row.notify.empty() || row.notify.find("FAILURE") != std::string::npos;
}

Result<void> update(Batch& batch, const Chosen& row, const ChangeJob& job) {
    const auto id = row_of(row.key.message);
    const std::int64_t position = row.key.position;
    auto& database = batch.database;
    const auto& argument = job.request.argument;
    Result<std::int64_t> done = 0;
    switch (job.request.action) {
    case Action::hold:
        done = database.execute("UPDATE queue_recipient SET state = 0, reason = ?3 WHERE queue_id "
                                "= ?1 AND position = ?2",
                                id, position, argument);
        break;
    case Action::release:
        done = database.execute("UPDATE queue_recipient SET state = 1, next_attempt_at = ?3 WHERE "
                                "queue_id = ?1 AND position = ?2 AND state = 0",
                                id, position, to_millis(batch.now));
        break;
    case Action::retry:
        done = database.execute("UPDATE queue_recipient SET next_attempt_at = ?3 WHERE queue_id = "
                                "?1 AND position = ?2 AND state = 1",
                                id, position, to_millis(batch.now));
        break;
    case Action::reroute:
        done = database.execute("UPDATE queue_recipient SET destination = ?3, next_attempt_at = ?4 "
                                "WHERE queue_id = ?1 AND position = ?2",
                                id, position, argument, to_millis(batch.now));
        break;
    case Action::drop: return remove(batch, row.key);
    case Action::fail:
        return end(batch, {.key = row.key,
                           .outcome = Outcome::failed,
                           .owes = wants_failure(row) ? Report::failure : Report::none,
                           .status = "5.7.1",
                           .reason = argument,
                           .host = {},
                           .next_attempt_at = {}});
    }
    if (!done) return pass(done);
    return {};
}

} // namespace

Result<queue::ChangeSlice> change_queue(Batch& batch, ShardId shard, const ChangeJob& job) {
    auto chosen = choose(batch, shard, job);
    if (!chosen) return pass(chosen);
    queue::ChangeSlice slice;
    if (std::ssize(*chosen) == kRowsOfSlice) {
        // Its last message may go on behind: next time, unless it is all there is.
        const auto last = chosen->back().key.message;
        if (chosen->front().key.message != last)
            std::erase_if(*chosen, [last](const Chosen& row) { return row.key.message == last; });
        slice.next = chosen->back().key.message;
    }
    for (const auto& row : *chosen) {
        if (auto done = update(batch, row, job); !done) return pass(done);
        ++slice.changed;
    }
    return slice;
}

Result<void> suspend(Batch& batch, const queue::Suspension& suspension) {
    auto before =
        batch.database.execute("DELETE FROM queue_suspension WHERE destination = ?1 OR until <= ?2",
                               suspension.destination, to_millis(batch.now));
    if (!before) return pass(before);
    if (suspension.until <= batch.now) return {};
    auto done = batch.database.execute(
        "INSERT INTO queue_suspension (destination, until, since, reason) VALUES (?1, ?2, ?3, ?4)",
        suspension.destination, to_millis(suspension.until), to_millis(batch.now),
        suspension.reason.substr(0, kMaxReason));
    if (!done) return pass(done);
    return {};
}

Result<void> suppress(Batch& batch, const queue::Suppression& suppression) {
    auto done = batch.database.execute("INSERT OR REPLACE INTO queue_suppression (address, since, "
                                       "reason) VALUES (?1, ?2, ?3)",
                                       suppression.address, to_millis(batch.now),
                                       suppression.reason.substr(0, kMaxReason));
    if (!done) return pass(done);
    return {};
}

Result<std::uint64_t> unsuppress(Batch& batch, const std::string& address) {
    auto gone = batch.database.execute("DELETE FROM queue_suppression WHERE address = ?1", address);
    if (!gone) return pass(gone);
    return static_cast<std::uint64_t>(*gone);
}

} // namespace maild::store
