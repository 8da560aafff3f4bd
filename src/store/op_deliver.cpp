#include "store/flag_names.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"
#include "store/removal.hpp"

#include "maild/db/transaction.hpp"
#include "maild/store/uid_set.hpp"

namespace maild::store {
namespace {

Result<std::int64_t> insert_content(Batch& batch, const PendingBody& body,
                                    std::string_view prefix) {
    const auto email_id = static_cast<std::int64_t>(batch.random.next() >> 1);
    const auto id = batch.take_content_id();
    auto done = batch.database.execute(
        "INSERT INTO content (id, body_id, prefix, email_id) VALUES (?1, ?2, ?3, ?4)", id, body.id,
        db::Blob{prefix}, email_id);
    if (!done) return pass(done);
    return id;
}

// For a mailbox that every account has, one of the same use, where the owner has named it his way.
Result<MailboxRow> stand_in(Batch& batch, const LocalTarget& target) {
    const auto defaults = default_mailboxes();
    const auto wanted = std::ranges::find(defaults, target.mailbox, &DefaultMailbox::name);
    if (wanted == defaults.end() || wanted->use == SpecialUse::none)
        return fail(Errc::no_such_mailbox);
    auto rows = mailboxes_of(batch.database, target.account);
    if (!rows) return pass(rows);
    const auto found = std::ranges::find(*rows, wanted->use, &MailboxRow::use);
    if (found == rows->end()) return fail(Errc::no_such_mailbox);
    return std::move(*found);
}

// Where it goes: the mailbox asked for or what stands in for it, made when missing; INBOX if that
// cannot be.
Result<MailboxRow> target_mailbox(Batch& batch, const LocalTarget& target) {
    auto row = mailbox_by_name(batch.database, target.account, target.mailbox);
    if (!row && row.error().code == Errc::no_such_mailbox) row = stand_in(batch, target);
    if (row || row.error().code != Errc::no_such_mailbox) return row;
    const auto made = create_mailbox(batch, target.account, target.mailbox, SpecialUse::none);
    if (made) return mailbox_by_name(batch.database, target.account, target.mailbox);
    if (made.error().code != Errc::cannot && made.error().code != Errc::limit_exceeded)
        return pass(made);
    return mailbox_by_name(batch.database, target.account, kInbox);
}

Result<Delivered> deliver_one(Batch& batch, std::optional<std::size_t>& body, const DeliverJob& job,
                              const LocalTarget& target) {
    auto account = ensure_account(batch, target.account);
    if (!account) return pass(account);
    const auto size = target.prefix.size() + job.body->content.size();
    if (auto room = check_room(*account, target.quota, size, 1); !room) return pass(room);
    auto mailbox = target_mailbox(batch, target);
    if (!mailbox) return pass(mailbox);
    if (!body) {
        if (auto added = batch.add_body(job.body); !added) return pass(added);
        body = batch.bodies.size() - 1;
    }
    return insert_message(batch, batch.bodies[*body], *mailbox,
                          {target.flags, job.internal_date, target.prefix, target.address, true});
}

// An error of one recipient takes back what was written for him.
Result<Delivered> deliver_apart(Batch& batch, std::optional<std::size_t>& body,
                                const DeliverJob& job, const LocalTarget& target) {
    auto savepoint = db::Savepoint::begin(batch.database);
    if (!savepoint) return pass(savepoint);
    const auto mark = batch.mark();
    const auto body_before = body;
    auto delivered = deliver_one(batch, body, job, target);
    if (delivered) {
        if (auto kept = savepoint->release(); !kept) return pass(kept);
        return delivered;
    }
    batch.back_to(mark);
    body = body_before;
    return delivered;
}

// What belongs to one recipient; everything else is trouble of the shard and fails the request.
bool is_about_recipient(Errc code) {
    return code == Errc::over_quota || code == Errc::too_large || code == Errc::no_such_account ||
           code == Errc::limit_exceeded;
}

// RFC 8508 §3.4: only the difference counts, as if what is replaced were gone.
Result<void> count_without(Batch& batch, const OpenRef& open, Uid uid, AccountRow& account) {
    // It may have been deleted by a commit that the session has not been told yet, or in this one.
    const auto mailbox =
        mailbox_by_id(batch.database, open.access, open.mailbox, kDeleteMessages | kExpunge);
    if (!mailbox) return pass(mailbox);
    auto row = batch.database.query("SELECT size FROM message WHERE mailbox_id = ?1 AND uid = ?2",
                                    open.mailbox, uid);
    if (!row) return pass(row);
    const auto found = row->step();
    if (!found) return pass(found);
    if (!*found) return fail(Errc::not_found, "what is to be replaced");
    account.used_bytes -= std::min(row->column<std::uint64_t>(0), account.used_bytes);
    account.used_messages -= std::min<std::uint64_t>(1, account.used_messages);
    return {};
}

} // namespace

Result<Delivered> insert_message(Batch& batch, PendingBody& body, MailboxRow& mailbox,
                                 const NewMessage& message) {
    auto flags = message.is_lenient ? resolve_leniently(message.names, mailbox.keywords)
                                    : resolve(message.names, mailbox.keywords);
    if (!flags) return pass(flags);
    const auto content = insert_content(batch, body, message.prefix);
    if (!content) return pass(content);
    const auto size =
        static_cast<std::int64_t>(message.prefix.size() + body.source->content.size());
    const auto modseq = next_modseq(batch.database, mailbox.account, size, 1);
    if (!modseq) return pass(modseq);
    MailboxDelta delta{.modseq = *modseq, .uids = 1, .messages = 1, .size = size};
    delta.count(flags->flags, size, 1);
    const auto status = change_mailbox(batch.database, mailbox.status.id, delta);
    if (!status) return pass(status);
    const Uid uid(status->uid_next.value - 1);
    auto done = batch.database.execute(
        "INSERT INTO message (mailbox_id, uid, content_id, flags, modseq, size,"
        " internal_date, save_date) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        mailbox.status.id, uid, *content, to_row(flags->flags), *modseq, size,
        to_millis(message.internal_date), to_millis(batch.now));
    if (!done) return pass(done);

    MailboxNews news{mailbox.account, *status, {}};
    if (!flags->added.empty()) {
        if (auto set =
                set_keywords(batch.database, mailbox.status.id, mailbox.keywords, flags->added);
            !set)
            return pass(set);
        mailbox.keywords.insert(mailbox.keywords.end(), flags->added.begin(), flags->added.end());
        news.changes.emplace_back(KeywordsAdded{std::move(flags->added)});
    }
    news.changes.emplace_back(Added{{uid, flags->flags, *modseq}});
    batch.news.push_back(std::move(news));
    ++body.refs;
    body.metadata.messages.push_back(
        {{mailbox.account, mailbox.status.id, mailbox.name, mailbox.use, status->uid_validity},
         uid,
         message.internal_date,
         named(flags->flags, mailbox.keywords),
         std::string(message.address),
         std::string(message.prefix)});
    return Delivered{mailbox.status.id, status->uid_validity, uid};
}

Result<DeliverResult> deliver(Batch& batch, const DeliverJob& job) {
    for (const auto& key : job.reports_on) {
        const auto told = settle_reported(batch, key);
        if (!told) return pass(told);
        if (!*told) return fail(Errc::conflict, "a report that is not owed");
    }
    DeliverResult result;
    std::optional<std::size_t> body; // index into batch.bodies, once somebody takes the message
    for (const auto& target : job.local) {
        auto delivered = deliver_apart(batch, body, job, target);
        if (!delivered && !is_about_recipient(delivered.error().code)) return pass(delivered);
        batch.delivered += delivered ? 1 : 0;
        result.local.push_back(std::move(delivered));
    }
    if (!job.relay) return result;
    auto account = ensure_account(batch, job.relay->account);
    if (!account) return pass(account);
    if (!body) {
        if (auto added = batch.add_body(job.body); !added) return pass(added);
        body = batch.bodies.size() - 1;
    }
    const auto queued = enqueue(batch, batch.bodies[*body], *job.relay);
    if (!queued) return pass(queued);
    result.queued = *queued;
    return result;
}

Result<Appended> append(Batch& batch, const AppendJob& job) {
    const auto row = account_row(batch.database, job.access.account);
    if (!row) return pass(row);
    auto account = row->value_or(AccountRow{});
    auto mailbox = mailbox_by_name(batch.database, job.access, job.mailbox, kInsert);
    if (!mailbox) return pass(mailbox);
    const auto rights = rights_on(batch.database, job.access, mailbox->status.id);
    if (!rights) return pass(rights);
    std::uint64_t bytes = 0;
    for (const auto& message : job.messages)
        bytes += message.prefix.size() + message.body->content.size();
    const auto& replaced = job.replaced;
    if (replaced) {
        auto counted = count_without(batch, replaced->first, replaced->second, account);
        if (!counted) return pass(counted);
    }
    auto room = check_room(account, job.quota, bytes, job.messages.size());
    if (!room) return pass(room);
    Appended appended{{mailbox->status.uid_validity, {}}, rights->has(kRead)};
    for (const auto& message : job.messages) {
        auto body = batch.add_body(message.body);
        if (!body) return pass(body);
        const auto stored = insert_message(
            batch, **body, *mailbox,
            {only_allowed(message.flags, *rights), message.internal_date, message.prefix, {}});
        if (!stored) return pass(stored);
        append_uid(appended.result.uids, stored->uid);
    }
    if (replaced) { // whether it is \Deleted or not
        const auto& [open, uid] = *replaced;
        auto gone =
            remove_messages(batch, open.access, open.mailbox, {{uid, uid}}, Removal::expunged);
        if (!gone) return pass(gone);
    }
    return appended;
}

} // namespace maild::store
