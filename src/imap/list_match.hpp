#pragma once
// Which names LIST and LSUB answer, and what is said of them (RFC 5258 §3.3, §3.5; RFC 3501
// §6.3.9). Pure: over the account's names, sorted.

#include "imap/command.hpp"
#include "imap/list_pattern.hpp"
#include "imap/mailbox_name.hpp"

#include "maild/store/types.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace maild::imap {

struct Listed {
    store::MailboxName name;
    bool exists = false;
    store::SpecialUse use = store::SpecialUse::none;
    bool is_subscribed = false;
    bool has_children = false;
    bool is_selected = false;                 // meets the selection criteria itself
    bool has_selected_child = false;          // only looked for with RECURSIVEMATCH
    store::Rights rights = store::kAllRights; // of the client
};

// What to match names with: reference and pattern joined, RFC 3501 §6.3.8. What is no spelling of
// a name can match none. `form`: of both.
class NamePatterns {
public:
    NamePatterns(const List& list, NameForm form);
    bool match(const store::MailboxName& name);
    bool may_begin(std::string_view with) const; // some name that begins so can match
    bool have_percent() const;
    std::uint64_t take_work(); // see ListPattern, since it was asked last

private:
    std::vector<ListPattern> patterns_;
    std::uint64_t work_ = 0;
};

// Both go a name at a time, so that who has others waiting can let them in between. What they are
// made of outlives them.
class ListMatcher {
public:
    using Entries = std::vector<store::MailboxEntry>; // sorted by name
    ListMatcher(const List& list, const Entries& entries, NameForm form);
    bool step(); // false: all names have been looked at
    std::uint64_t take_work() { return patterns_.take_work(); }
    std::vector<Listed> take();

private:
    bool selects(const store::MailboxEntry& entry) const;
    void add(const store::MailboxEntry& entry);
    void add_levels(const store::MailboxEntry& entry);

    const ListSelection& selection_;
    const Entries& entries_;
    NamePatterns patterns_;
    std::size_t next_ = 0; // of entries_; from its size on: once more, for levels
    std::map<store::MailboxName, Listed> listed_;
    std::set<store::MailboxName> needs_child_info_; // and are told for that alone
    std::string_view last_;                         // of entries_, whose levels are done …
    std::string_view last_untold_;                  // … the same, and is not told itself
};

// Subscribed names, and with "%" the levels above them that are not subscribed themselves: true.
class LsubMatcher {
public:
    LsubMatcher(const List& list, const ListMatcher::Entries& entries, NameForm form);
    bool step();
    std::uint64_t take_work() { return patterns_.take_work(); }
    std::map<store::MailboxName, bool> take() { return std::move(names_); }

private:
    const ListMatcher::Entries& entries_;
    NamePatterns patterns_;
    std::size_t next_ = 0;
    std::string_view last_; // whose levels are done
    std::map<store::MailboxName, bool> names_;
};

} // namespace maild::imap
