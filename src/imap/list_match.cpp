#include "imap/list_match.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

using Entries = ListMatcher::Entries;

bool is_there(const store::MailboxEntry& entry) { return entry.is_selectable && bool(entry.id); }

// What is below a name stands together behind "name/".
bool has_children(const Entries& entries, const store::MailboxName& name) {
    const auto prefix = name + store::kDelimiter;
    for (auto i = std::ranges::lower_bound(entries, prefix, {}, &store::MailboxEntry::name);
         i != entries.end() && i->name.starts_with(prefix); ++i)
        if (is_there(*i)) return true;
    return false;
}

// What is below a level stands together: a level that the last name has above it, too, is known
// already, and so are those above it.
bool is_above(std::string_view level, std::string_view name) {
    return name.size() > level.size() && name[level.size()] == store::kDelimiter &&
           name.starts_with(level);
}

// The levels above a name, the lowest first, up to what is above `known`, too.
template <class Visit>
void for_each_superior(std::string_view name, std::string_view known, Visit visit) {
    for (auto end = name.rfind(store::kDelimiter); end != std::string::npos && end > 0;
         end = name.rfind(store::kDelimiter, end - 1)) {
        const auto level = name.substr(0, end);
        if (is_above(level, known)) return;
        visit(level);
    }
}

} // namespace

NamePatterns::NamePatterns(const List& list, NameForm form) {
    for (const auto& pattern : list.patterns)
        if (const auto joined = decode_name(list.reference + pattern, form))
            patterns_.emplace_back(*joined);
}

bool NamePatterns::match(const store::MailboxName& name) {
    return std::ranges::any_of(
        patterns_, [&](const ListPattern& pattern) { return pattern.matches(name, work_); });
}

bool NamePatterns::may_begin(std::string_view with) const {
    return std::ranges::any_of(patterns_,
                               [&](const ListPattern& pattern) { return pattern.may_begin(with); });
}

bool NamePatterns::have_percent() const {
    return std::ranges::any_of(patterns_,
                               [](const ListPattern& pattern) { return pattern.has_percent(); });
}

std::uint64_t NamePatterns::take_work() { return std::exchange(work_, 0); }

ListMatcher::ListMatcher(const List& list, const Entries& entries, NameForm form)
    : selection_(list.selection), entries_(entries), patterns_(list, form) {}

bool ListMatcher::step() {
    const auto size = entries_.size();
    if (next_ == (selection_.recursive_match ? 2 * size : size)) return false;
    const auto i = next_++;
    if (i < size)
        add(entries_[i]);
    else if (selects(entries_[i - size]))
        add_levels(entries_[i - size]);
    return true;
}

std::vector<Listed> ListMatcher::take() {
    std::vector<Listed> out;
    for (auto& [name, listed] : listed_)
        if (listed.is_selected || needs_child_info_.contains(name))
            out.push_back(std::move(listed));
    return out;
}

bool ListMatcher::selects(const store::MailboxEntry& entry) const {
    if (!selection_.has_criterion()) return is_there(entry) || has_children(entries_, entry.name);
    return (!selection_.subscribed || entry.is_subscribed) &&
           (!selection_.special_use || entry.special_use != store::SpecialUse::none);
}

// Every name that matches, whether it is selected or only a level.
void ListMatcher::add(const store::MailboxEntry& entry) {
    if (!patterns_.match(entry.name)) return;
    Listed listed{entry.name,
                  is_there(entry),
                  entry.special_use,
                  entry.is_subscribed,
                  has_children(entries_, entry.name),
                  selects(entry),
                  false,
                  entry.rights};
    listed_.emplace(entry.name, std::move(listed));
}

// RFC 5258 §3.5: a level that is not selected is told only if its child is not.
void ListMatcher::add_levels(const store::MailboxEntry& entry) {
    const bool is_told = listed_.contains(entry.name);
    const auto done = is_told ? last_ : last_untold_;
    for_each_superior(entry.name, done, [&](std::string_view at) {
        const store::MailboxName level(at);
        const auto found = listed_.find(level);
        if (found == listed_.end() && (is_above(level, last_) || !patterns_.match(level))) return;
        auto& listed = found != listed_.end() ? found->second : listed_[level];
        listed.name = level;
        listed.has_selected_child = true;
        if (!is_told) needs_child_info_.insert(level);
    });
    last_ = entry.name;
    if (!is_told) last_untold_ = entry.name;
}

LsubMatcher::LsubMatcher(const List& list, const Entries& entries, NameForm form)
    : entries_(entries), patterns_(list, form) {}

bool LsubMatcher::step() {
    if (next_ == entries_.size()) return false;
    const auto& entry = entries_[next_++];
    if (!entry.is_subscribed) return true;
    if (patterns_.match(entry.name)) names_[entry.name] = false;
    if (!patterns_.have_percent()) return true;
    for_each_superior(entry.name, last_, [&](std::string_view at) {
        const store::MailboxName level(at);
        if (patterns_.match(level)) names_.try_emplace(level, true);
    });
    last_ = entry.name;
    return true;
}

} // namespace maild::imap
