// How a client's sets name the messages of a MailboxView.
#include "imap/mailbox_view.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// Index of the first message whose UID is at least `uid`, among the announced ones.
std::uint32_t count_below(std::span<const store::MessageState> announced, std::uint32_t uid) {
    const auto found = std::ranges::lower_bound(announced, Uid(uid), {}, &store::MessageState::uid);
    return static_cast<std::uint32_t>(found - announced.begin());
}

} // namespace

bool MailboxView::fits(const SequenceSet& seqs) const { return seqs.greatest() <= exists_; }

Ranges MailboxView::seqs(const SequenceSet& set, bool is_uid) const {
    Ranges out;
    if (exists_ == 0) return out;
    const auto announced = std::span(messages_).first(exists_);
    const auto last = is_uid ? announced.back().uid.value : exists_;
    for (auto [first, end] : set.resolve(last)) {
        if (is_uid) {
            first = count_below(announced, first) + 1;
            end = end == UINT32_MAX ? exists_ : count_below(announced, end + 1);
        }
        end = std::min(end, exists_);
        if (first <= end) out.push_back({first, end});
    }
    return normal(std::move(out));
}

Ranges MailboxView::changed_since(const Ranges& seqs, ModSeq modseq) const {
    Ranges out;
    for (const auto& [first, last] : seqs) {
        for (auto seq = first; seq <= last; ++seq)
            if (at(seq).modseq > modseq) append_seq(out, seq);
    }
    return out;
}

store::UidSet MailboxView::uids(const Ranges& seqs) const {
    store::UidSet out;
    out.reserve(seqs.size());
    // All messages from first to last are named, so the UIDs between name no other message of this
    // view.
    for (const auto& [first, last] : seqs) out.push_back({at(first).uid, at(last).uid});
    return out;
}

} // namespace maild::imap
