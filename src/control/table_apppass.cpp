#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Option kAdd[] = {
    {"name", "NAME", "what it is for, like 'phone'; no two of an account are alike"},
    {"protocols", "LIST", "of imap, pop3, smtp and sieve, with commas between; without: all"},
    {"networks", "LIST", "addresses and networks, with commas between; without: from anywhere"},
    {"expires", "SPAN", "after so many days, like 90d, or h, m, s; without: never"},
};
constexpr Parameter kRemove[] = {
    {"address", "the account's address"},
    {"name", "as `account apppass list` shows it"},
};

constexpr Column kColumns[] = {
    {"name", "NAME"},
    {"protocols", "PROTOCOLS", Format::list},
    {"networks", "NETWORKS", Format::list},
    {"created", "CREATED", Format::time},
    {"expires", "EXPIRES", Format::time},
    {"last_used", "LAST USED", Format::time},
    {"last_from", "FROM"},
    {"last_service", "BY"},
};

constexpr Command kCommands[] = {
    {.name = "account apppass add",
     .summary = "make a password of its own for one program or device",
     .parameters = kAddress,
     .options = kAdd,
     .columns = {},
     .description =
         "The password is made by the daemon and shown once. It works beside the account's own, "
         "by PLAIN, LOGIN and SCRAM, for the protocols and from the networks that are named, "
         "until it expires or is removed. An account without a password of its own can have "
         "them too.",
     .example = "mailctl account apppass add robert@example.org --name tv --expires 9d"},
    {.name = "account apppass list",
     .summary = "an account's app passwords, and when each was used last",
     .parameters = kAddress,
     .options = {},
     .columns = kColumns,
     .description = "",
     .example = "mailctl account apppass list robert@example.org"},
    {.name = "account apppass rm",
     .summary = "take an app password back",
     .parameters = kRemove,
     .options = {},
     .columns = {},
     .description = "It stops working at once. All open sessions of the account end, because none "
                    "shows which password it began with; programs with another one come back.",
     .example = "mailctl account apppass rm robert@example.org tv"},
};

} // namespace

std::span<const Command> app_password_commands() { return kCommands; }

} // namespace maild::control
