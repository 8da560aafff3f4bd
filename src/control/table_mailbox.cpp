#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kMailbox[] = {
    {"address", "the account's address"},
    {"mailbox", "only this mailbox", Count::optional},
};

constexpr Column kMailboxColumns[] = {
    {"name", "MAILBOX"},
    {"special_use", "USE"},
    {"messages", "MESSAGES"},
    {"unseen", "UNSEEN"},
    {"size", "SIZE", Format::bytes},
    {"subscribed", "SUBSCRIBED", Format::yes_no},
};
constexpr Column kMailboxDetail[] = {
    {"name", "MAILBOX"},     {"messages", "MESSAGES"},        {"unseen", "UNSEEN"},
    {"deleted", "DELETED"},  {"size", "SIZE", Format::bytes}, {"uid_validity", "UIDVALIDITY"},
    {"uid_next", "UIDNEXT"}, {"highest_modseq", "MODSEQ"},
};

constexpr Command kCommands[] = {
    {.name = "mailbox list",
     .summary = "an account's mailboxes",
     .parameters = kAddress,
     .options = {},
     .columns = kMailboxColumns,
     .description = "An account's mailboxes are made at its first login or delivery.",
     .example = "mailctl mailbox list robert@example.org"},
    {.name = "mailbox status",
     .summary = "counters of an account's mailboxes",
     .parameters = kMailbox,
     .options = {},
     .columns = kMailboxDetail,
     .description = "",
     .example = "mailctl mailbox status robert@example.org"},
};

} // namespace

std::span<const Command> mailbox_commands() { return kCommands; }

} // namespace maild::control
