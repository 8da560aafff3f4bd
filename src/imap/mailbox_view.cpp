#include "imap/mailbox_view.hpp"

#include "imap/respond.hpp"

#include "maild/store/message_states.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>
#include <utility>

namespace maild::imap {
// What came unordered is put in order when it is more than this, and than what it is merged with.
constexpr std::size_t kWorthSettling = 64;

MailboxView::MailboxView(store::OpenedMailbox opened, bool read_only, NewsStyle style)
    : status_(opened.status),
      keywords_(std::move(opened.keywords)),
      messages_(std::move(opened.messages)),
      exists_(static_cast<std::uint32_t>(messages_.size())),
      first_unseen_(opened.first_unseen),
      first_recent_(opened.first_recent),
      highest_modseq_(opened.status.highest_modseq),
      style_(style),
      rights_(opened.rights),
      read_only_(read_only || !opened.rights.has_any(store::kChanging)) {
    if (messages_.empty() && opened.status.messages > 0) {
        exists_ = opened.status.messages;
        unknown_below_ = opened.status.uid_next;
        told_recent_ = opened.status.recent;
    } else {
        told_recent_ = recent();
    }
}

// Of what both know, the later state holds; and what has gone since has still its number.
bool MailboxView::complete(std::vector<store::MessageState> states) {
    settle_early();
    const auto at_opening =
        std::ranges::lower_bound(states, unknown_below_, {}, &store::MessageState::uid);
    states.erase(at_opening, states.end()); // the rest was told as Added
    std::vector<store::MessageState> whole;
    whole.reserve(exists_ + messages_.size() - first_new());
    auto own = messages_.begin();
    for (const auto& state : states) {
        while (own != messages_.end() && own->uid < state.uid) whole.push_back(*own++);
        const bool is_own = own != messages_.end() && own->uid == state.uid;
        whole.push_back(is_own && own->modseq > state.modseq ? *own : state);
        if (is_own) ++own;
    }
    const auto announced =
        whole.size() + static_cast<std::size_t>(std::distance(
                           own, messages_.begin() + static_cast<std::ptrdiff_t>(first_new())));
    if (announced != exists_) return false;
    whole.insert(whole.end(), own, messages_.end());
    messages_ = std::move(whole);
    unknown_below_ = Uid();
    return true;
}

std::size_t MailboxView::lower_bound(Uid uid) const {
    const auto found = std::ranges::lower_bound(messages_, uid, {}, &store::MessageState::uid);
    return static_cast<std::size_t>(found - messages_.begin());
}

std::size_t MailboxView::dirty_bound(Uid uid) const {
    const auto found = std::ranges::lower_bound(dirty_, uid, {}, &Dirty::uid);
    return static_cast<std::size_t>(found - dirty_.begin());
}

std::uint32_t MailboxView::seq_of(Uid uid) const {
    const auto index = lower_bound(uid);
    if (index >= exists_ || !knows(index, uid)) return 0;
    return static_cast<std::uint32_t>(index + 1);
}

std::uint32_t MailboxView::recent() const {
    if (!is_whole()) return told_recent_;
    return exists_ -
           static_cast<std::uint32_t>(std::min<std::size_t>(lower_bound(first_recent_), exists_));
}

bool MailboxView::is_expunged(Uid uid) const { return std::ranges::binary_search(expunged_, uid); }

void MailboxView::apply(const store::Change& change) {
    std::visit([this](const auto& what) { apply(what); }, change);
}

void MailboxView::apply(const store::Added& change) {
    const auto index = lower_bound(change.message.uid);
    if (index < messages_.size() || change.message.uid < unknown_below_)
        return; // UIDs only grow; what is known already came with the snapshot
    highest_modseq_ = std::max(highest_modseq_, change.message.modseq);
    messages_.push_back(change.message);
    touch(change.message.uid);
}

// What is not known yet gets its place, so that its news are.
std::size_t MailboxView::place_of(Uid uid) {
    settle_early();
    const auto index = lower_bound(uid);
    if (knows(index, uid)) return index;
    if (uid >= unknown_below_) return messages_.size();
    messages_.insert(messages_.begin() + static_cast<std::ptrdiff_t>(index),
                     store::MessageState{uid, {}, {}});
    return index;
}

void MailboxView::apply(const store::FlagsChanged& change) {
    const auto announced = first_new();
    for (const auto& [first, last] : change.uids) {
        for (auto uid = first; uid <= last && uid < unknown_below_; ++uid.value) {
            early_.push_back({uid, change.flags, change.modseq});
            note_change(uid, change.modseq, true);
        }
        for (auto index = lower_bound(std::max(first, unknown_below_)); index < messages_.size();
             ++index) {
            const auto uid = messages_[index].uid;
            if (uid > last) break;
            messages_[index] = {uid, change.flags, change.modseq};
            note_change(uid, change.modseq, index < announced);
        }
    }
    if (early_.size() > messages_.size() + kWorthSettling) settle_early();
    if (fresh_.size() > dirty_.size() + kWorthSettling) settle_fresh();
}

void MailboxView::note_change(Uid uid, ModSeq modseq, bool is_announced) {
    touch(uid);
    highest_modseq_ = std::max(highest_modseq_, modseq);
    if (is_announced) fresh_.push_back(uid); // else its flags come with its first FETCH
}

// Of several states of a message the last one holds.
void MailboxView::settle_early() {
    if (early_.empty()) return;
    std::ranges::stable_sort(early_, {}, &store::MessageState::uid);
    std::vector<store::MessageState> all;
    all.reserve(messages_.size() + early_.size());
    auto own = messages_.begin();
    for (const auto& state : early_) {
        while (own != messages_.end() && own->uid <= state.uid) all.push_back(*own++);
        if (all.empty() || all.back().uid != state.uid) all.push_back(state);
        all.back() = state;
    }
    all.insert(all.end(), own, messages_.end());
    messages_.swap(all);
    std::vector<store::MessageState>().swap(early_);
}

void MailboxView::settle_fresh() {
    if (fresh_.empty()) return;
    if (!std::ranges::is_sorted(fresh_)) std::ranges::sort(fresh_); // mostly it is
    const auto before = std::exchange(dirty_, {});
    dirty_.reserve(before.size() + fresh_.size());
    auto old = before.begin();
    for (const auto uid : std::exchange(fresh_, {})) {
        while (old != before.end() && old->uid <= uid) dirty_.push_back(*old++);
        const bool is_repeated = !dirty_.empty() && dirty_.back().uid == uid;
        if (!is_repeated) dirty_.push_back(Dirty{.uid = uid});
        dirty_.back().repeated = is_repeated;
    }
    dirty_.insert(dirty_.end(), old, before.end());
}

void MailboxView::apply(const store::Expunged& change) {
    const auto index = place_of(change.uid);
    if (index == messages_.size()) return;
    forget_change(change.uid);
    highest_modseq_ = std::max(highest_modseq_, change.modseq);
    if (index >= first_new()) {
        messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(index));
        return;
    }
    if (expunged_.empty()) first_held_ = change.modseq;
    const auto position = std::ranges::lower_bound(expunged_, change.uid);
    if (position == expunged_.end() || *position != change.uid)
        expunged_.insert(position, change.uid);
}

void MailboxView::apply(const store::KeywordsAdded& change) {
    keywords_.insert(keywords_.end(), change.keywords.begin(), change.keywords.end());
    has_new_flags_ = true;
}

void MailboxView::track() {
    if (is_tracked_) return;
    is_tracked_ = true;
    for (std::size_t index = exists_; index < messages_.size(); ++index)
        touch(messages_[index].uid);
}

void MailboxView::untrack() {
    is_tracked_ = false;
    std::vector<Uid>().swap(touched_);
    settled_touched_ = 0;
}

void MailboxView::touch(Uid uid) {
    if (is_tracked_) touched_.push_back(uid);
    if (touched_.size() > 2 * settled_touched_ + kWorthSettling) settle_touched();
}

void MailboxView::settle_touched() {
    if (!std::ranges::is_sorted(touched_)) std::ranges::sort(touched_);
    touched_.erase(std::ranges::unique(touched_).begin(), touched_.end());
    settled_touched_ = touched_.size();
}

std::vector<Uid> MailboxView::take_touched() {
    settle_touched();
    settle_early();
    std::vector<Uid> taken;
    std::vector<Uid> later; // EXISTS has not been said of them
    for (const auto uid : touched_) {
        const auto index = lower_bound(uid);
        if (!knows(index, uid) || is_expunged(uid)) continue;
        (index < exists_ ? taken : later).push_back(uid);
    }
    touched_ = std::move(later);
    settled_touched_ = touched_.size();
    return taken;
}

bool MailboxView::has_news() const {
    return is_deleted_ || has_new_flags_ || !expunged_.empty() || !dirty_.empty() ||
           !fresh_.empty() || messages_.size() > first_new();
}

ModSeq MailboxView::told_modseq() {
    settle_early();
    settle_fresh();
    auto first = ModSeq(highest_modseq_.value + 1);
    if (!expunged_.empty()) first = std::min(first, first_held_);
    if (messages_.size() > first_new()) first = std::min(first, messages_[first_new()].modseq);
    for (const auto& dirty : dirty_)
        first = std::min(first, messages_[lower_bound(dirty.uid)].modseq);
    return ModSeq(first.value - 1);
}

void MailboxView::forget_change(Uid uid) {
    settle_fresh();
    const auto position = dirty_bound(uid);
    if (position < dirty_.size() && dirty_[position].uid == uid)
        dirty_.erase(dirty_.begin() + static_cast<std::ptrdiff_t>(position));
}

void MailboxView::forget_changes(const store::UidSet& uids, std::optional<ModSeq> of_change) {
    settle_fresh();
    std::size_t index = 0; // often they stand side by side
    std::erase_if(dirty_, [&](const Dirty& dirty) {
        if (!store::contains(uids, dirty.uid)) return false;
        if (!of_change) return true;
        if (!knows(index, dirty.uid)) index = lower_bound(dirty.uid);
        return !dirty.repeated && messages_[index++].modseq == *of_change;
    });
}

void MailboxView::announce(std::string& out, ExpungeRule expunges, bool with_uid) {
    if (expunges == ExpungeRule::announce) announce_expunges(out);
    announce_exists(out);
    announce_flags(out, with_uid);
    for (auto& dirty : dirty_) dirty.is_held = false;
    if (style_.vanished) announce_held(out);
}

std::vector<Uid> MailboxView::announce_flags(std::string& out, bool with_uid) {
    if (has_new_flags_) append_flag_lists(out);
    has_new_flags_ = false;
    settle_fresh();
    std::vector<Uid> told;
    std::vector<Dirty> held;
    for (const auto& dirty : dirty_) {
        if (dirty.is_held) {
            held.push_back(dirty);
        } else if (const auto seq = seq_of(dirty.uid); seq != 0) {
            append_fetch_flags(out, seq, with_uid);
            told.push_back(dirty.uid);
        }
    }
    dirty_.swap(held);
    return told;
}

void MailboxView::forget_flag_news() {
    std::vector<Dirty>().swap(dirty_);
    std::vector<Uid>().swap(fresh_);
}

void MailboxView::hold_changes(const Ranges& seqs, const std::vector<Uid>& told) {
    settle_fresh();
    for (auto& dirty : dirty_)
        dirty.is_held =
            contains(seqs, seq_of(dirty.uid)) && !std::ranges::binary_search(told, dirty.uid);
}

bool MailboxView::holds_change(Uid uid) const {
    const auto position = dirty_bound(uid);
    return position < dirty_.size() && dirty_[position].uid == uid && dirty_[position].is_held;
}

// RFC 9051 §7.5.1: each EXPUNGE shifts what is behind it at once, so the numbers of the later ones
// are smaller. VANISHED has UIDs.
void MailboxView::announce_expunges(std::string& out) {
    if (expunged_.empty()) return;
    if (style_.vanished || style_.uid_only) {
        std::vector<std::uint32_t> numbers;
        for (const auto uid : expunged_) numbers.push_back(uid.value);
        append_number_set(out += "* VANISHED ", numbers);
        out += "\r\n";
    } else {
        std::uint32_t gone = 0;
        for (const auto uid : expunged_) {
            append_number(out += "* ", seq_of(uid) - gone++);
            out += " EXPUNGE\r\n";
        }
    }
    exists_ -= static_cast<std::uint32_t>(expunged_.size());
    store::remove_messages(messages_, expunged_);
    std::vector<Uid>().swap(expunged_);
}

// RFC 7162 §3.2, §6: who is cut off now must come back with a mod-sequence below that of what was
// not told, whatever MODSEQ it has seen; and when that has been told, it hears how far it is.
void MailboxView::announce_held(std::string& out) {
    if (expunged_.empty() && !has_told_held_) return;
    has_told_held_ = !expunged_.empty();
    append_highest_modseq(out, told_modseq());
}

void MailboxView::announce_exists(std::string& out) {
    if (messages_.size() != exists_) {
        exists_ = static_cast<std::uint32_t>(messages_.size());
        out += "* ";
        append_number(out, exists_);
        out += " EXISTS\r\n";
    }
    if (style_.is_rev2 || recent() == told_recent_) return;
    told_recent_ = recent();
    out += "* ";
    append_number(out, told_recent_);
    out += " RECENT\r\n";
}

void MailboxView::open_fetch(std::string& out, std::uint32_t seq) const {
    append_number(out += "* ", style_.uid_only ? at(seq).uid.value : seq);
    out += style_.uid_only ? " UIDFETCH (" : " FETCH (";
}

void MailboxView::append_fetch_flags(std::string& out, std::uint32_t seq, bool with_uid) const {
    const auto& message = at(seq);
    open_fetch(out, seq);
    if (!style_.uid_only && (with_uid || style_.has_modseq || style_.is_rev2)) {
        append_number(out += "UID ", message.uid.value);
        out += ' ';
    }
    out += "FLAGS ";
    append_flags(out, message.flags, tells_recent(message.uid), keywords_);
    if (style_.has_modseq) append_modseq(out += ' ', message.modseq);
    out += ")\r\n";
}

void MailboxView::append_fetch_modseq(std::string& out, std::uint32_t seq, ModSeq modseq) const {
    open_fetch(out, seq);
    if (!style_.uid_only) {
        append_number(out += "UID ", at(seq).uid.value);
        out += ' ';
    }
    append_modseq(out, modseq);
    out += ")\r\n";
}

void MailboxView::append_flag_lists(std::string& out) const {
    constexpr store::Flags kSystem{store::kSeen | store::kAnswered | store::kFlagged |
                                   store::kDeleted | store::kDraft};
    const auto with_keywords =
        store::Flags{kSystem.bits | ~((std::uint64_t{1} << store::kFirstKeyword) - 1)};
    out += "* FLAGS ";
    append_flags(out, with_keywords, false, keywords_);
    out += "\r\n* OK [PERMANENTFLAGS ";
    // RFC 4314 §5.1.1: what the client's rights allow
    const auto allowed = store::flags_allowed(rights_).bits;
    if (read_only_ || allowed == 0) {
        out += "()] No flag can be changed\r\n";
        return;
    }
    append_flags(out, store::Flags{with_keywords.bits & allowed}, false, keywords_);
    // \*: there is room for new keywords
    if (keywords_.size() < store::kMaxKeywords && rights_.has(store::kWrite))
        out.replace(out.size() - 1, 1, out.ends_with("()") ? "\\*)" : " \\*)");
    out += "] These flags are kept\r\n";
}

std::size_t MailboxView::memory() const {
    return messages_.capacity() * sizeof(store::MessageState) + expunged_.capacity() * sizeof(Uid) +
           early_.capacity() * sizeof(store::MessageState) + fresh_.capacity() * sizeof(Uid) +
           dirty_.capacity() * sizeof(Dirty) + touched_.capacity() * sizeof(Uid) +
           saved_.capacity() * sizeof(Range);
}

} // namespace maild::imap
