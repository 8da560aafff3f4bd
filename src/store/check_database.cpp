// Checking: what SQLite says of its own file, one table in each slice.
#include "store/check.hpp"
#include "store/pass.hpp"

#include "maild/db/transaction.hpp"

namespace maild::store {
namespace {

Result<std::string> table_at(db::Database& database, std::int64_t position) {
    auto row = database.query("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT "
                              "LIKE 'sqlite%' ORDER BY name LIMIT 1 OFFSET ?1",
                              position);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    return *found ? row->column<std::string>(0) : std::string();
}

// Of this table and its indexes.
Result<void> check_integrity(Checking& check, const std::string& table) {
    auto rows = check.reading.database.query("SELECT * FROM pragma_integrity_check(?1)", table);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        const auto text = rows->column<std::string>(0);
        if (text == "ok") continue;
        std::string what = "the table " + table;
        what += " of meta.db is damaged: stop maild and run mailctl store rebuild (";
        what += text + ")";
        check.add(FindingKind::database, std::move(what));
    }
}

// An account's row follows from what belongs to it: its counters are set right later in the check.
Result<void> make_account(Batch& batch, std::int64_t account) {
    auto done = batch.database.execute(
        "INSERT INTO account (id, modseq, uid_validity) SELECT ?1,"
        " (SELECT coalesce(max(highest_modseq), 0) FROM mailbox WHERE account_id = ?1),"
        " (SELECT coalesce(max(uid_validity), 1) FROM mailbox WHERE account_id = ?1)"
        " ON CONFLICT DO NOTHING",
        account);
    if (!done) return pass(done);
    return {};
}

Result<void> check_accounts_of(Checking& check, Result<db::Statement> rows, std::string_view noun) {
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        const auto account = rows->column<std::int64_t>(0);
        auto& fault =
            check.add(FindingKind::database,
                      count_of(rows->column<std::int64_t>(1), noun) + " of an account without row");
        fault.finding.account = AccountId(account);
        fault.mend = [account](Batch& batch) { return make_account(batch, account); };
    }
}

Result<void> check_mailboxes_of_messages(Checking& check) {
    auto rows = check.reading.database.query(
        "SELECT mailbox_id, count(*) FROM message WHERE mailbox_id NOT IN (SELECT id FROM "
        "mailbox) GROUP BY mailbox_id");
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        check.add(FindingKind::database, count_of(rows->column<std::int64_t>(1), "message") +
                                             " in a mailbox without row, "
                                             "number " +
                                             std::to_string(rows->column<std::int64_t>(0)) +
                                             ": stop maild and run mailctl store rebuild");
    }
}

// What the schema's REFERENCES promise, where no other phase looks anyway.
Result<void> check_keys(Checking& check, std::string_view table) {
    auto& database = check.reading.database;
    if (table == "mailbox") {
        return check_accounts_of(
            check,
            database.query("SELECT account_id, count(*) FROM mailbox WHERE account_id NOT IN "
                           "(SELECT id FROM account) GROUP BY account_id"),
            "mailbox row");
    }
    if (table == "queue_message") {
        return check_accounts_of(
            check,
            database.query("SELECT account_id, count(*) FROM queue_message WHERE account_id NOT "
                           "IN (SELECT id FROM account) GROUP BY account_id"),
            "queue row");
    }
    if (table == "subscription") {
        return check_accounts_of(
            check,
            database.query("SELECT account_id, count(*) FROM subscription WHERE account_id NOT "
                           "IN (SELECT id FROM account) GROUP BY account_id"),
            "subscription");
    }
    if (table == "annotation") {
        return check_accounts_of(
            check,
            database.query("SELECT account_id, count(*) FROM annotation WHERE account_id NOT IN "
                           "(SELECT id FROM account) GROUP BY account_id"),
            "annotation");
    }
    if (table == "acl") {
        return check_accounts_of(
            check,
            database.query("SELECT owner_id, count(*) FROM acl WHERE owner_id NOT IN (SELECT id "
                           "FROM account) GROUP BY owner_id"),
            "ACL row");
    }
    return table == "message" ? check_mailboxes_of_messages(check) : Result<void>();
}

} // namespace

Result<bool> check_database(Checking& check) {
    auto& database = check.reading.database;
    const auto view = db::Transaction::begin_read(database);
    if (!view) return pass(view);
    const auto table = table_at(database, check.at.first);
    if (!table) return pass(table);
    if (table->empty()) return true;
    ++check.at.first;
    const auto percent = percent_of(
        check.at.first,
        database.query("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE "
                       "'sqlite%'"));
    if (!percent) return pass(percent);
    check.percent = *percent;
    if (auto whole = check_integrity(check, *table); !whole) {
        if (whole.error().code != Errc::corrupt) return pass(whole);
        check.add(FindingKind::database, "the table " + *table +
                                             " of meta.db cannot be read: stop maild and run "
                                             "mailctl store rebuild (" +
                                             whole.error().internal + ")");
        return false;
    }
    if (auto kept = check_keys(check, *table); !kept) return pass(kept);
    return false;
}

} // namespace maild::store
