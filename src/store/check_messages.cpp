// Checking: each message row leads to a body, and says its size.
#include "store/check.hpp"
#include "store/meta.hpp"
#include "store/pass.hpp"

#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::int64_t kRowsPerSlice = 5000;
constexpr std::int64_t kBodiesPerSlice = 200; // of one account, whose bodies are looked at here

struct Place {
    MailboxId mailbox;
    AccountId account;
    MailboxName name;
};

// The mailbox that the cursor is in, or the next one.
Result<std::optional<Place>> find_place(Checking& check) {
    auto row = check.reading.database.query(
        "SELECT id, account_id, name FROM mailbox WHERE id >= ?1 AND deleted_at IS NULL AND (?2 IS "
        "NULL OR account_id = ?2) ORDER BY id LIMIT 1",
        check.at.first, account_of(check));
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return std::nullopt;
    Place place{row->column<MailboxId>(0), row->column<AccountId>(1), row->column<MailboxName>(2)};
    if (place.mailbox.value != check.at.first) check.at.second = 0;
    check.at.first = place.mailbox.value;
    return place;
}

Result<void> correct_size(Batch& batch, const Place& place, Uid uid, std::int64_t from,
                          std::int64_t to) {
    auto row = batch.database.query("UPDATE message SET size = ?4 WHERE mailbox_id = ?1 AND uid = "
                                    "?2 AND size = ?3 RETURNING flags",
                                    place.mailbox, uid, from, to);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return {}; // gone meanwhile
    const auto flags = flags_from_row(row->column<std::int64_t>(0));
    row->reset();
    const auto modseq = next_modseq(batch.database, place.account, to - from);
    if (!modseq) return pass(modseq);
    MailboxDelta delta{.modseq = *modseq, .size = to - from};
    delta.deleted_size = flags.has(kDeleted) ? to - from : 0;
    const auto status = change_mailbox(batch.database, place.mailbox, delta);
    if (!status) return pass(status);
    batch.news.push_back({place.account, *status, {}});
    return {};
}

Fault& add_fault(Checking& check, const Place& place, Uid uid, std::string what) {
    auto& fault = check.add(FindingKind::message, std::move(what));
    fault.finding.account = place.account;
    fault.finding.mailbox = place.name;
    fault.finding.uid = uid;
    return fault;
}

// Columns: uid, size, has a body, size of the content, body.
void check_row(Checking& check, const Place& place, const db::Statement& row) {
    const auto uid = row.column<Uid>(0);
    if (!row.column<bool>(2)) {
        add_fault(check, place, uid,
                  "the message has lost the row of its body: stop maild and run mailctl store "
                  "rebuild");
        return;
    }
    const auto is = row.column<std::int64_t>(1);
    const auto should = row.column<std::int64_t>(3);
    if (is == should) return;
    add_fault(check, place, uid,
              "the message says a size of " + std::to_string(is) + " octets and has " +
                  std::to_string(should))
        .mend = [place, uid, is, should](Batch& batch) {
        return correct_size(batch, place, uid, is, should);
    };
}

// The bodies behind one run of UIDs; how many rows there were.
Result<std::int64_t> check_rows(Checking& check, const Place& place, std::int64_t limit,
                                std::vector<std::int64_t>& bodies) {
    auto rows = check.reading.database.query(
        "SELECT m.uid, m.size, b.id IS NOT NULL, length(c.prefix) + b.length, b.id FROM message m"
        " LEFT JOIN content c ON c.id = m.content_id LEFT JOIN body b ON b.id = c.body_id"
        " WHERE m.mailbox_id = ?1 AND m.uid > ?2 ORDER BY m.uid LIMIT ?3",
        place.mailbox, check.at.second, limit);
    if (!rows) return pass(rows);
    for (std::int64_t count = 0;; ++count) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return count;
        check.at.second = rows->column<std::int64_t>(0);
        ++check.counts.messages;
        check_row(check, place, *rows);
        if (check.request.account && rows->column<bool>(2))
            bodies.push_back(rows->column<std::int64_t>(4));
    }
}

} // namespace

Result<bool> check_messages(Checking& check) {
    std::vector<std::int64_t> bodies;
    {
        const auto view = db::Transaction::begin_read(check.reading.database);
        if (!view) return pass(view);
        auto left = check.request.account ? kBodiesPerSlice : kRowsPerSlice;
        while (left > 0) {
            const auto place = find_place(check);
            if (!place) return pass(place);
            if (!*place) {
                check.percent = 100;
                break;
            }
            const auto count = check_rows(check, **place, left, bodies);
            if (!count) return pass(count);
            if (*count < left) { // the mailbox is through
                ++check.at.first;
                check.at.second = 0;
            }
            left -= *count + 1;
        }
    }
    const bool is_through = check.percent == 100;
    if (auto examined = examine_bodies(check, bodies); !examined) return pass(examined);
    const auto percent =
        percent_of(check.at.first, check.reading.database.prepare("SELECT max(id) FROM mailbox"));
    if (!percent) return pass(percent);
    check.percent = *percent;
    return is_through;
}

} // namespace maild::store
