#include "imap/search_context.hpp"

#include "imap/respond.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace maild::imap {

SearchProgram pinned(SearchProgram program, const MailboxView& view) {
    for (auto& key : program) {
        const bool is_uid = key.op == SearchOp::uid;
        if (key.op != SearchOp::sequence && !(is_uid && key.set.is_saved())) continue;
        Ranges uids;
        for (const auto& [first, last] : view.uids(view.seqs(key.set, is_uid)))
            uids.push_back({first.value, last.value});
        key.op = uids.empty() ? SearchOp::nothing : SearchOp::uid;
        key.set = SequenceSet(std::move(uids));
    }
    return program;
}

SearchContext::SearchContext(std::string_view tag, bool is_uid, SearchProgram program,
                             const MailboxView& view, const std::vector<std::uint32_t>& found)
    : tag_(tag), is_uid_(is_uid), program_(std::move(program)) {
    for (const auto seq : found) found_.push_back(view.at(seq).uid);
}

void SearchContext::forget(const std::vector<Uid>& removed) {
    std::erase_if(found_, [&](Uid uid) { return std::ranges::binary_search(removed, uid); });
}

void SearchContext::remove_expunged(std::string& out, const MailboxView& view) {
    std::vector<Uid> removed;
    std::ranges::set_intersection(found_, view.expunged(), std::back_inserter(removed));
    say(out, view, removed, {});
    forget(removed);
}

void SearchContext::update(std::string& out, const MailboxView& view,
                           const std::vector<Uid>& touched,
                           const std::vector<std::uint32_t>& found) {
    std::vector<Uid> matching;
    for (const auto seq : found) matching.push_back(view.at(seq).uid);
    std::vector<Uid> known; // of the touched ones
    std::ranges::set_intersection(found_, touched, std::back_inserter(known));
    std::vector<Uid> removed;
    std::vector<Uid> added;
    std::ranges::set_difference(known, matching, std::back_inserter(removed));
    std::ranges::set_difference(matching, known, std::back_inserter(added));
    say(out, view, removed, added);
    forget(removed);
    const auto middle = static_cast<std::ptrdiff_t>(found_.size());
    found_.insert(found_.end(), added.begin(), added.end());
    std::inplace_merge(found_.begin(), found_.begin() + middle, found_.end());
}

// §4.3.3, §4.3.4: position 0, which is mailbox order.
void SearchContext::say(std::string& out, const MailboxView& view, const std::vector<Uid>& removed,
                        const std::vector<Uid>& added) const {
    if (removed.empty() && added.empty()) return;
    append_string(out += "* ESEARCH (TAG ", tag_);
    out += is_uid_ ? ") UID" : ")";
    const auto put = [&](std::string_view name, const std::vector<Uid>& uids) {
        if (uids.empty()) return;
        std::vector<std::uint32_t> numbers;
        for (const auto uid : uids) numbers.push_back(is_uid_ ? uid.value : view.seq_of(uid));
        append_number_set(out.append(name), numbers);
        out += ')';
    };
    put(" REMOVEFROM (0 ", removed);
    put(" ADDTO (0 ", added);
    out += "\r\n";
}

} // namespace maild::imap
