#include "store/flag_names.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

struct Changed {
    MailboxDelta delta;
    std::vector<MessageState> messages; // as they are afterwards, without the mod-sequence
};

// Reads one range and decides; writes nothing.
Result<void> choose(Batch& batch, const FlagJob& job, const UidRange& range, Flags wanted,
                    Changed& out, FlagChangeResult& result) {
    auto rows = batch.database.query("SELECT uid, flags, modseq, size FROM message WHERE "
                                     "mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
                                     job.open.mailbox, range.first, range.last);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        const auto uid = rows->column<Uid>(0);
        if (job.unchanged_since &&
            rows->column<ModSeq>(2) > *job.unchanged_since) { // RFC 7162 §3.1.3
            result.modified.push_back(uid);
            continue;
        }
        const auto before = flags_from_row(rows->column<std::int64_t>(1));
        const auto after = apply(before, job.change, wanted);
        if (after == before) continue;
        const auto size = rows->column<std::int64_t>(3);
        out.delta.count(before, size, -1);
        out.delta.count(after, size, 1);
        out.messages.push_back({uid, after, {}});
        result.changed.push_back(uid);
    }
}

// One statement for each range, whatever it spans.
Result<void> write(Batch& batch, const FlagJob& job, const UidRange& range, Flags wanted,
                   ModSeq modseq) {
    // flags = (flags & keep) | set, for all three kinds of change
    const Flags keep{job.change == FlagChange::replace ? 0
                     : job.change == FlagChange::add   ? ~std::uint64_t{0}
                                                       : ~wanted.bits};
    const Flags set{job.change == FlagChange::remove ? 0 : wanted.bits};
    auto done = batch.database.execute(
        "UPDATE message SET flags = (flags & ?4) | ?5, modseq = ?6 WHERE mailbox_id = ?1"
        " AND uid BETWEEN ?2 AND ?3 AND modseq <= ?7 AND flags != ((flags & ?4) | ?5)",
        job.open.mailbox, range.first, range.last, to_row(keep), to_row(set), modseq,
        job.unchanged_since.value_or(ModSeq(INT64_MAX)));
    if (!done) return pass(done);
    return {};
}

} // namespace

Result<FlagChangeResult> change_flags(Batch& batch, const FlagJob& job) {
    auto mailbox = mailbox_by_id(batch.database, job.open.account, job.open.mailbox);
    if (!mailbox) return pass(mailbox);
    ResolvedFlags wanted{known(job.flags, mailbox->keywords), {}};
    if (job.change != FlagChange::remove) {
        auto resolved = resolve(job.flags, mailbox->keywords);
        if (!resolved) return pass(resolved);
        wanted = std::move(*resolved);
    }
    FlagChangeResult result{mailbox->status.highest_modseq, {}, {}};
    Changed changed;
    for (const auto& range : job.uids) {
        if (auto chosen = choose(batch, job, range, wanted.flags, changed, result); !chosen)
            return pass(chosen);
    }
    if (changed.messages.empty()) return result;

    const auto modseq = next_modseq(batch.database, job.open.account);
    if (!modseq) return pass(modseq);
    for (const auto& range : job.uids) {
        if (auto done = write(batch, job, range, wanted.flags, *modseq); !done) return pass(done);
    }
    changed.delta.modseq = result.modseq = *modseq;
    const auto status = change_mailbox(batch.database, job.open.mailbox, changed.delta);
    if (!status) return pass(status);
    MailboxNews news{job.open.account, *status, {}};
    news.changes.reserve(changed.messages.size() + 1);
    if (!wanted.added.empty()) {
        auto set = set_keywords(batch.database, job.open.mailbox, mailbox->keywords, wanted.added);
        if (!set) return pass(set);
        news.changes.emplace_back(KeywordsAdded{std::move(wanted.added)});
    }
    for (auto& message : changed.messages) {
        message.modseq = *modseq;
        news.changes.emplace_back(FlagsChanged{message});
    }
    batch.news.push_back(std::move(news));
    return result;
}

} // namespace maild::store
