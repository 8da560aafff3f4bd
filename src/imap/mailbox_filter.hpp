#pragma once
// Which mailboxes a command is about (RFC 5465 §6, RFC 7377 §2.2 filter-mailboxes). Pure.

#include "imap/mailbox_name.hpp"
#include "imap/syntax.hpp"

#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::imap {

struct MailboxFilter {
    enum class Kind : std::uint8_t {
        selected,
        inboxes,
        personal,
        subscribed,
        subtree,
        subtree_one,
        mailboxes
    } kind = Kind::selected;
    std::vector<std::string> names = {}; // as sent; of the last three
};
using MailboxFilters = std::vector<MailboxFilter>;

// filter-mailboxes
Parsed<MailboxFilter> parse_mailbox_filter(Cursor& in);
// filter-mailboxes *(SP filter-mailboxes)
Parsed<MailboxFilters> parse_mailbox_filters(Cursor& in);

// A filter with its names in store's form, ascending; those that no mailbox can have are gone.
class ResolvedFilter {
public:
    ResolvedFilter(const MailboxFilter& filter, NameForm form);
    bool means(const store::MailboxEntry& entry, std::optional<MailboxId> selected) const;

private:
    MailboxFilter::Kind kind_;
    std::vector<store::MailboxName> names_;
};

// The mailboxes of an account that any of them means, each once, sorted by name. `selected` may be
// none. What is not there is left out.
std::vector<store::MailboxEntry> choose(const MailboxFilters& filters,
                                        const std::vector<store::MailboxEntry>& entries,
                                        std::optional<MailboxId> selected, NameForm form);

// Names of other accounts' mailboxes that are named themselves and not among `entries`, each once:
// who may read one need not be shown it (RFC 4314 §4).
std::vector<store::MailboxName> named_others(const MailboxFilters& filters,
                                             const std::vector<store::MailboxEntry>& entries,
                                             NameForm form);

} // namespace maild::imap
