// What is sent of messages that come, unasked (RFC 5465 §5.2, §7).
#include "imap/session.hpp"

#include <algorithm>
#include <map>

namespace maild::imap {

namespace {

bool is_in(const store::UidSet& set, Uid uid) {
    return std::ranges::any_of(
        set, [uid](const auto& range) { return range.first <= uid && uid <= range.last; });
}

// Each once, in the order of the first that names it.
void add_items(FetchItems& items, const FetchItems& more) {
    for (const auto& item : more) {
        const bool is_there = std::ranges::any_of(items, [&](const FetchItem& other) {
            return other.kind == item.kind && other.section.label == item.section.label;
        });
        if (!is_there) items.push_back(item);
    }
}

} // namespace

// §5.2: what this client puts there itself is no news to it.
void Session::note_own(UidValidity validity, const store::UidSet& uids) {
    if (!view_ || view_->status().uid_validity != validity) return;
    if (watch_ || !contexts_.empty()) own_uids_.insert(own_uids_.end(), uids.begin(), uids.end());
}

void Session::note_own(const store::CopyResult& copied) {
    store::UidSet uids;
    for (const auto& [from, to] : copied.uids) {
        if (!uids.empty() && uids.back().last.value + 1 == to.value)
            uids.back().last = to;
        else
            uids.push_back({to, to});
    }
    note_own(copied.uid_validity, uids);
}

// Of messages above `known`: each in one FETCH, whoever wants it for what.
net::Task<void> Session::send_newcomers(Uid known, std::vector<Wanted> wanted) {
    if (watch_ && !watch_->items().empty()) wanted.push_back({watch_->items(), {}, true});
    std::map<std::uint32_t, Ranges> by_wish; // bit i: wanted[i]; UIDs
    for (auto seq = view_->exists(); seq > 0 && view_->at(seq).uid > known; --seq) {
        const auto uid = view_->at(seq).uid;
        std::uint32_t wish = 0;
        for (std::size_t i = 0; i < wanted.size(); ++i)
            if (wanted[i].all || std::ranges::binary_search(wanted[i].seqs, seq)) wish |= 1U << i;
        if (wish != 0 && !is_in(own_uids_, uid))
            by_wish[wish].insert(by_wish[wish].begin(), {uid.value, uid.value});
    }
    own_uids_.clear();
    for (auto& [wish, uids] : by_wish) {
        Fetch fetch{.set = SequenceSet(std::move(uids)), .items = {}};
        for (std::size_t i = 0; i < wanted.size(); ++i)
            if ((wish >> i & 1U) != 0) add_items(fetch.items, wanted[i].items);
        add_modseq(fetch);
        // RFC 7162 §3.1.2: in whatever is told of messages unasked.
        if (style_.has_modseq) add_items(fetch.items, {{FetchKind::modseq, {}}});
        // What is held back of others is not told here: it would stand before the answer to STORE.
        const auto seqs = view_->seqs(fetch.set, true);
        co_await send_items(fetch, seqs, true);
    }
}

} // namespace maild::imap
