#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kMailbox[] = {
    {"address", "the owner's address"},
    {"mailbox", "the mailbox, as INBOX or Work/Plans"},
};
constexpr Parameter kEntry[] = {
    {"address", "the owner's address"},
    {"mailbox", "the mailbox"},
    {"who", "an account's address, or anyone; with - before it: rights that are taken away"},
};
constexpr Parameter kSetting[] = {
    {"address", "the owner's address"},
    {"mailbox", "the mailbox"},
    {"who", "an account's address, or anyone; with - before it: rights that are taken away"},
    {"rights", "letters of lrswipkxtea; with + or - before them: added or removed"},
};

constexpr Column kColumns[] = {{"who", "WHO"}, {"rights", "RIGHTS"}};

constexpr Command kCommands[] = {
    {.name = "acl set",
     .summary = "share a mailbox with an account, or change what it may do there",
     .parameters = kSetting,
     .options = {},
     .columns = {},
     .description =
         "Rights are those of RFC 4314: l see it in lists, r read, s mark as read, w set other "
         "flags, i put messages in, p post, k create mailboxes below, x delete it, t mark as "
         "deleted, e expunge, a change this list; c means kx and d means te. The owner has all, "
         "always. 'anyone' is every account of the owner's domain, and nobody else. IMAP clients "
         "show the mailbox below 'Other Users' and the owner's address. What is taken away is "
         "refused at once, in sessions that have the mailbox open too. New mailboxes below it "
         "inherit the list.",
     .example = "mailctl acl set robert@example.org INBOX anyone lrs"},
    {.name = "acl get",
     .summary = "who may do what with a mailbox",
     .parameters = kMailbox,
     .options = {},
     .columns = kColumns,
     .description = "The owner, who may do everything, is not shown.",
     .example = "mailctl acl get robert@example.org INBOX"},
    {.name = "acl rm",
     .summary = "end sharing a mailbox with an account",
     .parameters = kEntry,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl acl rm robert@example.org INBOX anyone"},
};

} // namespace

std::span<const Command> acl_commands() { return kCommands; }

} // namespace maild::control
