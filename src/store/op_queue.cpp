#include "store/operations.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

Result<void> insert_recipients(Batch& batch, std::int64_t id, const RelayJob& job) {
    const auto state =
        job.hold_reason.empty() ? queue::RecipientState::due : queue::RecipientState::held;
    std::int64_t position = 0;
    for (const auto& recipient : job.envelope.recipients) {
        auto done =
            batch.database.execute("INSERT INTO queue_recipient (queue_id, position, address, "
                                   "original_recipient, notify, state, reason,"
                                   " next_attempt_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                                   id, position++, recipient.address, recipient.original_recipient,
                                   recipient.notify, state, job.hold_reason, to_millis(batch.now));
        if (!done) return pass(done);
    }
    return {};
}

} // namespace

// Ids of several shards never meet: the shard's number stands above the row's.
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
    if (auto rows = insert_recipients(batch, row, job); !rows) return pass(rows);
    ++body.refs;
    const QueueId id((std::int64_t{job.shard.value} << kQueueRowBits) + row);
    body.metadata.relay =
        RecordedRelay{job.account, id, envelope, job.prefix, job.hold_reason, batch.now};
    return id;
}

} // namespace maild::store
