// What is read of the queue.
#include "store/pass.hpp"
#include "store/reads.hpp"

#include "maild/db/transaction.hpp"

#include <algorithm>
#include <unordered_map>

namespace maild::store {
namespace {

// From these columns on.
queue::Handling handling_in(const db::Statement& row, int first) {
    queue::Handling handling;
    handling.requires_tls = row.column<bool>(first + 0);
    handling.tls_optional = row.column<bool>(first + 1);
    handling.priority = static_cast<std::int8_t>(row.column<std::int64_t>(first + 2));
    if (!row.is_null(first + 3))
        handling.not_before = from_millis(row.column<std::int64_t>(first + 3));
    if (!row.is_null(first + 4))
        handling.deliver_by = {from_millis(row.column<std::int64_t>(first + 4)),
                               row.column<bool>(first + 5), row.column<bool>(first + 6)};
    return handling;
}

queue::QueuedRecipient queued_row(const db::Statement& row, ShardId shard) {
    queue::QueuedRecipient queued;
    queued.id = queue_id(shard, row.column<std::int64_t>(0));
    queued.reverse_path = row.column<std::string>(1);
    queued.recipient = row.column<std::string>(2);
    queued.state = row.column<queue::RecipientState>(3);
    queued.reason = row.column<std::string>(4);
    queued.size = row.column<std::uint64_t>(5);
    queued.attempts = row.column<std::uint32_t>(6);
    queued.queued_at = from_millis(row.column<std::int64_t>(7));
    queued.next_attempt_at = from_millis(row.column<std::int64_t>(8));
    queued.original_recipient = row.column<std::string>(9);
    queued.notify = row.column<std::string>(10);
    queued.envelope_id = row.column<std::string>(11);
    queued.return_content = row.column<std::string>(12);
    queued.is_8bit = row.column<bool>(13);
    queued.is_smtputf8 = row.column<bool>(14);
    queued.handling = handling_in(row, 15);
    queued.destination = row.column<std::string>(22);
    queued.host = row.column<std::string>(23);
    queued.last_attempt_at = from_millis(row.column<std::int64_t>(24));
    queued.position = row.column<std::uint32_t>(25);
    queued.status = row.column<std::string>(26);
    return queued;
}

// Columns of kRecipientColumns, in their order.
queue::LeasedRecipient leased_row(const db::Statement& row, ShardId shard) {
    queue::LeasedRecipient leased;
    leased.key = {queue_id(shard, row.column<std::int64_t>(0)), row.column<std::uint32_t>(1),
                  row.column<std::uint32_t>(2)};
    leased.recipient = {row.column<std::string>(3), row.column<std::string>(4),
                        row.column<std::string>(5)};
    leased.state = row.column<queue::RecipientState>(6);
    leased.owes = row.column<queue::Report>(7);
    leased.was_told_delay = row.column<bool>(8);
    leased.reason = row.column<std::string>(9);
    leased.host = row.column<std::string>(10);
    leased.last_attempt_at = from_millis(row.column<std::int64_t>(11));
    leased.status = row.column<std::string>(12);
    return leased;
}

// The whole message's part; none: it has no row.
Result<std::optional<queue::LeasedMessage>> message_of(db::Database& database, QueueId id) {
    auto row = database.query(
        "SELECT account_id, reverse_path, envelope_id, return_content, is_8bit, is_smtputf8, size, "
        "queued_at, requires_tls, tls_optional, priority, not_before, deliver_by, "
        "deliver_by_returns, deliver_by_traces FROM queue_message WHERE id = ?1",
        row_of(id));
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    queue::LeasedMessage message;
    message.id = id;
    message.account = row->column<AccountId>(0);
    message.envelope.reverse_path = row->column<std::string>(1);
    message.envelope.envelope_id = row->column<std::string>(2);
    message.envelope.return_content = row->column<std::string>(3);
    message.envelope.is_8bit = row->column<bool>(4);
    message.envelope.is_smtputf8 = row->column<bool>(5);
    message.size = row->column<std::uint64_t>(6);
    message.queued_at = from_millis(row->column<std::int64_t>(7));
    message.envelope.handling = handling_in(*row, 8);
    return message;
}

// In the order in which each message comes first. A recipient whose message is not there is damage
// that a check finds.
Result<std::vector<queue::LeasedMessage>> in_messages(db::Database& database,
                                                      std::vector<queue::LeasedRecipient> rows) {
    std::vector<queue::LeasedMessage> messages;
    std::unordered_map<QueueId, std::size_t> places;
    for (auto& row : rows) {
        const auto [place, is_new] = places.try_emplace(row.key.message, messages.size());
        if (is_new) {
            auto message = message_of(database, row.key.message);
            if (!message) return pass(message);
            if (!*message) {
                places.erase(place);
                continue;
            }
            messages.push_back(std::move(**message));
        }
        messages[place->second].recipients.push_back(std::move(row));
    }
    return messages;
}

struct Due {
    std::int64_t rank = 0;
    WallTime at{};
};

// Of what has a greater rank, that which has the least, and is due first.
Result<std::optional<Due>> next_due(db::Database& database, const std::string& destination,
                                    std::int64_t above) {
    auto row = database.query("SELECT rank, next_attempt_at FROM queue_recipient WHERE state = 1 "
                              "AND destination = ?1 AND rank > ?2 ORDER BY rank, next_attempt_at "
                              "LIMIT 1",
                              destination, above);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return Due{row->column<std::int64_t>(0), from_millis(row->column<std::int64_t>(1))};
}

Result<std::optional<std::string>> next_destination(db::Database& database,
                                                    const std::string& after) {
    auto row = database.query("SELECT destination FROM queue_recipient WHERE state = 1 AND "
                              "destination > ?1 ORDER BY destination LIMIT 1",
                              after);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return row->column<std::string>(0);
}

constexpr std::int64_t kLeastRank = -1'000; // below all: ranks are priorities, -9 to 9

Result<void> add_due(db::Database& database, const LeaseWanted& wanted, std::int64_t rank,
                     std::vector<queue::LeasedRecipient>& out) {
    const auto room = static_cast<std::int64_t>(wanted.most - out.size());
    auto rows = database.query(
        "SELECT queue_id, position, attempts, address, original_recipient, notify, state, owes, "
        "told_delay, reason, host, last_attempt_at, status FROM queue_recipient WHERE state = 1 "
        "AND "
        "destination = ?1 AND rank = ?2 AND next_attempt_at <= ?3 ORDER BY next_attempt_at, "
        "queue_id, position LIMIT ?4",
        wanted.destination, rank, to_millis(wanted.now), room);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        out.push_back(leased_row(*rows, wanted.shard));
    }
}

} // namespace

Result<std::vector<queue::QueuedRecipient>> read_queue(Reading& reading, ShardId shard,
                                                       QueueId after, std::uint32_t limit) {
    const auto base = std::int64_t{shard.value} << kQueueRowBits;
    const auto first = std::max<std::int64_t>(after.value - base, 0);
    auto rows = reading.database.query(
        "SELECT m.id, m.reverse_path, r.address, r.state, r.reason, m.size, r.attempts, "
        "m.queued_at, r.next_attempt_at, r.original_recipient, r.notify, m.envelope_id, "
        "m.return_content, m.is_8bit, m.is_smtputf8, m.requires_tls, m.tls_optional, m.priority, "
        "m.not_before, m.deliver_by, m.deliver_by_returns, m.deliver_by_traces, "
        "r.destination, r.host, r.last_attempt_at, r.position, r.status FROM queue_message m JOIN "
        "queue_recipient r ON r.queue_id = m.id WHERE m.id > ?1 ORDER BY m.id, r.position",
        first);
    if (!rows) return pass(rows);
    std::vector<queue::QueuedRecipient> queued;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return queued;
        auto row = queued_row(*rows, shard);
        if (queued.size() >= limit && (queued.empty() || row.id != queued.back().id))
            return queued; // whole messages
        queued.push_back(std::move(row));
    }
}

Result<std::vector<queue::Destination>> read_destinations(Reading& reading, std::string after,
                                                          std::uint32_t most) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    std::vector<queue::Destination> found;
    while (found.size() < most) {
        auto next = next_destination(reading.database, after);
        if (!next) return pass(next);
        if (!*next) break;
        after = **next;
        queue::Destination destination{std::move(**next), WallTime::max()};
        auto due = next_due(reading.database, destination.domain, kLeastRank);
        while (due && *due) {
            destination.first_due = std::min(destination.first_due, (*due)->at);
            due = next_due(reading.database, destination.domain, (*due)->rank);
        }
        if (!due) return pass(due);
        found.push_back(std::move(destination));
    }
    return found;
}

Result<std::vector<queue::LeasedMessage>> read_due(Reading& reading, const LeaseWanted& wanted) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    std::vector<queue::LeasedRecipient> rows;
    auto due = next_due(reading.database, wanted.destination, kLeastRank);
    while (due && *due && rows.size() < wanted.most) {
        if (auto added = add_due(reading.database, wanted, (*due)->rank, rows); !added)
            return pass(added);
        due = next_due(reading.database, wanted.destination, (*due)->rank);
    }
    if (!due) return pass(due);
    std::erase_if(rows, [&](const queue::LeasedRecipient& row) {
        return std::ranges::binary_search(wanted.except,
                                          std::pair(row.key.message, row.key.position));
    });
    return in_messages(reading.database, std::move(rows));
}

Result<std::vector<queue::LeasedMessage>> read_owed(Reading& reading, ShardId shard, QueueId after,
                                                    std::uint32_t most) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    const auto base = std::int64_t{shard.value} << kQueueRowBits;
    auto rows = reading.database.query(
        "SELECT queue_id, position, attempts, address, original_recipient, notify, state, owes, "
        "told_delay, reason, host, last_attempt_at, status FROM queue_recipient WHERE owes != 0 "
        "AND "
        "queue_id > ?1 ORDER BY queue_id, position",
        std::max<std::int64_t>(after.value - base, 0));
    if (!rows) return pass(rows);
    std::vector<queue::LeasedRecipient> found;
    std::uint32_t messages = 0;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        auto row = leased_row(*rows, shard);
        if (found.empty() || found.back().key.message != row.key.message) {
            if (++messages > most) break; // whole messages
        }
        found.push_back(std::move(row));
    }
    rows->reset();
    return in_messages(reading.database, std::move(found));
}

namespace {

// None: it has left the queue.
Result<std::optional<BodyPiece>> place_of(Reading& reading, QueueId id) {
    auto row = reading.database.query(
        "SELECT q.prefix, b.pack, b.record_offset, b.metadata_length, b.length FROM queue_message "
        "q JOIN body b ON b.id = q.body_id WHERE q.id = ?1",
        row_of(id));
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    return BodyPiece{row->column<std::string>(0),
                     Location{row->column<PackNumber>(1), row->column<std::uint64_t>(2),
                              row->column<std::uint32_t>(3), row->column<std::uint32_t>(4)}};
}

} // namespace

Result<std::string> read_queued_piece(Reading& reading, QueueId id, std::uint64_t offset,
                                      std::uint64_t length) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    auto piece = place_of(reading, id);
    if (!piece) return pass(piece);
    if (!*piece) return fail(Errc::not_found, "it has left the queue");
    (*piece)->offset = offset;
    (*piece)->length = length;
    return read_body_piece(reading, **piece);
}

// One that cannot be read costs the others nothing: who reads it alone hears why.
Result<std::vector<std::string>> read_queued_whole(Reading& reading,
                                                   const std::vector<QueueId>& wanted) {
    auto view = db::Transaction::begin_read(reading.database);
    if (!view) return pass(view);
    std::vector<std::string> contents;
    for (const auto id : wanted) {
        auto& content = contents.emplace_back();
        auto piece = place_of(reading, id);
        if (!piece) return pass(piece);
        if (!*piece) continue;
        (*piece)->length = (*piece)->prefix.size() + (*piece)->location.body_length;
        if ((*piece)->length > kMaxWhole) continue;
        if (auto read = read_body_piece(reading, **piece)) content = std::move(*read);
    }
    return contents;
}

Result<std::vector<queue::DestinationFigures>> read_queue_figures(Reading& reading,
                                                                  std::uint32_t most) {
    auto rows = reading.database.query(
        "SELECT r.destination, sum(r.state = 1), sum(r.state = 0), sum(r.state = 1 AND r.attempts "
        "> "
        "0), min(iif(r.state = 1, max(q.queued_at, ifnull(q.not_before, 0)), NULL)), "
        "min(iif(r.state = 1, r.next_attempt_at, NULL)), count(*) AS n FROM "
        "queue_recipient r JOIN queue_message q ON q.id = r.queue_id GROUP BY r.destination ORDER "
        "BY n DESC, r.destination LIMIT ?1",
        std::int64_t{most});
    if (!rows) return pass(rows);
    std::vector<queue::DestinationFigures> all;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return all;
        queue::DestinationFigures figures;
        figures.domain = rows->column<std::string>(0);
        figures.due = rows->column<std::uint64_t>(1);
        figures.held = rows->column<std::uint64_t>(2);
        figures.deferred = rows->column<std::uint64_t>(3);
        if (!rows->is_null(4)) figures.oldest = from_millis(rows->column<std::int64_t>(4));
        if (!rows->is_null(5)) figures.next_attempt_at = from_millis(rows->column<std::int64_t>(5));
        all.push_back(std::move(figures));
    }
}

Result<std::vector<queue::Suspension>> read_suspensions(Reading& reading, WallTime now) {
    auto rows = reading.database.query("SELECT destination, until, since, reason FROM "
                                       "queue_suspension WHERE until > ?1 ORDER BY destination",
                                       to_millis(now));
    if (!rows) return pass(rows);
    std::vector<queue::Suspension> all;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return all;
        all.push_back({rows->column<std::string>(0), from_millis(rows->column<std::int64_t>(1)),
                       from_millis(rows->column<std::int64_t>(2)), rows->column<std::string>(3)});
    }
}

Result<std::vector<queue::Suppression>>
read_suppressions(Reading& reading, const std::string& after, std::uint32_t most) {
    auto rows = reading.database.query("SELECT address, since, reason FROM queue_suppression WHERE "
                                       "address > ?1 ORDER BY address LIMIT ?2",
                                       after, std::int64_t{most});
    if (!rows) return pass(rows);
    std::vector<queue::Suppression> all;
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return all;
        all.push_back({rows->column<std::string>(0), from_millis(rows->column<std::int64_t>(1)),
                       rows->column<std::string>(2)});
    }
}

} // namespace maild::store
