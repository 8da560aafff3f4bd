// Checking: rows of the queue that make no sense.
#include "store/check.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"
#include "store/removal.hpp"

#include "maild/db/transaction.hpp"

namespace maild::store {
namespace {

constexpr std::int64_t kRowsPerSlice = 1000;

std::string name_of_row(const Checking& check, std::int64_t row) {
    return "the queue's message " +
           std::to_string((std::int64_t{check.at.shard.value} << kQueueRowBits) + row);
}

Result<void> drop_message(Batch& batch, std::int64_t row, std::int64_t body) {
    auto done = batch.database.execute("DELETE FROM queue_message WHERE id = ?1 AND NOT EXISTS "
                                       "(SELECT 1 FROM queue_recipient WHERE queue_id = ?1)",
                                       row);
    if (!done) return pass(done);
    return *done == 0 ? Result<void>() : drop_reference(batch.database, body);
}

// Held, so that an admin decides: what it was is not known any more.
Result<void> hold(Batch& batch, std::int64_t row, std::int64_t position, std::int64_t state) {
    auto done = batch.database.execute(
        "UPDATE queue_recipient SET state = 0, reason = 'its state was not readable'"
        " WHERE queue_id = ?1 AND position = ?2 AND state = ?3",
        row, position, state);
    if (!done) return pass(done);
    return {};
}

Result<void> drop_recipients(Batch& batch, std::int64_t row) {
    auto done = batch.database.execute("DELETE FROM queue_recipient WHERE queue_id = ?1 AND NOT "
                                       "EXISTS (SELECT 1 FROM queue_message WHERE id = ?1)",
                                       row);
    if (!done) return pass(done);
    return {};
}

// Only while both still wait.
Result<void> drop_duplicate(Batch& batch, std::int64_t row, std::int64_t position) {
    auto done = batch.database.execute(
        "DELETE FROM queue_recipient AS r WHERE r.queue_id = ?1 AND r.position = ?2 AND r.state IN "
        "(0, 1) AND EXISTS (SELECT 1 FROM queue_recipient o JOIN queue_message om ON om.id = "
        "o.queue_id JOIN queue_message rm ON rm.id = r.queue_id WHERE om.body_id = rm.body_id AND "
        "o.address = r.address AND o.state IN (0, 1) AND (o.queue_id, o.position) < (r.queue_id, "
        "r.position))",
        row, position);
    if (!done) return pass(done);
    return {};
}

Result<std::int64_t> check_messages_of(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT q.id, q.account_id, q.body_id, EXISTS (SELECT 1 FROM body WHERE id = q.body_id),"
        " EXISTS (SELECT 1 FROM queue_recipient WHERE queue_id = q.id) FROM queue_message q WHERE "
        "q.id > ?1 ORDER BY q.id LIMIT ?2",
        check.at.first, kRowsPerSlice);
    if (!rows) return pass(rows);
    for (std::int64_t count = 0;; ++count) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return count;
        const auto id = rows->column<std::int64_t>(0);
        check.at.first = id;
        ++check.counts.queued;
        const auto account = rows->column<AccountId>(1);
        if (!rows->column<bool>(3)) {
            check.add(FindingKind::queue, name_of_row(check, id) + " has lost its body")
                .finding.account = account;
        }
        if (rows->column<bool>(4)) continue;
        auto& fault = check.add(FindingKind::queue, name_of_row(check, id) + " has no recipient");
        fault.finding.account = account;
        fault.mend = [id, body = rows->column<std::int64_t>(2)](Batch& batch) {
            return drop_message(batch, id, body);
        };
    }
}

// In the first slice: the queue is small beside the mail.
Result<void> check_states(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT r.queue_id, r.position, r.state, q.account_id FROM queue_recipient r LEFT JOIN "
        "queue_message q ON q.id = r.queue_id WHERE q.id IS NULL OR r.state < 0 OR r.state > ?1 "
        "ORDER BY r.queue_id, r.position LIMIT ?2",
        queue::RecipientState::failed, kRowsPerSlice);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        const auto id = rows->column<std::int64_t>(0);
        if (rows->is_null(3)) {
            check.add(FindingKind::queue, name_of_row(check, id) + " is lost, a recipient is left")
                .mend = [id](Batch& batch) { return drop_recipients(batch, id); };
            continue;
        }
        const auto state = rows->column<std::int64_t>(2);
        auto& fault =
            check.add(FindingKind::queue, name_of_row(check, id) +
                                              " has a recipient in a state that does not exist, " +
                                              std::to_string(state));
        fault.finding.account = rows->column<AccountId>(3);
        fault.mend = [id, position = rows->column<std::int64_t>(1), state](Batch& batch) {
            return hold(batch, id, position, state);
        };
    }
}

Result<void> check_duplicates(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT queue_id, position, account_id, address FROM (SELECT r.queue_id, r.position, "
        "q.account_id, r.address, row_number() OVER (PARTITION BY q.body_id, r.address ORDER BY "
        "r.queue_id, r.position) AS n FROM queue_message q JOIN queue_recipient r ON r.queue_id = "
        "q.id WHERE r.state IN (0, 1)) WHERE n > 1 LIMIT ?1",
        kRowsPerSlice);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        const auto id = rows->column<std::int64_t>(0);
        auto& fault = check.add(FindingKind::queue, name_of_row(check, id) + " waits twice for " +
                                                        rows->column<std::string>(3));
        fault.finding.account = rows->column<AccountId>(2);
        fault.mend = [id, position = rows->column<std::int64_t>(1)](Batch& batch) {
            return drop_duplicate(batch, id, position);
        };
    }
}

} // namespace

Result<bool> check_queue(Checking& check) {
    auto& database = check.reading.database;
    const auto view = db::Transaction::begin_read(database);
    if (!view) return pass(view);
    if (check.at.first == 0) {
        if (auto states = check_states(check); !states) return pass(states);
        if (auto duplicates = check_duplicates(check); !duplicates) return pass(duplicates);
    }
    const auto count = check_messages_of(check);
    if (!count) return pass(count);
    const auto percent =
        percent_of(check.at.first, database.prepare("SELECT max(id) FROM queue_message"));
    if (!percent) return pass(percent);
    check.percent = *percent;
    return *count < kRowsPerSlice;
}

} // namespace maild::store
