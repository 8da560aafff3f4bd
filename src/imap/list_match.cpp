#include "imap/list_match.hpp"

#include "imap/list_pattern.hpp"
#include "imap/mailbox_name.hpp"

#include <algorithm>
#include <set>

namespace maild::imap {

namespace {

using Entries = std::vector<store::MailboxEntry>;

bool is_there(const store::MailboxEntry& entry) { return entry.is_selectable && bool(entry.id); }

// `entries` is sorted by name, so what is below a name stands together behind "name/".
bool has_children(const Entries& entries, const store::MailboxName& name) {
    const auto prefix = name + store::kDelimiter;
    for (auto i = std::ranges::lower_bound(entries, prefix, {}, &store::MailboxEntry::name);
         i != entries.end() && i->name.starts_with(prefix); ++i)
        if (is_there(*i)) return true;
    return false;
}

// What to match names with: reference and pattern joined, RFC 3501 §6.3.8. What is no spelling of
// a name can match none.
class Patterns {
public:
    Patterns(const List& list, NameForm form) {
        for (const auto& pattern : list.patterns)
            if (const auto joined = decode_name(list.reference + pattern, form))
                patterns_.emplace_back(*joined);
    }
    bool match(const store::MailboxName& name) const {
        return std::ranges::any_of(
            patterns_, [&](const ListPattern& pattern) { return pattern.matches(name); });
    }
    bool may_begin(std::string_view with) const {
        return std::ranges::any_of(
            patterns_, [&](const ListPattern& pattern) { return pattern.may_begin(with); });
    }
    bool have_percent() const {
        return std::ranges::any_of(
            patterns_, [](const ListPattern& pattern) { return pattern.has_percent(); });
    }

private:
    std::vector<ListPattern> patterns_;
};

// The levels above a name, the lowest first.
template <class Visit> void for_each_superior(const store::MailboxName& name, Visit visit) {
    for (auto end = name.rfind(store::kDelimiter); end != std::string::npos && end > 0;
         end = name.rfind(store::kDelimiter, end - 1))
        visit(name.substr(0, end));
}

class Matching {
public:
    Matching(const List& list, const Entries& entries, NameForm form)
        : selection_(list.selection), entries_(entries), patterns_(list, form) {}

    std::vector<Listed> run() {
        for (const auto& entry : entries_) add(entry);
        if (selection_.recursive_match)
            for (const auto& entry : entries_)
                if (selects(entry)) add_levels(entry);
        std::vector<Listed> out;
        for (auto& [name, listed] : listed_)
            if (listed.is_selected || needs_child_info_.contains(name))
                out.push_back(std::move(listed));
        return out;
    }

private:
    bool selects(const store::MailboxEntry& entry) const {
        if (!selection_.has_criterion())
            return is_there(entry) || has_children(entries_, entry.name);
        return (!selection_.subscribed || entry.is_subscribed) &&
               (!selection_.special_use || entry.special_use != store::SpecialUse::none);
    }

    // Every name that matches, whether it is selected or only a level.
    void add(const store::MailboxEntry& entry) {
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
    void add_levels(const store::MailboxEntry& entry) {
        const bool is_told = listed_.contains(entry.name);
        for_each_superior(entry.name, [&](const store::MailboxName& level) {
            const auto found = listed_.find(level);
            if (found == listed_.end() && !patterns_.match(level)) return;
            auto& listed = found != listed_.end() ? found->second : listed_[level];
            listed.name = level;
            listed.has_selected_child = true;
            if (!is_told) needs_child_info_.insert(level);
        });
    }

    const ListSelection& selection_;
    const Entries& entries_;
    Patterns patterns_;
    std::map<store::MailboxName, Listed> listed_;
    std::set<store::MailboxName> needs_child_info_; // and are told for that alone
};

} // namespace

std::vector<Listed> match_list(const List& list, const Entries& entries, NameForm form) {
    return Matching(list, entries, form).run();
}

bool reaches_others(const List& list, NameForm form) {
    return Patterns(list, form).may_begin(store::kOtherUsers);
}

std::map<store::MailboxName, bool> match_lsub(const List& list, const Entries& entries,
                                              NameForm form) {
    const Patterns patterns(list, form);
    std::map<store::MailboxName, bool> names;
    for (const auto& entry : entries) {
        if (!entry.is_subscribed) continue;
        if (patterns.match(entry.name)) names[entry.name] = false;
        if (!patterns.have_percent()) continue;
        for_each_superior(entry.name, [&](const store::MailboxName& level) {
            if (patterns.match(level)) names.try_emplace(level, true);
        });
    }
    return names;
}

} // namespace maild::imap
