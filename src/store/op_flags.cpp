#include "store/flag_names.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"

namespace maild::store {
namespace {

struct Changed {
    MailboxDelta delta;
    std::vector<MessageState> messages; // as they are afterwards, without the mod-sequence
};

// flags = (flags & keep) | set, for all three kinds of change. What may not be touched is kept.
struct Edit {
    Edit(FlagChange change, Flags wanted, Flags allowed)
        : keep{(change == FlagChange::replace ? 0
                : change == FlagChange::add   ? ~std::uint64_t{0}
                                              : ~wanted.bits) |
               ~allowed.bits},
          set{change == FlagChange::remove ? 0 : wanted.bits & allowed.bits} {}
    Flags applied(Flags before) const { return Flags{(before.bits & keep.bits) | set.bits}; }

    Flags keep;
    Flags set;
};

// RFC 4314 §4: it fails only for who may change none of these flags; to name none is about all.
Result<Rights> allowed_in(Batch& batch, const FlagJob& job) {
    const auto rights = rights_on(batch.database, job.open.access, job.open.mailbox);
    if (!rights) return pass(rights);
    const auto names = only_allowed(job.flags, *rights);
    const bool is_for_nothing = job.flags.system == 0 && job.flags.keywords.empty();
    const bool may = is_for_nothing ? flags_allowed(*rights).bits != 0
                                    : names.system != 0 || !names.keywords.empty();
    if (!may) return fail(Errc::not_permitted, "flags");
    return *rights;
}

// Reads one range and decides; writes nothing.
Result<void> choose(Batch& batch, const FlagJob& job, const UidRange& range, const Edit& edit,
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
        const auto after = edit.applied(before);
        if (after == before) continue;
        const auto size = rows->column<std::int64_t>(3);
        out.delta.count(before, size, -1);
        out.delta.count(after, size, 1);
        out.messages.push_back({uid, after, {}});
        result.changed.push_back(uid);
    }
}

// One statement for each range, whatever it spans.
Result<void> write(Batch& batch, const FlagJob& job, const UidRange& range, const Edit& edit,
                   ModSeq modseq) {
    auto done = batch.database.execute(
        "UPDATE message SET flags = (flags & ?4) | ?5, modseq = ?6 WHERE mailbox_id = ?1"
        " AND uid BETWEEN ?2 AND ?3 AND modseq <= ?7 AND flags != ((flags & ?4) | ?5)",
        job.open.mailbox, range.first, range.last, to_row(edit.keep), to_row(edit.set), modseq,
        job.unchanged_since.value_or(ModSeq(INT64_MAX)));
    if (!done) return pass(done);
    return {};
}

} // namespace

Result<FlagChangeResult> change_flags(Batch& batch, const FlagJob& job) {
    auto mailbox = mailbox_by_id(batch.database, job.open.access, job.open.mailbox, kRead);
    if (!mailbox) return pass(mailbox);
    const auto allowed = allowed_in(batch, job);
    if (!allowed) return pass(allowed);
    const auto names = only_allowed(job.flags, *allowed);
    ResolvedFlags wanted{known(names, mailbox->keywords), {}};
    if (job.change != FlagChange::remove) {
        auto resolved = resolve(names, mailbox->keywords);
        if (!resolved) return pass(resolved);
        wanted = std::move(*resolved);
    }
    FlagChangeResult result{mailbox->status.highest_modseq, {}, {}};
    Changed changed;
    const Edit edit(job.change, wanted.flags, flags_allowed(*allowed));
    for (const auto& range : job.uids) {
        if (auto chosen = choose(batch, job, range, edit, changed, result); !chosen)
            return pass(chosen);
    }
    if (changed.messages.empty()) return result;

    const auto modseq = next_modseq(batch.database, job.open.access.account);
    if (!modseq) return pass(modseq);
    for (const auto& range : job.uids) {
        if (auto done = write(batch, job, range, edit, *modseq); !done) return pass(done);
    }
    changed.delta.modseq = result.modseq = *modseq;
    const auto status = change_mailbox(batch.database, job.open.mailbox, changed.delta);
    if (!status) return pass(status);
    MailboxNews news{job.open.access.account, *status, {}};
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
