// Checking: who leads to which body, counted anew, and rows that nothing leads to.
#include "store/check.hpp"
#include "store/pass.hpp"
#include "store/removal.hpp"

#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::int64_t kBodiesPerSweep = 4 << 20; // 16 MiB of counters
constexpr std::int64_t kRowsPerSlice = 10'000;
constexpr std::size_t kFaultsPerSlice = 500;

// One more for the body in each row, where it is of this sweep.
Result<void> count_rows(Checking& check, Result<db::Statement> rows,
                        std::vector<std::uint32_t>& counts) {
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        if (check.reading.is_stopping) return fail(Errc::unavailable, "the store is stopping");
        const auto position = rows->column<std::int64_t>(0) - check.at.first - 1;
        if (position >= 0 && position < std::ssize(counts))
            ++counts[static_cast<std::size_t>(position)];
    }
}

Result<void> count_references(Checking& check, std::vector<std::uint32_t>& counts) {
    auto& database = check.reading.database;
    // CROSS: in the order of messages, whatever SQLite thinks of it.
    auto messages = count_rows(check,
                               database.prepare("SELECT c.body_id FROM message m CROSS JOIN "
                                                "content c ON c.id = m.content_id"),
                               counts);
    if (!messages) return messages;
    auto expunged = count_rows(check,
                               database.prepare("SELECT c.body_id FROM expunged e CROSS JOIN "
                                                "content c ON c.id = e.content_id"),
                               counts);
    if (!expunged) return expunged;
    return count_rows(check, database.prepare("SELECT body_id FROM queue_message"), counts);
}

Result<void> correct_references(Batch& batch, std::int64_t body, std::int64_t difference) {
    auto done =
        batch.database.execute("UPDATE body SET refs = refs + ?2 WHERE id = ?1", body, difference);
    if (!done) return pass(done);
    return {};
}

// Nothing leads to it, so nothing can begin to; if its count has changed all the same, it is left.
Result<void> drop_unreferenced(Batch& batch, std::int64_t body, std::int64_t refs) {
    auto row = batch.database.query("SELECT pack, record_offset, metadata_length, length FROM body "
                                    "WHERE id = ?1 AND refs = ?2",
                                    body, refs);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::conflict, "the body has changed meanwhile");
    const Location location{row->column<PackNumber>(0), row->column<std::uint64_t>(1),
                            row->column<std::uint32_t>(2), row->column<std::uint32_t>(3)};
    row->reset();
    return drop_body(batch.database, body, location);
}

// Whether a message has lost the row of its body: then a body that nothing leads to may be its.
Result<bool> is_any_lost(Checking& check) {
    auto row = check.reading.database.prepare(
        "SELECT EXISTS (SELECT 1 FROM message m LEFT JOIN content c ON c.id = m.content_id LEFT "
        "JOIN body b ON b.id = c.body_id WHERE b.id IS NULL) OR EXISTS (SELECT 1 FROM "
        "queue_message q LEFT JOIN body b ON b.id = q.body_id WHERE b.id IS NULL)");
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    return row->column<bool>(0);
}

Result<void> add_orphan(Checking& check, std::int64_t body, std::int64_t refs) {
    const auto lost = is_any_lost(check);
    if (!lost) return pass(lost);
    auto& fault =
        check.add(FindingKind::orphan,
                  "a body that nothing leads to, number " + std::to_string(body) +
                      (*lost ? ", is kept because a message has lost its body" : ", takes space"));
    if (*lost) return {};
    fault.mend = [body, refs](Batch& batch) { return drop_unreferenced(batch, body, refs); };
    return {};
}

void add_reference_fault(Checking& check, std::int64_t body, std::int64_t refs,
                         std::int64_t count) {
    check
        .add(FindingKind::reference, "shares its body: " + count_of(count, "row") +
                                         " lead to it, " + std::to_string(refs) + " are counted")
        .mend = [body, difference = count - refs](Batch& batch) {
        return correct_references(batch, body, difference);
    };
}

// Up to where it came before there were too many faults for one slice.
Result<std::int64_t> compare_references(Checking& check, const std::vector<std::uint32_t>& counts,
                                        std::vector<std::int64_t>& wrong) {
    const auto end = check.at.first + std::ssize(counts);
    auto rows = check.reading.database.query(
        "SELECT id, refs FROM body WHERE id > ?1 AND id <= ?2 ORDER BY id", check.at.first, end);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return end;
        const auto body = rows->column<std::int64_t>(0);
        const auto refs = rows->column<std::int64_t>(1);
        const std::int64_t count = counts[static_cast<std::size_t>(body - check.at.first - 1)];
        if (refs == count && count > 0) continue;
        if (count > 0) {
            add_reference_fault(check, body, refs, count);
            wrong.push_back(body);
        } else if (auto added = add_orphan(check, body, refs); !added) {
            return pass(added);
        }
        if (check.faults.size() == kFaultsPerSlice) return body;
    }
}

// The first of those who lead to a body stands for all: the count is one.
Result<void> name_owners(Checking& check, const std::vector<std::int64_t>& wrong) {
    if (wrong.empty()) return {};
    const auto owners = owners_of(check.reading.database, wrong);
    if (!owners) return pass(owners);
    auto body = wrong.begin();
    for (auto& fault : check.faults) {
        if (fault.finding.kind != FindingKind::reference) continue;
        const auto owner = owners->find(*body++);
        if (owner == owners->end()) continue;
        fault.finding.account = owner->second.account;
        fault.finding.mailbox = owner->second.mailbox;
        fault.finding.uid = owner->second.uid;
        fault.finding.what = owner->second.what + " " + fault.finding.what;
    }
    return {};
}

bool is_pending(const Batch& batch, std::int64_t body) {
    return std::ranges::find(batch.bodies, body, &PendingBody::id) != batch.bodies.end();
}

Result<void> drop_content(Batch& batch, std::int64_t content, std::int64_t body) {
    if (is_pending(batch, body)) return fail(Errc::conflict, "the body is being written");
    auto done = batch.database.execute("DELETE FROM content WHERE id = ?1 AND body_id = ?2 AND NOT "
                                       "EXISTS (SELECT 1 FROM body WHERE id = ?2)",
                                       content, body);
    if (!done) return pass(done);
    return {};
}

Result<void> drop_structure(Batch& batch, std::int64_t body) {
    if (is_pending(batch, body)) return fail(Errc::conflict, "the body is being written");
    auto done = batch.database.execute("DELETE FROM structure WHERE body_id = ?1 AND NOT EXISTS "
                                       "(SELECT 1 FROM body WHERE id = ?1)",
                                       body);
    if (!done) return pass(done);
    return {};
}

// Of a content without body: whether a message is lost with it, which the messages' phase tells.
Result<bool> is_shown(db::Database& database, std::int64_t content) {
    auto row = database.query("SELECT EXISTS (SELECT 1 FROM message WHERE content_id = ?1) OR "
                              "EXISTS (SELECT 1 FROM expunged WHERE content_id = ?1)",
                              content);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    return row->column<bool>(0);
}

// The rows of a slice behind the cursor; true: there were none left.
Result<bool> check_contents(Checking& check) {
    auto& database = check.reading.database;
    auto rows = database.query("SELECT id, body_id, EXISTS (SELECT 1 FROM body WHERE id = body_id) "
                               "FROM content WHERE id > ?1 ORDER BY id LIMIT ?2",
                               check.at.first, kRowsPerSlice);
    if (!rows) return pass(rows);
    std::int64_t count = 0;
    for (;; ++count) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        check.at.first = rows->column<std::int64_t>(0);
        if (rows->column<bool>(2)) continue;
        const auto shown = is_shown(database, check.at.first);
        if (!shown) return pass(shown);
        if (*shown) continue;
        check
            .add(FindingKind::orphan,
                 "trace fields without body, number " + std::to_string(check.at.first))
            .mend = [content = check.at.first, body = rows->column<std::int64_t>(1)](Batch& batch) {
            return drop_content(batch, content, body);
        };
    }
    return count < kRowsPerSlice;
}

Result<bool> check_structures(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT body_id, EXISTS (SELECT 1 FROM body WHERE id = body_id) FROM structure WHERE "
        "body_id > ?1 ORDER BY body_id LIMIT ?2",
        check.at.first, kRowsPerSlice);
    if (!rows) return pass(rows);
    std::int64_t count = 0;
    for (;; ++count) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) break;
        check.at.first = rows->column<std::int64_t>(0);
        if (rows->column<bool>(1)) continue;
        check
            .add(FindingKind::orphan,
                 "a structure without body, number " + std::to_string(check.at.first))
            .mend = [body = check.at.first](Batch& batch) { return drop_structure(batch, body); };
    }
    return count < kRowsPerSlice;
}

Result<void> drop_annotations(Batch& batch, std::int64_t account, std::int64_t mailbox) {
    auto done = batch.database.execute(
        "DELETE FROM annotation WHERE account_id = ?1 AND mailbox_id = ?2 AND NOT EXISTS (SELECT 1 "
        "FROM mailbox WHERE id = ?2 AND account_id = ?1)",
        account, mailbox);
    if (!done) return pass(done);
    return {};
}

Result<void> drop_acls(Batch& batch, std::int64_t owner, std::int64_t mailbox) {
    auto done = batch.database.execute(
        "DELETE FROM acl WHERE owner_id = ?1 AND mailbox_id = ?2 AND NOT EXISTS (SELECT 1 FROM "
        "mailbox WHERE id = ?2 AND account_id = ?1 AND deleted_at IS NULL)",
        owner, mailbox);
    return done ? Result<void>() : pass(done);
}

// What stands beside mailboxes; `rows` gives account, mailbox, how many, and whether that is there.
struct Beside {
    std::string_view what;
    Result<void> (*drop)(Batch& batch, std::int64_t account, std::int64_t mailbox);
};

// Whole accounts, each with all its mailboxes.
Result<bool> check_beside(Checking& check, Result<db::Statement> rows, const Beside& beside) {
    if (!rows) return pass(rows);
    for (std::int64_t count = 0;; ++count) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return true;
        const auto account = rows->column<std::int64_t>(0);
        if (count >= kRowsPerSlice && account != check.at.first) return false;
        check.at.first = account;
        if (rows->column<bool>(3)) continue;
        const auto mailbox = rows->column<std::int64_t>(1);
        auto& fault =
            check.add(FindingKind::orphan, count_of(rows->column<std::int64_t>(2), beside.what) +
                                               " of a mailbox that is not there, number " +
                                               std::to_string(mailbox));
        fault.finding.account = AccountId(account);
        fault.mend = [account, mailbox, drop = beside.drop](Batch& batch) {
            return drop(batch, account, mailbox);
        };
    }
}

Result<bool> check_annotations(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT account_id, mailbox_id, count(*), mailbox_id = 0 OR EXISTS (SELECT 1 FROM mailbox b"
        " WHERE b.id = mailbox_id AND b.account_id = annotation.account_id) FROM annotation WHERE "
        "account_id > ?1 GROUP BY account_id, mailbox_id ORDER BY account_id, mailbox_id",
        check.at.first);
    return check_beside(check, std::move(rows), {"annotation", drop_annotations});
}

Result<bool> check_acls(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT owner_id, mailbox_id, count(*), EXISTS (SELECT 1 FROM mailbox b WHERE b.id = "
        "mailbox_id AND b.account_id = owner_id AND b.deleted_at IS NULL) FROM acl WHERE owner_id "
        "> ?1 GROUP BY owner_id, mailbox_id ORDER BY owner_id, mailbox_id",
        check.at.first);
    return check_beside(check, std::move(rows), {"ACL row", drop_acls});
}

} // namespace

// One pass over every message for millions of bodies: it takes seconds where there are millions,
// on one reader, and no write waits for it.
Result<bool> check_references(Checking& check) {
    auto& database = check.reading.database;
    const auto view = db::Transaction::begin_read(database);
    if (!view) return pass(view);
    auto last = database.prepare("SELECT coalesce(max(id), 0) FROM body");
    if (!last) return pass(last);
    const auto found = last->step();
    if (!found) return pass(found);
    const auto end = last->column<std::int64_t>(0);
    last->reset();
    if (check.at.first >= end) return true;
    std::vector<std::uint32_t> counts(
        static_cast<std::size_t>(std::min(end - check.at.first, kBodiesPerSweep)));
    if (auto counted = count_references(check, counts); !counted) return pass(counted);
    std::vector<std::int64_t> wrong;
    const auto compared = compare_references(check, counts, wrong);
    if (!compared) return pass(compared);
    if (auto named = name_owners(check, wrong); !named) return pass(named);
    check.at.first = *compared;
    check.percent = static_cast<std::uint32_t>(check.at.first * 100 / end);
    return check.at.first >= end;
}

Result<bool> check_orphans(Checking& check) {
    const auto view = db::Transaction::begin_read(check.reading.database);
    if (!view) return pass(view);
    constexpr std::array kParts = {check_contents, check_structures, check_annotations, check_acls};
    const auto part = static_cast<std::size_t>(std::clamp<std::int64_t>(
        check.at.second, 0, std::ssize(kParts) - 1)); // a cursor may say anything
    const auto is_through = kParts[part](check);
    if (!is_through || !*is_through || part + 1 == kParts.size()) return is_through;
    check.at.first = 0;
    check.at.second = static_cast<std::int64_t>(part) + 1;
    return false;
}

} // namespace maild::store
