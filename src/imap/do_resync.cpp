// QRESYNC (RFC 7162 §3.2): what has changed and what is gone since a client was here last.
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// The part of `ranges` above `known` and up to `last`.
store::UidSet clipped(const Ranges& ranges, Uid known, Uid last) {
    store::UidSet out;
    for (const auto& range : ranges) {
        const auto from = std::max(Uid(range.first), Uid(known.value + 1));
        const auto upto = std::min(Uid(range.last), last);
        if (from <= upto) out.push_back({from, upto});
    }
    return out;
}

} // namespace

// VANISHED (EARLIER), §3.2.10.1. What the store no longer remembers is computed from what is there:
// of these UIDs everything else is gone, since when is not known. So is it when the store cannot
// say: too much is told rather than too little.
net::Task<void> Session::tell_vanished(const Ranges& uids, ModSeq since, Uid known) {
    auto wanted = clipped(uids, known, view_->last_uid());
    if (wanted.empty()) co_return;
    const auto remembered = co_await store().vanished(selected(), wanted, since);
    if (remembered && *remembered) wanted = **remembered;
    // What this session still counts among its messages is told later, as VANISHED without EARLIER.
    const auto gone = view_->without_known(wanted);
    if (gone.empty()) co_return;
    append_uid_set(out_.text += "* VANISHED (EARLIER) ", gone);
    out_.text += "\r\n";
}

// §3.2.5: behind everything else that SELECT says.
net::Task<Result<void>> Session::resync(const QuickResync& client) {
    if (client.uid_validity != view_->status().uid_validity) co_return Result<void>{};
    const auto whole = co_await complete_view();
    if (!whole) co_return whole;
    const auto known = view_->matched(client.match_seqs, client.match_uids);
    const auto uids = client.uids.value_or(Ranges{{1, UINT32_MAX}});
    co_await tell_vanished(uids, client.modseq, known);
    const auto changed = view_->changed_since(view_->seqs_of(uids), client.modseq);
    for (const auto& [first, last] : changed) {
        for (auto seq = first; seq <= last; ++seq) {
            view_->append_fetch_flags(out_.text, seq, true);
            if (!out_.is_full()) continue;
            const bool alive = co_await out_.flush();
            if (!alive) co_return Result<void>{};
        }
    }
    co_return Result<void>{};
}

} // namespace maild::imap
