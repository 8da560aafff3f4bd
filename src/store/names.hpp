#pragma once
// Mailbox names: which can exist, and how they hang together (RFC 9051 §5.1). Pure.

#include "maild/base/error.hpp"
#include "maild/store/types.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

inline constexpr std::string_view kInbox = "INBOX";

struct DefaultMailbox {
    std::string_view name;
    SpecialUse use;
};
// What every account has (RFC 6154 §2 names the uses). A mailbox of the same use stands in for the
// name.
std::span<const DefaultMailbox> default_mailboxes();

// cannot: a name that can never be (see MailboxName).
Result<void> check_name(std::string_view name);
// Also cannot: one that is, or is below, kOtherUsers.
Result<void> check_new_name(std::string_view name);
// All levels above, the highest first: "a", "a/b" for "a/b/c".
std::vector<std::string> superiors(std::string_view name);
bool is_inferior(std::string_view name, std::string_view of); // at any depth
// `name` after `from` was renamed to `to`; `name` is `from` or an inferior of it.
std::string renamed(std::string_view name, std::string_view from, std::string_view to);
// cannot: the one is INBOX as target, equal, or an inferior of the other in the wrong direction.
Result<void> check_rename(std::string_view from, std::string_view to);

struct StoredMailbox {
    MailboxId id;
    MailboxName name;
    SpecialUse use = SpecialUse::none;
};
// What LIST needs from what is stored: adds levels that have only children, and names that are only
// subscribed. All sorted by name.
std::vector<MailboxEntry> list_entries(const std::vector<StoredMailbox>& stored,
                                       const std::vector<std::string>& subscribed);

} // namespace maild::store
