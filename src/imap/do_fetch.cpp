// FETCH and UID FETCH (RFC 9051 §6.4.5).
#include "imap/fetch_writer.hpp"
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace maild::imap {

namespace {

constexpr const char* kSomeAreGone =
    "[EXPUNGEISSUED] Some of these messages exist no longer"; // RFC 5530 §3

// One FETCH of which the store knows the answers.
class FetchRun {
public:
    // `may_go_on`: what is there may still be told.
    FetchRun(const Fetch& fetch, bool is_uid, MailboxView& view, store::MessageStore& store,
             store::SessionId session, Output& out, ReadAheads& read_aheads,
             std::function<bool()> may_go_on)
        : fetch_(fetch),
          view_(view),
          store_(store),
          session_(session),
          out_(out),
          writer_(fetch.items, is_uid, view, store, session, out),
          read_aheads_(read_aheads),
          may_go_on_(std::move(may_go_on)),
          marks_seen_(sets_seen(fetch.items) && !view.read_only() &&
                      view.rights().has(store::kKeepSeen)) {}

    net::Task<Response> run(const Ranges& seqs);
    bool is_broken() const { return is_broken_; }
    const std::vector<Uid>& damaged() const { return damaged_; }

private:
    using Answer = std::optional<Result<store::FetchResult>>;
    net::Task<void> ask(store::UidSet uids, Answer& answer);
    net::Task<void> tell(const store::FetchResult& batch);
    net::Task<void> tell_and_ask(const store::FetchResult& batch, const store::UidSet& rest,
                                 Answer& next);
    net::Task<void> tell_after_asking(const store::FetchResult& batch);
    net::Task<void> mark_seen(const store::FetchResult& batch);
    net::Task<bool> write_batch(const store::FetchResult& batch);

    const Fetch& fetch_;
    MailboxView& view_;
    store::MessageStore& store_;
    store::SessionId session_;
    Output& out_;
    FetchWriter writer_;
    ReadAheads& read_aheads_;
    std::function<bool()> may_go_on_;
    bool marks_seen_;
    bool is_broken_ = false;
    bool is_over_ = false;        // the peer is gone, or nothing more can be said
    bool is_undecodable_ = false; // a part of some message
    std::uint64_t written_ = 0;
    store::UidSet seen_;       // marked in this batch
    std::vector<Uid> damaged_; // what the store could not give
};

std::uint64_t count(const Ranges& seqs) {
    std::uint64_t out = 0;
    for (const auto& [first, last] : seqs) out += last - first + 1;
    return out;
}

net::Task<Response> FetchRun::run(const Ranges& seqs) {
    auto uids = view_.uids(seqs);
    Answer next;
    if (!uids.empty()) co_await ask(uids, next);
    while (next) {
        const auto batch = *std::exchange(next, std::nullopt);
        if (!batch) co_return response_for(batch.error().code);
        if (batch->next) uids = from(uids, *batch->next);
        std::optional<ReadAheads::Place> place; // only of who has something to read
        if (batch->next) place.emplace(read_aheads_);
        if (place && *place)
            co_await tell_and_ask(*batch, uids, next);
        else
            co_await tell(*batch);
        if (is_over_) co_return ok({});
        // What was read before access was taken back is not told: the store says why.
        if (!may_go_on_()) next.reset();
        if (batch->next && !next) co_await ask(uids, next);
    }
    if (!damaged_.empty()) co_return response_for(Errc::corrupt);
    // RFC 3516 §4.3
    if (is_undecodable_) co_return no("[UNKNOWN-CTE] Some of these parts cannot be decoded");
    // RFC 5530 §3: some of them are gone, and the EXPUNGEs are still to come.
    if (written_ < count(seqs)) co_return no(kSomeAreGone);
    co_return ok("FETCH completed");
}

net::Task<void> FetchRun::ask(store::UidSet uids, Answer& answer) {
    auto items = store_items(fetch_.items);
    // Such an ENVELOPE may be made of the header, whose size comes with more than a list.
    if (view_.is_utf8() && (items & store::kEnvelope) != 0) items |= store::kBody;
    auto batch = co_await store_.fetch(session_, std::move(uids), items);
    answer = std::move(batch);
}

net::Task<void> FetchRun::tell(const store::FetchResult& batch) {
    co_await mark_seen(batch);
    const bool alive = co_await write_batch(batch);
    is_over_ = !alive;
}

// The store reads on while this is written.
net::Task<void> FetchRun::tell_and_ask(const store::FetchResult& batch, const store::UidSet& rest,
                                       Answer& next) {
    std::vector<net::Task<void>> both;
    both.push_back(ask(rest, next));
    both.push_back(tell_after_asking(batch));
    co_await net::all(std::move(both));
}

net::Task<void> FetchRun::tell_after_asking(const store::FetchResult& batch) {
    co_await net::yield(); // the question is on its way first
    co_await tell(batch);
}

// All of a batch in one change. A store that cannot write now can still be read.
net::Task<void> FetchRun::mark_seen(const store::FetchResult& batch) {
    seen_.clear();
    if (!marks_seen_) co_return;
    store::UidSet unseen;
    for (const auto& message : batch.messages) {
        const auto seq = view_.seq_of(message.uid);
        if (seq != 0 && !message.error && !view_.at(seq).flags.has(store::kSeen) &&
            writer_.marks_seen(message))
            unseen.push_back({message.uid, message.uid});
    }
    if (unseen.empty()) co_return;
    store::FlagNames flags{.system = store::kSeen, .keywords = {}};
    auto changed = co_await store_.change_flags(session_, std::move(unseen), store::FlagChange::add,
                                                std::move(flags), std::nullopt);
    if (!changed) co_return;
    view_.forget_changes(changed->changed, changed->modseq);
    seen_ = std::move(changed->changed);
}

net::Task<bool> FetchRun::write_batch(const store::FetchResult& batch) {
    for (const auto& message : batch.messages) {
        const bool is_changed = store::contains(seen_, message.uid);
        const auto written = co_await writer_.write(message, is_changed);
        is_broken_ = written == Written::broken;
        if (is_broken_ || written == Written::gone) co_return false;
        is_undecodable_ = is_undecodable_ || written == Written::partly;
        if (written == Written::skipped)
            damaged_.push_back(message.uid);
        else
            ++written_;
        if (!out_.is_full()) continue;
        const bool alive = co_await out_.flush();
        if (!alive) co_return false;
    }
    co_return true;
}

} // namespace

// RFC 7162 §3.1.4.1: CHANGEDSINCE asks for MODSEQ too.
void Session::add_modseq(Fetch& fetch) {
    const bool has_modseq = wants(fetch.items, FetchKind::modseq);
    if (has_modseq || fetch.changed_since) enable_condstore();
    if (fetch.changed_since && !has_modseq) fetch.items.push_back({FetchKind::modseq, {}});
}

net::Task<Response> Session::do_fetch(Fetch fetch, bool is_uid) {
    // RFC 7162 §3.2.6
    if (fetch.vanished && (!is_uid || !fetch.changed_since || !style_.vanished))
        co_return bad("VANISHED is for UID FETCH with CHANGEDSINCE when QRESYNC is enabled");
    if (auto refusal = refuse_set(fetch.set, is_uid)) co_return std::move(*refusal);
    add_modseq(fetch);
    // News of flags first: what comes while the answers are written is told behind them.
    if (!watch_ || (watch_->selected() & kFlagChange) != 0)
        view_->announce_flags(out_.text, is_uid || watch_ != nullptr);
    // Before any FETCH: a star is the last UID that ever was, not the last one that is there.
    if (fetch.vanished)
        co_await tell_vanished(fetch.set.resolve(UINT32_MAX), *fetch.changed_since, Uid());
    auto seqs = view_->seqs(fetch.set, is_uid);
    if (fetch.partial) seqs = pick(seqs, *fetch.partial); // RFC 9394 §3.4: before CHANGEDSINCE
    if (fetch.changed_since) seqs = view_->changed_since(seqs, *fetch.changed_since);
    auto response = co_await send_items(fetch, seqs, is_uid);
    co_return response;
}

net::Task<Response> Session::send_items(const Fetch& fetch, const Ranges& seqs, bool is_uid) {
    if (store_items(fetch.items) != 0) {
        const auto may_go_on = [this] {
            return !is_lost_ && !guest_.is_lost && !view_->is_revoked();
        };
        FetchRun fetching(fetch, is_uid, *view_, store(), selected(), out_,
                          server_.backend.read_aheads(), may_go_on);
        auto response = co_await fetching.run(seqs);
        for (const auto uid : fetching.damaged())
            log::error(
                "imap_message_damaged",
                {{"account", identity_->address}, {"mailbox", selected_}, {"uid", uid.value}});
        if (fetching.is_broken()) {
            // In the middle of a literal nothing else can be said.
            log::error("imap_fetch_broken", {{"mailbox", view_->id().value}});
            expects_ = Expects::end;
        }
        co_return response;
    }
    FetchWriter writer(fetch.items, is_uid, *view_, store(), selected(), out_);
    bool are_gone = false;
    for (const auto& [first, last] : seqs) {
        for (auto seq = first; seq <= last; ++seq) {
            if (view_->was_never_seen(seq)) {
                are_gone = true;
                continue;
            }
            writer.write_from_view(seq);
            if (!out_.is_full()) continue;
            const bool alive = co_await out_.flush();
            if (!alive) co_return ok({});
        }
    }
    if (are_gone) co_return no(kSomeAreGone);
    co_return ok("FETCH completed");
}

} // namespace maild::imap
