#include "store/operations.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

// Why mail for it goes back at once, if it does.
Result<std::optional<std::string>> suppressed_because(Batch& batch, const std::string& address) {
    auto row =
        batch.database.query("SELECT reason FROM queue_suppression WHERE address = ?1", address);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return row->column<std::string>(0);
}

// As if a host had refused it. Whether its sender wants to hear of it is for who reports to see.
Result<void> refuse_suppressed(Batch& batch, std::int64_t id, const queue::Envelope& envelope) {
    std::int64_t position = -1;
    for (const auto& recipient : envelope.recipients) {
        ++position;
        const auto why = suppressed_because(batch, recipient.address);
        if (!why) return pass(why);
        if (!*why) continue;
        auto done = batch.database.execute(
            "UPDATE queue_recipient SET state = ?3, owes = ?4, status = '5.7.1', reason = ?5, "
            "attempts = 1, last_attempt_at = ?6 WHERE queue_id = ?1 AND position = ?2",
            id, position, queue::RecipientState::failed, queue::Report::failure,
            "suppressed by the postmaster" + ((*why)->empty() ? "" : ": " + **why),
            to_millis(batch.now));
        if (!done) return pass(done);
    }
    return {};
}

Result<void> insert_recipients(Batch& batch, std::int64_t id, const RelayJob& job) {
    const auto state =
        job.hold_reason.empty() ? queue::RecipientState::due : queue::RecipientState::held;
    const auto first_attempt = to_millis(queue::first_attempt_of(job.envelope, batch.now));
    const auto rank = -std::int64_t{job.envelope.handling.priority};
    std::int64_t position = 0;
    for (const auto& recipient : job.envelope.recipients) {
        auto done = batch.database.execute(
            "INSERT INTO queue_recipient (queue_id, position, address, "
            "original_recipient, notify, state, reason, next_attempt_at, "
            "destination, rank) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, "
            "?9, ?10)",
            id, position++, recipient.address, recipient.original_recipient, recipient.notify,
            state, job.hold_reason, first_attempt, queue::destination_of(recipient.address), rank);
        if (!done) return pass(done);
    }
    return {};
}

} // namespace

Result<void> set_handling(db::Database& database, std::int64_t row,
                          const queue::Handling& handling) {
    if (handling == queue::Handling{}) return {};
    const auto millis = [](const std::optional<WallTime>& time) {
        return time ? std::optional(to_millis(*time)) : std::nullopt;
    };
    const auto by = handling.deliver_by.value_or(queue::DeliverBy{});
    const auto deadline = handling.deliver_by ? std::optional(by.deadline) : std::nullopt;
    auto done = database.execute(
        "UPDATE queue_message SET requires_tls = ?2, tls_optional = ?3, priority = ?4, not_before "
        "= ?5, deliver_by = ?6, deliver_by_returns = ?7, deliver_by_traces = ?8 WHERE id = ?1",
        row, handling.requires_tls, handling.tls_optional, std::int64_t{handling.priority},
        millis(handling.not_before), millis(deadline), by.returns, by.traces);
    if (!done) return pass(done);
    return {};
}

Result<QueueId> enqueue(Batch& batch, PendingBody& body, const RelayJob& job) {
    const auto& envelope = job.envelope;
    const auto size = static_cast<std::int64_t>(job.prefix.size() + body.source->content.size());
    auto done = batch.database.execute(
        "INSERT INTO queue_message (account_id, body_id, prefix, reverse_path, envelope_id, "
        "return_content, is_8bit,"
        " is_smtputf8, size, queued_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        job.account, body.id, db::Blob{job.prefix}, envelope.reverse_path, envelope.envelope_id,
        envelope.return_content, envelope.is_8bit, envelope.is_smtputf8, size,
        to_millis(batch.now));
    if (!done) return pass(done);
    const auto row = batch.database.last_insert_rowid();
    if (auto kept = set_handling(batch.database, row, envelope.handling); !kept) return pass(kept);
    if (auto rows = insert_recipients(batch, row, job); !rows) return pass(rows);
    if (auto refused = refuse_suppressed(batch, row, envelope); !refused) return pass(refused);
    ++body.refs;
    const auto id = queue_id(job.shard, row);
    body.metadata.relay =
        RecordedRelay{job.account, id, envelope, job.prefix, job.hold_reason, batch.now};
    return id;
}

} // namespace maild::store
