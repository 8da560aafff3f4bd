#include "imap/search_context.hpp"

#include "imap/respond.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace maild::imap {

SearchProgram pinned(SearchProgram program, const MailboxView& view) {
    const auto star = view.exists() == 0 ? Uid() : view.at(view.exists()).uid;
    for (auto& key : program) {
        const bool is_uid = key.op == SearchOp::uid;
        if (is_uid) key.set.pin_star(star.value);
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

SortedResult::Number SearchContext::numbering(const MailboxView& view) const {
    return [is_uid = is_uid_, &view](Uid uid) { return is_uid ? uid.value : view.seq_of(uid); };
}

// Position 0 is mailbox order (§4.3.3, §4.3.4); a sorted result has positions of its own.
std::string SearchContext::leave(const MailboxView& view, const std::vector<Uid>& removed) {
    std::erase_if(found_, [&](Uid uid) { return std::ranges::binary_search(removed, uid); });
    if (removed.empty()) return {};
    const auto number = numbering(view);
    if (sorted_) return sorted_->remove(removed, number);
    std::vector<std::uint32_t> numbers;
    for (const auto uid : removed) numbers.push_back(number(uid));
    std::string out = "0 ";
    append_number_set(out, numbers);
    return out;
}

std::string SearchContext::join(const MailboxView& view, const std::vector<Uid>& added,
                                std::vector<SortKey> keys) {
    const auto middle = static_cast<std::ptrdiff_t>(found_.size());
    found_.insert(found_.end(), added.begin(), added.end());
    std::inplace_merge(found_.begin(), found_.begin() + middle, found_.end());
    if (added.empty()) return {};
    const auto number = numbering(view);
    if (sorted_) return sorted_->add(std::move(keys), number);
    std::vector<std::uint32_t> numbers;
    for (const auto uid : added) numbers.push_back(number(uid));
    std::string out = "0 ";
    append_number_set(out, numbers);
    return out;
}

void SearchContext::remove_expunged(std::string& out, const MailboxView& view) {
    std::vector<Uid> removed;
    std::ranges::set_intersection(found_, view.expunged(), std::back_inserter(removed));
    say(out, leave(view, removed), {});
}

std::vector<std::uint32_t> SearchContext::newcomers(const MailboxView& view,
                                                    const std::vector<std::uint32_t>& found) const {
    std::vector<std::uint32_t> out;
    for (const auto seq : found)
        if (!std::ranges::binary_search(found_, view.at(seq).uid)) out.push_back(seq);
    return out;
}

void SearchContext::update(std::string& out, const MailboxView& view,
                           const std::vector<Uid>& touched, const std::vector<std::uint32_t>& found,
                           std::vector<SortKey> keys) {
    std::vector<Uid> matching;
    for (const auto seq : found) matching.push_back(view.at(seq).uid);
    std::vector<Uid> known; // of the touched ones
    std::ranges::set_intersection(found_, touched, std::back_inserter(known));
    std::vector<Uid> removed;
    std::vector<Uid> added;
    std::ranges::set_difference(known, matching, std::back_inserter(removed));
    std::ranges::set_difference(matching, known, std::back_inserter(added));
    if (sorted_) { // one that could not be read has no place
        std::ranges::sort(keys, {}, &SortKey::seq);
        std::erase_if(added, [&](Uid uid) {
            return !std::ranges::binary_search(keys, uid.value, {}, &SortKey::seq);
        });
    }
    const auto left = leave(view, removed);
    say(out, left, join(view, added, std::move(keys)));
}

void SearchContext::say(std::string& out, std::string_view removed, std::string_view added) const {
    if (removed.empty() && added.empty()) return;
    append_string(out += "* ESEARCH (TAG ", tag_);
    out += is_uid_ ? ") UID" : ")";
    if (!removed.empty()) out.append(" REMOVEFROM (").append(removed) += ')';
    if (!added.empty()) out.append(" ADDTO (").append(added) += ')';
    out += "\r\n";
}

} // namespace maild::imap
