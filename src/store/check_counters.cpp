// Checking: what is counted beside the rows: mailboxes, accounts, packs.
#include "store/check.hpp"
#include "store/meta.hpp"
#include "store/pass.hpp"

#include "maild/db/transaction.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::uint64_t kRowsPerSlice = 50'000; // messages that are counted
constexpr std::int64_t kPacksPerSlice = 4;

struct MailboxCounts {
    std::int64_t messages = 0;
    std::int64_t unseen = 0;
    std::int64_t deleted = 0;
    std::int64_t size = 0;
    std::int64_t deleted_size = 0;
    std::int64_t uid_next = 1; // at least
    std::int64_t modseq = 0;   // at least
};

Result<MailboxCounts> count_mailbox(db::Database& database, std::int64_t mailbox) {
    auto row = database.query(
        "SELECT count(*), coalesce(sum(flags & 1 = 0), 0), coalesce(sum(flags & 8 != 0), 0),"
        " coalesce(sum(size), 0), coalesce(sum(iif(flags & 8 != 0, size, 0)), 0),"
        " coalesce(max(uid), 0), coalesce(max(modseq), 0) FROM message"
        " WHERE mailbox_id = ?1",
        mailbox);
    if (!row) return pass(row);
    if (const auto found = row->step(); !found) return pass(found);
    MailboxCounts counts{row->column<std::int64_t>(0), row->column<std::int64_t>(1),
                         row->column<std::int64_t>(2), row->column<std::int64_t>(3),
                         row->column<std::int64_t>(4), row->column<std::int64_t>(5) + 1,
                         row->column<std::int64_t>(6)};
    auto gone = database.query("SELECT coalesce(max(uid), 0), coalesce(max(modseq), 0) FROM "
                               "expunged WHERE mailbox_id = ?1",
                               mailbox);
    if (!gone) return pass(gone);
    if (const auto found = gone->step(); !found) return pass(found);
    counts.uid_next = std::max(counts.uid_next, gone->column<std::int64_t>(0) + 1);
    counts.modseq = std::max(counts.modseq, gone->column<std::int64_t>(1));
    return counts;
}

// Sessions learn of it as of any change, so it gets a mod-sequence of its own, above all.
Result<void> correct_mailbox(Batch& batch, AccountId account, MailboxId mailbox,
                             const MailboxCounts& off, std::int64_t least_modseq) {
    auto raised = batch.database.execute(
        "UPDATE account SET modseq = max(modseq, ?2) WHERE id = ?1", account, least_modseq);
    if (!raised) return pass(raised);
    const auto modseq = next_modseq(batch.database, account);
    if (!modseq) return pass(modseq);
    const auto status = change_mailbox(
        batch.database, mailbox,
        {*modseq, off.uid_next, off.messages, off.unseen, off.deleted, off.size, off.deleted_size});
    if (!status) return pass(status);
    batch.news.push_back({account, *status, {}});
    return {};
}

// "counts 3 messages for 2, 1 unseen for 0"
class Words {
public:
    explicit Words(std::string text) : text_(std::move(text)) {}
    void compare(std::int64_t is, std::int64_t should, std::string_view noun) {
        if (is == should) return;
        text_ += (is_first_ ? " " : ", ") + std::to_string(is) + " " + std::string(noun) + " for " +
                 std::to_string(should);
        is_first_ = false;
    }
    void too_low(std::int64_t is, std::int64_t least, std::string_view noun) {
        if (is >= least) return;
        text_ += (is_first_ ? " " : ", ") + std::string(noun) + " " + std::to_string(is) +
                 " below " + std::to_string(least);
        is_first_ = false;
    }
    bool is_fault() const { return !is_first_; }
    std::string text() && { return std::move(text_); }

private:
    std::string text_;
    bool is_first_ = true;
};

// Columns: id, account_id, name, messages, unseen, deleted, size, uid_next, highest_modseq,
// deleted_size.
void compare_mailbox(Checking& check, const db::Statement& row, const MailboxCounts& counts) {
    ++check.counts.mailboxes;
    const auto uid_next = row.column<std::int64_t>(7);
    const auto modseq = row.column<std::int64_t>(8);
    const MailboxCounts off{counts.messages - row.column<std::int64_t>(3),
                            counts.unseen - row.column<std::int64_t>(4),
                            counts.deleted - row.column<std::int64_t>(5),
                            counts.size - row.column<std::int64_t>(6),
                            counts.deleted_size - row.column<std::int64_t>(9),
                            std::max(counts.uid_next - uid_next, std::int64_t{0}),
                            0};
    Words words("the mailbox counts");
    words.compare(row.column<std::int64_t>(3), counts.messages, "messages");
    words.compare(row.column<std::int64_t>(4), counts.unseen, "unseen");
    words.compare(row.column<std::int64_t>(5), counts.deleted, "deleted");
    words.compare(row.column<std::int64_t>(6), counts.size, "octets");
    words.compare(row.column<std::int64_t>(9), counts.deleted_size, "deleted octets");
    words.too_low(uid_next, counts.uid_next, "UIDNEXT");
    words.too_low(modseq, counts.modseq, "HIGHESTMODSEQ");
    if (!words.is_fault()) return;
    auto& fault = check.add(FindingKind::mailbox, std::move(words).text());
    fault.finding.account = row.column<AccountId>(1);
    fault.finding.mailbox = row.column<MailboxName>(2);
    fault.mend = [account = fault.finding.account, id = row.column<MailboxId>(0), off,
                  least = std::max(counts.modseq, modseq)](Batch& batch) {
        return correct_mailbox(batch, account, id, off, least);
    };
}

struct AccountCounts {
    std::int64_t bytes = 0;
    std::int64_t messages = 0;
    std::int64_t mailboxes = 0;
    std::int64_t modseq = 0;       // at least
    std::int64_t uid_validity = 0; // at least
    std::int64_t annotation_bytes = 0;
};

Result<AccountCounts> count_account(db::Database& database, std::int64_t account) {
    // In two parts, each with an index of its own.
    auto mailboxes = database.query(
        "SELECT coalesce(sum(n), 0), coalesce(max(modseq), 0), coalesce(max(validity), 0) FROM"
        " (SELECT count(*) AS n, max(highest_modseq) AS modseq, max(uid_validity) AS validity"
        " FROM mailbox WHERE account_id = ?1 AND deleted_at IS NULL UNION ALL"
        " SELECT 0, max(highest_modseq), max(uid_validity)"
        " FROM mailbox WHERE account_id = ?1 AND deleted_at IS NOT NULL)",
        account);
    if (!mailboxes) return pass(mailboxes);
    if (const auto found = mailboxes->step(); !found) return pass(found);
    auto messages = database.query(
        "SELECT coalesce(sum(m.size), 0), count(*) FROM mailbox b JOIN message m ON m.mailbox_id ="
        " b.id WHERE b.account_id = ?1 AND b.deleted_at IS NULL",
        account);
    if (!messages) return pass(messages);
    if (const auto found = messages->step(); !found) return pass(found);
    auto annotations = database.query(
        "SELECT coalesce(sum(length(name) + length(value)), 0) FROM annotation WHERE account_id = "
        "?1 AND (mailbox_id = 0 OR EXISTS (SELECT 1 FROM mailbox b WHERE b.id = mailbox_id AND"
        " b.account_id = ?1 AND b.deleted_at IS NULL))",
        account);
    if (!annotations) return pass(annotations);
    if (const auto found = annotations->step(); !found) return pass(found);
    return AccountCounts{messages->column<std::int64_t>(0),  messages->column<std::int64_t>(1),
                         mailboxes->column<std::int64_t>(0), mailboxes->column<std::int64_t>(1),
                         mailboxes->column<std::int64_t>(2), annotations->column<std::int64_t>(0)};
}

Result<void> correct_account(Batch& batch, AccountId account, const AccountCounts& off) {
    auto done = batch.database.execute(
        "UPDATE account SET used_bytes = used_bytes + ?2, used_messages = used_messages + ?3,"
        " mailboxes = mailboxes + ?4, modseq = max(modseq, ?5), uid_validity = max(uid_validity,"
        " ?6), annotation_bytes = annotation_bytes + ?7 WHERE id = ?1",
        account, off.bytes, off.messages, off.mailboxes, off.modseq, off.uid_validity,
        off.annotation_bytes);
    if (!done) return pass(done);
    return {};
}

// Columns: id, used_bytes, used_messages, mailboxes, modseq, uid_validity, annotation_bytes.
void compare_account(Checking& check, const db::Statement& row, const AccountCounts& counts) {
    ++check.counts.accounts;
    Words words("the account counts");
    words.compare(row.column<std::int64_t>(1), counts.bytes, "octets");
    words.compare(row.column<std::int64_t>(2), counts.messages, "messages");
    words.compare(row.column<std::int64_t>(3), counts.mailboxes, "mailboxes");
    words.compare(row.column<std::int64_t>(6), counts.annotation_bytes, "octets of annotations");
    words.too_low(row.column<std::int64_t>(4), counts.modseq, "mod-sequence");
    words.too_low(row.column<std::int64_t>(5), counts.uid_validity, "UIDVALIDITY");
    if (!words.is_fault()) return;
    const AccountCounts off{counts.bytes - row.column<std::int64_t>(1),
                            counts.messages - row.column<std::int64_t>(2),
                            counts.mailboxes - row.column<std::int64_t>(3),
                            counts.modseq,
                            counts.uid_validity,
                            counts.annotation_bytes - row.column<std::int64_t>(6)};
    auto& fault = check.add(FindingKind::account, std::move(words).text());
    fault.finding.account = row.column<AccountId>(0);
    fault.mend = [account = fault.finding.account, off](Batch& batch) {
        return correct_account(batch, account, off);
    };
}

struct PackCounts {
    std::int64_t records = 0;
    std::int64_t bytes = 0;
};

Result<PackCounts> count_pack(db::Database& database, std::int64_t pack) {
    auto row = database.query("SELECT metadata_length, length FROM body WHERE pack = ?1", pack);
    if (!row) return pass(row);
    PackCounts counts;
    for (;;) {
        const auto more = row->step();
        if (!more) return pass(more);
        if (!*more) return counts;
        const Location location{
            {}, 0, row->column<std::uint32_t>(0), row->column<std::uint32_t>(1)};
        ++counts.records;
        counts.bytes += static_cast<std::int64_t>(location.end());
    }
}

Result<void> correct_pack(Batch& batch, std::int64_t pack, const PackCounts& off) {
    auto done = batch.database.execute(
        "INSERT INTO pack (number, records, bytes, live_records, live_bytes) VALUES (?1, ?2, ?3,"
        " ?2, ?3) ON CONFLICT (number) DO UPDATE SET live_records = live_records + ?2,"
        " live_bytes = live_bytes + ?3, records = max(records, live_records + ?2),"
        " bytes = max(bytes, live_bytes + ?3)",
        pack, off.records, off.bytes);
    if (!done) return pass(done);
    return {};
}

Result<void> compare_pack(Checking& check, std::int64_t pack) {
    const auto counts = count_pack(check.reading.database, pack);
    if (!counts) return pass(counts);
    auto row = check.reading.database.query(
        "SELECT live_records, live_bytes FROM pack WHERE number = ?1", pack);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    const PackCounts is{*found ? row->column<std::int64_t>(0) : 0,
                        *found ? row->column<std::int64_t>(1) : 0};
    Words words("of the pack " + std::to_string(pack) + " live");
    words.compare(is.records, counts->records, "records");
    words.compare(is.bytes, counts->bytes, "octets");
    if (!words.is_fault()) return {};
    check.add(FindingKind::pack, std::move(words).text()).mend =
        [pack, off = PackCounts{counts->records - is.records, counts->bytes - is.bytes}](
            Batch& batch) { return correct_pack(batch, pack, off); };
    return {};
}

// The next one that either table knows; zero: none.
Result<std::int64_t> pack_after(db::Database& database, std::int64_t number) {
    auto row = database.query("SELECT coalesce(min(n), 0) FROM (SELECT min(number) AS n FROM pack "
                              "WHERE number > ?1 UNION ALL SELECT min(pack) FROM body WHERE pack > "
                              "?1)",
                              number);
    if (!row) return pass(row);
    if (const auto found = row->step(); !found) return pass(found);
    return row->column<std::int64_t>(0);
}

// Rows of mailboxes or accounts, the first column their number, until enough messages were counted
// for one slice. True: there are no more rows.
template <class Count, class Compare>
Result<bool> compare_rows(Checking& check, Result<db::Statement> rows, Count count,
                          Compare compare) {
    if (!rows) return pass(rows);
    for (std::uint64_t counted = 0; counted < kRowsPerSlice;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return true;
        check.at.first = rows->column<std::int64_t>(0);
        const auto counts = count(check.reading.database, check.at.first);
        if (!counts) return pass(counts);
        counted += 100 + static_cast<std::uint64_t>(counts->messages);
        compare(check, *rows, *counts);
    }
    return false;
}

Result<bool> more_to_come(Checking& check, Result<db::Statement> last) {
    const auto percent = percent_of(check.at.first, std::move(last));
    if (!percent) return pass(percent);
    check.percent = *percent;
    return false;
}

} // namespace

Result<bool> check_mailboxes(Checking& check) {
    auto& database = check.reading.database;
    const auto view = db::Transaction::begin_read(database);
    if (!view) return pass(view);
    const auto is_done = compare_rows(
        check,
        database.query("SELECT id, account_id, name, messages, unseen, deleted, size, uid_next, "
                       "highest_modseq, deleted_size FROM mailbox WHERE id > ?1 AND deleted_at IS "
                       "NULL AND (?2 "
                       "IS NULL OR account_id = ?2) ORDER BY id",
                       check.at.first, account_of(check)),
        count_mailbox, compare_mailbox);
    if (!is_done || *is_done) return is_done;
    return more_to_come(check, database.prepare("SELECT max(id) FROM mailbox"));
}

Result<bool> check_accounts(Checking& check) {
    auto& database = check.reading.database;
    const auto view = db::Transaction::begin_read(database);
    if (!view) return pass(view);
    const auto is_done = compare_rows(
        check,
        database.query(
            "SELECT id, used_bytes, used_messages, mailboxes, modseq, uid_validity, "
            "annotation_bytes FROM account WHERE id > ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id",
            check.at.first, account_of(check)),
        count_account, compare_account);
    if (!is_done || *is_done) return is_done;
    return more_to_come(check, database.prepare("SELECT max(id) FROM account"));
}

Result<bool> check_packs(Checking& check) {
    auto& database = check.reading.database;
    const auto view = db::Transaction::begin_read(database);
    if (!view) return pass(view);
    for (std::int64_t i = 0; i < kPacksPerSlice; ++i) {
        const auto pack = pack_after(database, check.at.first);
        if (!pack) return pass(pack);
        if (*pack == 0) return true;
        check.at.first = *pack;
        ++check.counts.packs;
        if (auto compared = compare_pack(check, *pack); !compared) return pass(compared);
    }
    return more_to_come(check, database.prepare("SELECT max(number) FROM pack"));
}

} // namespace maild::store
