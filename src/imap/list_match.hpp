#pragma once
// Which names LIST and LSUB answer, and what is said of them (RFC 5258 §3.3, §3.5; RFC 3501
// §6.3.9). Pure: over the account's names, sorted.

#include "imap/command.hpp"
#include "imap/mailbox_name.hpp"

#include "maild/store/types.hpp"

#include <map>
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

// `form`: of reference and patterns.
std::vector<Listed> match_list(const List& list, const std::vector<store::MailboxEntry>& entries,
                               NameForm form);

// Whether names of other accounts' mailboxes can match; what cannot be listed of them is missed
// then.
bool reaches_others(const List& list, NameForm form);

// Subscribed names, and with "%" the levels above them that are not subscribed themselves: true.
std::map<store::MailboxName, bool>
match_lsub(const List& list, const std::vector<store::MailboxEntry>& entries, NameForm form);

} // namespace maild::imap
