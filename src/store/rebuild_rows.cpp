#include "store/rebuild_rows.hpp"

#include "schema/store.hpp"
#include "store/digest.hpp"
#include "store/flag_names.hpp"
#include "store/operations.hpp"

#include "maild/base/crc32c.hpp"

#include <algorithm>

namespace maild::store {
namespace {

constexpr std::int64_t kUidMargin = 1 << 20;

constexpr std::string_view kFoundAgain =
    "found again when the shard was rebuilt; it may have been sent: release it, or drop it";

// A name of another account's mailbox: an own one has it only in records from before there was
// sharing. Migrations have renamed it since, of which no record tells.
constexpr std::string_view kOthers = "Other Users";
constexpr std::string_view kOwn = "Own Other Users"; // what the new name begins with

bool is_of_others(std::string_view name) {
    return name.starts_with(kOthers) &&
           (name.size() == kOthers.size() || name[kOthers.size()] == kDelimiter);
}

// What stands for kOthers in the later name; empty: it is another name altogether.
std::string_view own_root(std::string_view before, std::string_view later) {
    if (!is_of_others(before) || !later.starts_with(kOwn)) return {};
    const auto below = before.substr(kOthers.size());
    return later.ends_with(below) ? later.substr(0, later.size() - below.size())
                                  : later.substr(0, 0);
}

// Those that are left.
Result<void> rename_own_others(db::Database& database) {
    for (const auto& step : schema())
        if (step.name.ends_with("_own_other_users.sql")) return database.execute_script(step.sql);
    return fail(Errc::internal, "a schema without its step");
}

} // namespace

Result<void> Rows::add(const Location& at, std::string_view content,
                       const RecordMetadata& metadata) {
    const auto header = header_size_of(content);
    const auto digest = sha256(content);
    auto body =
        execute("INSERT INTO body (pack, record_offset, metadata_length, length, header_size, "
                "header_crc, digest, refs)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0)",
                at.pack, static_cast<std::int64_t>(at.offset), at.metadata_length, at.body_length,
                header, crc32c(content.substr(0, header)), db::Blob{digest});
    if (!body) return body;
    const auto id = database_.last_insert_rowid();
    const auto& s = metadata.structure;
    auto structure = execute("INSERT INTO structure (body_id, envelope, body, body_structure, "
                             "parts) VALUES (?1, ?2, ?3, ?4, ?5)",
                             id, db::Blob{s.envelope}, db::Blob{s.body}, db::Blob{s.body_structure},
                             db::Blob{s.parts});
    if (!structure) return structure;
    for (const auto& message : metadata.messages) {
        if (auto added = add_message(id, message, content.size()); !added) return added;
    }
    ++report.records;
    if (!metadata.relay) return {};
    return add_relay(id, *metadata.relay, content.size());
}

Result<void> Rows::ensure_mailbox(const RecordedMailbox& mailbox) {
    auto account = execute(
        "INSERT INTO account (id, uid_validity) VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET"
        " uid_validity = max(uid_validity, ?2)",
        mailbox.account, mailbox.uid_validity);
    if (!account) return account;
    // A name that is taken meanwhile is told apart by its number.
    auto known = execute(
        "INSERT INTO mailbox (id, account_id, name, special_use, uid_validity, highest_modseq)"
        " VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT DO NOTHING",
        mailbox.id, mailbox.account, mailbox.name, mailbox.use, mailbox.uid_validity);
    if (!known) return known;
    return execute(
        "INSERT INTO mailbox (id, account_id, name, special_use, uid_validity, highest_modseq)"
        " VALUES (?1, ?2, ?3 || ' ' || ?1, ?4, ?5, 0) ON CONFLICT (id) DO NOTHING",
        mailbox.id, mailbox.account, mailbox.name, mailbox.use, mailbox.uid_validity);
}

// The name that a later message tells is the later one; records may have come out of order.
Result<void> Rows::name_by(const RecordedMessage& message) {
    const auto& mailbox = message.mailbox;
    auto& told = names_.try_emplace(mailbox.id, Told{Uid(), {}}).first->second;
    if (message.uid <= told.by) return {};
    told.by = message.uid;
    if (told.name == mailbox.name) return {};
    told.name = mailbox.name;
    return rename(mailbox);
}

// What was renamed by a migration tells where the others of its account have gone, too, of whose
// new names there is no record.
Result<void> Rows::rename(const RecordedMailbox& mailbox) {
    auto row = mailbox_by_id(database_, mailbox.account, mailbox.id);
    if (!row && row.error().code == Errc::no_such_mailbox) return {};
    if (!row) return pass(row);
    if (row->name == mailbox.name) return {};
    const bool is_old = is_of_others(mailbox.name) && !is_of_others(row->name);
    const auto root =
        is_old ? own_root(mailbox.name, row->name) : own_root(row->name, mailbox.name);
    if (!root.empty()) own_roots_.insert_or_assign(mailbox.account, std::string(root));
    if (is_old) return {};
    return execute("UPDATE OR IGNORE mailbox SET name = ?2 WHERE id = ?1", mailbox.id,
                   mailbox.name);
}

Result<void> Rows::gather_own_others() {
    for (const auto& [account, root] : own_roots_) {
        auto renamed = execute(
            "UPDATE OR IGNORE mailbox SET name = ?2 || substr(name, ?4) WHERE account_id = ?1 AND"
            " deleted_at IS NULL AND (name = ?3 OR substr(name, 1, ?4) = ?3 || '/')",
            account, root, kOthers, static_cast<std::int64_t>(kOthers.size() + 1));
        if (!renamed) return renamed;
    }
    return rename_own_others(database_);
}

Result<Flags> Rows::flags_in(MailboxId mailbox, const FlagNames& names) {
    auto row = database_.query("SELECT keywords, account_id FROM mailbox WHERE id = ?1", mailbox);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    const auto account = row->column<AccountId>(1);
    row->reset();
    auto known = mailbox_by_id(database_, account, mailbox);
    if (!known) return pass(known);
    auto flags = resolve_leniently(names, known->keywords);
    if (!flags.added.empty()) {
        if (auto set = set_keywords(database_, mailbox, known->keywords, flags.added); !set)
            return pass(set);
    }
    return flags.flags;
}

Result<void> Rows::add_message(std::int64_t body, const RecordedMessage& message,
                               std::size_t content_size) {
    if (auto known = ensure_mailbox(message.mailbox); !known) return known;
    if (auto named = name_by(message); !named) return named;
    const auto flags = flags_in(message.mailbox.id, message.flags);
    if (!flags) return pass(flags);
    auto content =
        execute("INSERT INTO content (body_id, prefix, email_id) VALUES (?1, ?2, ?3)", body,
                db::Blob{message.prefix}, static_cast<std::int64_t>(random_.next() >> 1));
    if (!content) return content;
    // The same UID twice: the earlier record was never acknowledged (its commit failed), or it was
    // compacted.
    return execute("INSERT OR REPLACE INTO message (mailbox_id, uid, content_id, flags, modseq, "
                   "size, internal_date,"
                   " save_date) VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?6)",
                   message.mailbox.id, message.uid, database_.last_insert_rowid(), to_row(*flags),
                   static_cast<std::int64_t>(message.prefix.size() + content_size),
                   to_millis(message.internal_date));
}

Result<void> Rows::add_relay(std::int64_t body, const RecordedRelay& relay,
                             std::size_t content_size) {
    auto account =
        execute("INSERT INTO account (id, uid_validity) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                relay.account, std::clamp<std::int64_t>(to_unix_seconds(now_), 1, UINT32_MAX / 2));
    if (!account) return account;
    const auto id = row_of(relay.id);
    const auto& e = relay.envelope;
    auto message = execute("INSERT OR REPLACE INTO queue_message (id, account_id, body_id, prefix, "
                           "reverse_path, envelope_id,"
                           " return_content, is_8bit, is_smtputf8, size, queued_at)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                           id, relay.account, body, db::Blob{relay.prefix}, e.reverse_path,
                           e.envelope_id, e.return_content, e.is_8bit, e.is_smtputf8,
                           static_cast<std::int64_t>(relay.prefix.size() + content_size),
                           to_millis(relay.queued_at));
    if (!message) return message;
    if (auto kept = set_handling(database_, id, e.handling); !kept) return kept;
    // What became of it last may be told by no record.
    const auto state = queue::RecipientState::held;
    const auto reason = relay.hold_reason.empty() ? std::string(kFoundAgain) : relay.hold_reason;
    const auto first_attempt = to_millis(queue::first_attempt_of(e, relay.queued_at));
    std::int64_t position = 0;
    for (const auto& recipient : e.recipients) {
        auto row = execute(
            "INSERT OR REPLACE INTO queue_recipient (queue_id, position, address, "
            "original_recipient, notify,"
            " state, reason, next_attempt_at, destination, rank) VALUES (?1, ?2, ?3, ?4, ?5, "
            "?6, ?7, ?8, ?9, ?10)",
            id, position++, recipient.address, recipient.original_recipient, recipient.notify,
            state, reason, first_attempt, queue::destination_of(recipient.address),
            -std::int64_t{e.handling.priority});
        if (!row) return row;
    }
    return {};
}

Result<void> Rows::apply(const MailboxNamed& note) {
    if (auto known = ensure_mailbox(note.mailbox); !known) return known;
    const auto& [account, id, name, use, validity] = note.mailbox;
    // No two mailboxes have one use (RFC 6154 §4), whatever earlier records said of others.
    if (use != SpecialUse::none) {
        auto taken = execute(
            "UPDATE mailbox SET special_use = ?3 WHERE account_id = ?1 AND special_use = ?2",
            account, use, SpecialUse::none);
        if (!taken) return taken;
    }
    auto given = execute("UPDATE mailbox SET special_use = ?2 WHERE id = ?1", id, use);
    if (!given) return given;
    return rename(note.mailbox);
}

Result<void> Rows::apply(const MailboxRemoved& note) {
    return execute("UPDATE mailbox SET deleted_at = ?2 WHERE id = ?1 AND deleted_at IS NULL",
                   note.id, to_millis(now_));
}

Result<void> Rows::apply(const RecipientGone& note) {
    const auto id = row_of(note.id);
    auto gone = execute("DELETE FROM queue_recipient WHERE queue_id = ?1 AND position = ?2", id,
                        std::int64_t{note.position});
    if (!gone) return gone;
    return execute("DELETE FROM queue_message WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM "
                   "queue_recipient WHERE queue_id = ?1)",
                   id);
}

Result<void> Rows::apply(const AccountRemoved& note) {
    auto account =
        execute("UPDATE account SET removed_at = ?2 WHERE id = ?1", note.account, to_millis(now_));
    if (!account) return account;
    return execute(
        "UPDATE mailbox SET deleted_at = ?2 WHERE account_id = ?1 AND deleted_at IS NULL",
        note.account, to_millis(now_));
}

// Keyword bits are the source's: where the tables differ, keywords are left out rather than
// guessed.
Result<void> Rows::copy_one(const MessagesCopied& note, Uid from, Uid to) {
    return execute("INSERT OR IGNORE INTO message (mailbox_id, uid, content_id, flags, modseq, "
                   "size, internal_date, save_date)"
                   " SELECT ?3, ?4, content_id, flags & ?5, 0, size, internal_date, save_date FROM"
                   " (SELECT content_id, flags, size, internal_date, save_date FROM message WHERE "
                   "mailbox_id = ?1 AND uid = ?2"
                   " UNION ALL SELECT content_id, flags, size, internal_date, save_date FROM "
                   "expunged WHERE mailbox_id = ?1"
                   " AND uid = ?2 AND content_id IS NOT NULL LIMIT 1)",
                   note.from, from, note.to.id, to, static_cast<std::int64_t>(kSystemFlags));
}

Result<void> Rows::apply(const MessagesCopied& note) {
    if (auto known = ensure_mailbox(note.to); !known) return known;
    for (const auto& [from, to] : note.uids) {
        if (auto copied = copy_one(note, from, to); !copied) return copied;
    }
    return {};
}

Result<void> Rows::apply(const MessagesRemoved& note) {
    for (const auto& range : note.uids) {
        auto kept =
            execute("INSERT OR IGNORE INTO expunged (mailbox_id, uid, content_id, flags, modseq, "
                    "size, internal_date,"
                    " save_date, removed_at, removed_by) SELECT m.mailbox_id, m.uid, m.content_id, "
                    "m.flags, 0, m.size,"
                    " m.internal_date, m.save_date, ?4, b.account_id FROM message m JOIN mailbox b"
                    " ON b.id = m.mailbox_id WHERE m.mailbox_id = ?1 AND m.uid BETWEEN ?2 AND ?3",
                    note.from, range.first, range.last, to_millis(now_));
        if (!kept) return kept;
        auto gone = execute("DELETE FROM message WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
                            note.from, range.first, range.last);
        if (!gone) return gone;
    }
    return {};
}

Result<void> Rows::finish(bool has_gaps) {
    const auto modseq = to_millis(now_); // above any count of changes
    const std::int64_t margin = has_gaps ? kUidMargin : 0;
    Result<void> steps[] = {
        gather_own_others(), // before names are subscribed
        execute("UPDATE message SET modseq = ?1", modseq),
        execute("UPDATE expunged SET modseq = ?1", modseq),
        execute("UPDATE mailbox SET highest_modseq = ?1, uid_next = 1 + ?2 + max("
                "coalesce((SELECT max(uid) FROM message WHERE mailbox_id = mailbox.id), 0),"
                "coalesce((SELECT max(uid) FROM expunged WHERE mailbox_id = mailbox.id), 0))",
                modseq, margin),
        execute("UPDATE mailbox SET (messages, unseen, deleted, size, deleted_size) = (SELECT "
                "count(*), coalesce(sum(flags & 1 = 0), 0),"
                " coalesce(sum(flags & 8 != 0), 0), coalesce(sum(size), 0),"
                " coalesce(sum(iif(flags & 8 != 0, size, 0)), 0) FROM message WHERE "
                "mailbox_id = mailbox.id)"),
        execute("UPDATE mailbox SET first_recent = uid_next"),
        execute("UPDATE account SET modseq = ?1, uid_validity = max(uid_validity, coalesce((SELECT "
                "max(uid_validity)"
                " FROM mailbox WHERE account_id = account.id), 0))",
                modseq),
        execute("UPDATE account SET (used_bytes, used_messages, mailboxes) = (SELECT "
                "coalesce(sum(size), 0),"
                " coalesce(sum(messages), 0), count(*) FROM mailbox WHERE account_id = account.id "
                "AND deleted_at IS NULL)"),
        execute("INSERT INTO subscription (account_id, name) SELECT account_id, name FROM mailbox "
                "WHERE deleted_at IS NULL"),
        execute("CREATE TEMP TABLE refs (body_id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"),
        execute("INSERT INTO refs SELECT body_id, count(*) FROM (SELECT c.body_id FROM message m "
                "JOIN content c"
                " ON c.id = m.content_id UNION ALL SELECT c.body_id FROM expunged e JOIN content c "
                "ON c.id = e.content_id"
                " UNION ALL SELECT body_id FROM queue_message) GROUP BY body_id"),
        execute("UPDATE body SET refs = coalesce((SELECT n FROM refs WHERE body_id = body.id), 0)"),
        execute("DELETE FROM content WHERE body_id IN (SELECT id FROM body WHERE refs = 0)"),
        execute("DELETE FROM structure WHERE body_id IN (SELECT id FROM body WHERE refs = 0)"),
        execute("DELETE FROM body WHERE refs = 0"),
        execute("DROP TABLE refs"),
        execute("INSERT INTO pack (number, records, bytes, live_records, live_bytes) SELECT pack, "
                "count(*),"
                " sum((39 + metadata_length + length) & ~7), count(*), sum((39 + metadata_length + "
                "length) & ~7)"
                " FROM body GROUP BY pack"),
    };
    for (auto& step : steps) {
        if (!step) return step;
    }
    auto counts =
        database_.prepare("SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM mailbox),"
                          " (SELECT count(*) FROM message)");
    if (!counts) return pass(counts);
    const auto found = counts->step();
    if (!found) return pass(found);
    report.accounts = counts->column<std::uint64_t>(0);
    report.mailboxes = counts->column<std::uint64_t>(1);
    report.messages = counts->column<std::uint64_t>(2);
    return {};
}

} // namespace maild::store
