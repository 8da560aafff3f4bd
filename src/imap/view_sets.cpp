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
    if (exists_ == 0) return {};
    if (set.is_saved()) return seqs_of(saved_);
    const auto last = is_uid ? at(exists_).uid.value : exists_;
    const auto numbers = set.resolve(last);
    if (is_uid) return seqs_of(numbers);
    Ranges out;
    for (const auto& [first, end] : numbers)
        if (first <= exists_) out.push_back({first, std::min(end, exists_)});
    return out;
}

Ranges MailboxView::seqs_of(const Ranges& uids) const {
    Ranges out;
    const auto announced = std::span(messages_).first(exists_);
    for (const auto& [first, last] : uids) {
        const auto from = count_below(announced, first) + 1;
        const auto upto = last == UINT32_MAX ? exists_ : count_below(announced, last + 1);
        if (from <= upto) out.push_back({from, upto});
    }
    return normal(std::move(out));
}

Uid MailboxView::matched(const Ranges& seqs, const Ranges& uids) const {
    auto seq = seqs.rbegin();
    auto uid = uids.rbegin();
    std::uint32_t seqs_done = 0; // of the range at hand, from its end
    std::uint32_t uids_done = 0;
    while (seq != seqs.rend() && uid != uids.rend()) {
        const auto last = seq->last - seqs_done;
        // Numbers beyond the last message match nothing: they are skipped, not tried.
        const auto skipped = last > exists_ ? std::min(last - exists_, last - seq->first + 1) : 0;
        const auto wanted = uid->last - uids_done;
        if (skipped == 0 && at(last).uid.value == wanted) return Uid(wanted);
        const auto step = std::min(std::max<std::uint32_t>(skipped, 1), wanted - uid->first + 1);
        seqs_done += step;
        uids_done += step;
        if (seqs_done > seq->last - seq->first) {
            ++seq;
            seqs_done = 0;
        }
        if (uids_done > uid->last - uid->first) {
            ++uid;
            uids_done = 0;
        }
    }
    return {};
}

Uid MailboxView::last_uid() const {
    const Uid last(status_.uid_next.value - 1);
    return messages_.empty() ? last : std::max(last, messages_.back().uid);
}

store::UidSet MailboxView::without_known(const store::UidSet& uids) const {
    store::UidSet out;
    for (const auto& range : uids) {
        auto first = range.first;
        for (auto index = lower_bound(first); index < messages_.size(); ++index) {
            const auto here = messages_[index].uid;
            if (here > range.last) break;
            if (here > first) out.push_back({first, Uid(here.value - 1)});
            first = Uid(here.value + 1); // UIDs end below 2³² − 1 (RFC 9051 §2.3.1.1)
        }
        if (first <= range.last) out.push_back({first, range.last});
    }
    return out;
}

void MailboxView::save(const std::vector<std::uint32_t>& seqs) {
    saved_.clear();
    for (const auto seq : seqs) append_seq(saved_, at(seq).uid.value);
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
