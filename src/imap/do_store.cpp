// STORE, COPY, MOVE, EXPUNGE and their UID forms.
#include "imap/copied_uids.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/store/uid_set.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// "[MODIFIED 7,9] " (RFC 7162 §3.1.3); `uids` ascending.
std::string modified_code(const MailboxView& view, const std::vector<Uid>& uids, bool is_uid) {
    std::vector<std::uint32_t> numbers;
    for (const auto uid : uids)
        if (const auto number = is_uid ? uid.value : view.seq_of(uid); number != 0)
            numbers.push_back(number);
    if (numbers.empty()) return {};
    std::string out = "[MODIFIED ";
    append_number_set(out, numbers);
    return out + "] ";
}

bool covers(store::Rights rights, const StoreFlags& command) {
    const auto allowed = store::flags_allowed(rights).bits;
    if (command.change == store::FlagChange::replace) return ~allowed == 0;
    return (command.flags.system & ~allowed) == 0 &&
           (command.flags.keywords.empty() || rights.has(store::kWrite));
}

Response read_only() { return no("[READ-ONLY] The mailbox is open for reading only"); }

} // namespace

// RFC 9051 §9 seq-number: one that is beyond the last message is the client's error. UIDs may be
// anything. In an empty mailbox every sequence number would be; `1:*`, which clients send without
// looking, names nothing there.
std::optional<Response> Session::refuse_set(const SequenceSet& set, bool is_uid) const {
    if (is_uid || view_->fits(set)) return std::nullopt;
    return bad("There is no message with that number");
}

net::Task<Response> Session::do_store(StoreFlags store_flags, bool is_uid) {
    if (view_->read_only()) co_return read_only();
    if (auto refusal = refuse_set(store_flags.set, is_uid)) co_return std::move(*refusal);
    if (store_flags.unchanged_since) enable_condstore();
    // RFC 4314 §4: what is not allowed is left out, and the client must not believe it was done.
    if (!covers(view_->rights(), store_flags)) store_flags.silent = false;
    // RFC 9051 §6.4.6: even with .SILENT the flags must be certain. What others changed before is
    // told first, and once more with what this command makes of it; what they change meanwhile
    // waits until the client knows that this is done.
    const auto told = view_->announce_flags(out_.text, is_uid);
    const auto seqs = view_->seqs(store_flags.set, is_uid);
    if (seqs.empty()) co_return ok("No messages");
    auto result = co_await store().change_flags(selected(), view_->uids(seqs), store_flags.change,
                                                store_flags.flags, store_flags.unchanged_since);
    if (!result) co_return response_for(result.error().code);
    std::ranges::sort(result->modified);
    view_->forget_changes(result->changed,
                          store_flags.silent ? std::optional(result->modseq) : std::nullopt);
    if (store_flags.silent) view_->hold_changes(seqs, result->modified);
    if (view_->has_news())
        view_->announce_flags(out_.text, is_uid); // a new keyword's FLAGS before its first use
    // Then there is nothing to say of any message, however many there are.
    const bool is_quiet = store_flags.silent && !store_flags.unchanged_since &&
                          !style_.has_modseq && result->modified.empty() && told.empty();
    if (is_quiet) co_return ok("STORE completed");
    for (const auto& [first, last] : seqs) {
        for (auto seq = first; seq <= last; ++seq)
            tell_stored({store_flags, *result, told, is_uid}, seq);
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return ok({});
    }
    if (result->modified.empty()) co_return ok("STORE completed");
    co_return ok(modified_code(*view_, result->modified, is_uid) + "Some messages had changed");
}

// The answer of STORE for one message. RFC 7162 §3.1.3: with UNCHANGEDSINCE each hears its
// mod-sequence, .SILENT or not, and the refused ones their flags, so that the client need not ask.
void Session::tell_stored(const Stored& stored, std::uint32_t seq) {
    const auto& [store_flags, result, told, is_uid] = stored;
    const auto uid = view_->at(seq).uid;
    if (view_->is_expunged(uid)) return;
    const bool is_held = view_->holds_change(uid);
    const bool is_refused = std::ranges::binary_search(result.modified, uid);
    const bool is_changed = store::contains(result.changed, uid);
    const bool was_told = std::ranges::binary_search(told, uid);
    if (!store_flags.silent || is_refused || (is_changed && was_told && !is_held))
        view_->append_fetch_flags(out_.text, seq, is_uid);
    else if (is_changed && (store_flags.unchanged_since || style_.has_modseq))
        view_->append_fetch_modseq(out_.text, seq, result.modseq);
    else if (store_flags.unchanged_since && !is_held)
        view_->append_fetch_modseq(out_.text, seq, view_->at(seq).modseq);
}

net::Task<Response> Session::do_copy(const CopyTo& copy, CopyKind kind) {
    if (kind.is_move && view_->read_only()) co_return read_only();
    if (auto refusal = refuse_set(copy.set, kind.is_uid)) co_return std::move(*refusal);
    auto name = to_mailbox_name(copy.name, name_form());
    if (!name) co_return cannot(name.error());
    auto place = co_await visits_->locate(std::move(*name));
    if (!place) co_return response_for_destination(place.error().code);
    store::Destination to(std::move(place->name), across(*place));
    const auto seqs = view_->seqs(copy.set, kind.is_uid);
    if (seqs.empty()) co_return ok("No messages");
    auto uids = view_->uids(seqs);
    const auto copied = co_await copy_all(std::move(uids), std::move(to), kind);
    if (!copied) co_return response_for_destination(copied.error().code);
    if (kind.is_move) co_return ok(expunge_code() + "MOVE completed");
    co_return ok(copy_uid(*copied) + "COPY completed");
}

// Part by part, where it goes to another account. What is moved is told at once, as it stays moved
// when a later part fails: RFC 6851 §4.3, before the EXPUNGEs, which the end of the command brings.
net::Task<Result<store::CopyResult>> Session::copy_all(store::UidSet uids, store::Destination to,
                                                       CopyKind kind) {
    const auto from = selected(); // it may be lost meanwhile
    auto task = kind.is_move ? store().move(from, std::move(uids), std::move(to))
                             : store().copy(from, std::move(uids), std::move(to));
    auto part = co_await std::move(task);
    Progress progress(out_, server_.clock, kind.tag);
    progress.hide_numbers();
    CopiedUids all;
    while (part) {
        note_own(*part);
        if (kind.is_move && !part->uids.empty())
            out_.text += "* OK " + copy_uid(*part) + "Moved\r\n";
        if (!kind.is_move) all.add(*part);
        if (!part->is_part) co_return all.take();
        if (progress.is_due() || out_.is_full()) {
            const bool alive = co_await progress.tell(0, 0);
            if (!alive) co_return fail(Errc::closed, "the client has gone");
        }
        auto next = co_await store().copy_on(from);
        part = std::move(next);
    }
    co_return std::unexpected(part.error());
}

net::Task<Response> Session::do_expunge(const Arguments& arguments) {
    if (view_->read_only()) co_return read_only();
    std::optional<store::UidSet> uids;
    if (const auto* set = std::get_if<UidExpunge>(&arguments)) {
        uids = view_->uids(view_->seqs(set->set, true));
        if (uids->empty()) co_return ok("No messages");
    }
    const auto done = co_await store().expunge(selected(), std::move(uids));
    if (!done) co_return response_for(done.error().code);
    co_return ok(expunge_code() + "EXPUNGE completed");
}

// RFC 7162 §3.2.7, §3.2.9, RFC 6851 §4.4: if something went, and the client keeps track of it.
// Behind this command everything has been told.
std::string Session::expunge_code() const {
    if (!style_.vanished || !view_->holds_expunges()) return {};
    std::string out = "[HIGHESTMODSEQ ";
    append_number(out, static_cast<std::uint64_t>(view_->highest_modseq().value));
    return out + "] ";
}

} // namespace maild::imap
