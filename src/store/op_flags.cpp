#include "store/flag_names.hpp"
#include "store/flag_news.hpp"
#include "store/operations.hpp"
#include "store/pass.hpp"

#include "maild/base/log.hpp"
#include "maild/db/transaction.hpp"

#include <optional>
#include <utility>

namespace maild::store {
namespace {

// flags = (flags & keep) | set, for all three kinds of change. What may not be touched is kept.
struct Edit {
    Edit(FlagChange change, Flags wanted, Flags allowed)
        : keep{(change == FlagChange::replace ? 0
                : change == FlagChange::add   ? ~std::uint64_t{0}
                                              : ~wanted.bits) |
               ~allowed.bits},
          set{change == FlagChange::remove ? 0 : wanted.bits & allowed.bits} {}
    Flags applied(Flags before) const { return Flags{(before.bits & keep.bits) | set.bits}; }
    bool touches(std::uint64_t mask) const {
        return (keep.bits & mask) != mask || (set.bits & mask) != 0;
    }

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

enum class Part : std::uint8_t { none, some, all };

// Decides over one message after the other, ascending.
class Choice {
public:
    Choice(const FlagJob& job, const Edit& edit) : job_(job), edit_(edit) {}

    void look_at(const MessageState& before, std::int64_t size) {
        ++seen_;
        if (job_.unchanged_since && before.modseq > *job_.unchanged_since) { // RFC 7162 §3.1.3
            modified.push_back(before.uid);
            return;
        }
        const auto after = edit_.applied(before.flags);
        if (after == before.flags) return;
        ++changed_;
        delta.count(before.flags, size, -1);
        delta.count(after, size, 1);
        news.add(before.uid, after);
        append_uid(changed, before.uid);
    }
    // How much changes of what was seen since the last call.
    Part end_of_range() {
        const auto seen = std::exchange(seen_, 0);
        const auto count = std::exchange(changed_, 0);
        return count == 0 ? Part::none : count < seen ? Part::some : Part::all;
    }

    MailboxDelta delta;
    FlagNews news;
    UidSet changed;
    std::vector<Uid> modified;

private:
    const FlagJob& job_;
    const Edit& edit_;
    std::size_t seen_ = 0; // in this range
    std::size_t changed_ = 0;
};

Result<void> choose_from_rows(Batch& batch, const FlagJob& job, const UidRange& range,
                              Choice& choice) {
    auto rows = batch.database.query("SELECT uid, flags, modseq, size FROM message WHERE "
                                     "mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
                                     job.open.mailbox, range.first, range.last);
    if (!rows) return pass(rows);
    for (;;) {
        const auto more = rows->step();
        if (!more) return pass(more);
        if (!*more) return {};
        choice.look_at({rows->column<Uid>(0), flags_from_row(rows->column<std::int64_t>(1)),
                        rows->column<ModSeq>(2)},
                       rows->column<std::int64_t>(3));
    }
}

// What sessions have in memory is not read again if it is the newest there is: each change of the
// mailbox has a mod-sequence of its own. Sizes are in the rows alone.
bool is_known(const FlagJob& job, const MailboxRow& mailbox, const Edit& edit) {
    return job.known && job.known->modseq == mailbox.status.highest_modseq &&
           !edit.touches(kDeleted);
}

// Writes nothing yet. Without `known`: by the rows.
Result<std::vector<Part>> choose(Batch& batch, const FlagJob& job,
                                 const std::vector<MessageState>* known, Choice& choice) {
    std::vector<Part> parts;
    parts.reserve(job.uids.size());
    std::size_t next = 0;
    for (const auto& range : job.uids) {
        if (known != nullptr) {
            for (; next < known->size() && (*known)[next].uid <= range.last; ++next)
                choice.look_at((*known)[next], 0);
        } else if (auto chosen = choose_from_rows(batch, job, range, choice); !chosen)
            return pass(chosen);
        parts.push_back(choice.end_of_range());
    }
    return parts;
}

// One statement for each range, whatever it spans; with as little to decide as there is. How many
// rows changed.
Result<std::uint64_t> write(Batch& batch, const FlagJob& job, const Edit& edit,
                            const std::vector<Part>& parts, ModSeq modseq) {
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto& range = job.uids[i];
        if (parts[i] == Part::none) continue;
        auto done =
            parts[i] == Part::all
                ? batch.database.execute("UPDATE message SET flags = (flags & ?4) | ?5, modseq = ?6"
                                         " WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3",
                                         job.open.mailbox, range.first, range.last,
                                         to_row(edit.keep), to_row(edit.set), modseq)
                : batch.database.execute("UPDATE message SET flags = (flags & ?4) | ?5, modseq = ?6"
                                         " WHERE mailbox_id = ?1 AND uid BETWEEN ?2 AND ?3"
                                         " AND modseq <= ?7 AND flags != ((flags & ?4) | ?5)",
                                         job.open.mailbox, range.first, range.last,
                                         to_row(edit.keep), to_row(edit.set), modseq,
                                         job.unchanged_since.value_or(ModSeq(INT64_MAX)));
        if (!done) return pass(done);
        rows += static_cast<std::uint64_t>(*done);
    }
    return rows;
}

struct Changed {
    Choice choice;
    ModSeq modseq; // the old one when nothing changed
};

// Nothing: other rows were changed than chosen, which the caller takes back.
Result<std::optional<Changed>> change_rows(Batch& batch, const FlagJob& job,
                                           const MailboxRow& mailbox, const Edit& edit,
                                           const std::vector<MessageState>* known) {
    Changed made{Choice(job, edit), mailbox.status.highest_modseq};
    const auto parts = choose(batch, job, known, made.choice);
    if (!parts) return pass(parts);
    if (made.choice.changed.empty()) return made;
    const auto modseq = next_modseq(batch.database, job.open.access.account);
    if (!modseq) return pass(modseq);
    made.modseq = made.choice.delta.modseq = *modseq;
    const auto rows = write(batch, job, edit, *parts, *modseq);
    if (!rows) return pass(rows);
    if (*rows != count_of(made.choice.changed)) return std::nullopt;
    return made;
}

// By what the view says; if the rows turn out to be different, by them, before anything is told.
Result<Changed> change_rows(Batch& batch, const FlagJob& job, const MailboxRow& mailbox,
                            const Edit& edit) {
    if (is_known(job, mailbox, edit)) {
        auto savepoint = db::Savepoint::begin(batch.database);
        if (!savepoint) return pass(savepoint);
        auto changed = change_rows(batch, job, mailbox, edit, &job.known->messages);
        if (!changed) return pass(changed);
        if (*changed) {
            if (auto kept = savepoint->release(); !kept) return pass(kept);
            return std::move(**changed);
        }
        log::error("store_view_disagrees", {{"mailbox", mailbox.status.id.value}});
    }
    auto changed = change_rows(batch, job, mailbox, edit, nullptr);
    if (!changed) return pass(changed);
    if (!*changed) return fail(Errc::internal, "other flags were changed than chosen");
    return std::move(**changed);
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
    const Edit edit(job.change, wanted.flags, flags_allowed(*allowed));
    auto changed = change_rows(batch, job, *mailbox, edit);
    if (!changed) return pass(changed);
    auto& choice = changed->choice;
    FlagChangeResult result{changed->modseq, std::move(choice.changed), std::move(choice.modified)};
    if (result.changed.empty()) return result;

    const auto status = change_mailbox(batch.database, job.open.mailbox, choice.delta);
    if (!status) return pass(status);
    MailboxNews news{job.open.access.account, *status, {}};
    if (!wanted.added.empty()) {
        auto set = set_keywords(batch.database, job.open.mailbox, mailbox->keywords, wanted.added);
        if (!set) return pass(set);
        news.changes.emplace_back(KeywordsAdded{std::move(wanted.added)});
    }
    for (auto& change : choice.news.take(result.modseq))
        news.changes.emplace_back(std::move(change));
    batch.news.push_back(std::move(news));
    return result;
}

} // namespace maild::store
