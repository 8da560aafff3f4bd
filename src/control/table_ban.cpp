#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kNetwork[] = {
    {"network", "an address or a network in digits: 192.0.2.7, 192.0.2.0/24, 2001:db8::/48"}};

constexpr Option kBanAdd[] = {
    {"for", "SPAN", "seconds, or with m, h or d, like 2h; without: until `ban rm`"},
    {"reason", "TEXT", "why, in words, for the next admin who looks"},
};

constexpr Column kBanColumns[] = {
    {"network", "NETWORK"},
    {"since", "SINCE", Format::time},
    {"until", "UNTIL", Format::time},
    {"by", "BY"},
    {"count", "COUNT"},
    {"reason", "WHY"},
};

constexpr Column kFailureColumns[] = {
    {"network", "NETWORK"},
    {"failures", "FAILURES"},
    {"last", "LAST", Format::time},
};

constexpr Command kCommands[] = {
    {.name = "ban list",
     .summary = "networks that may not log in for now",
     .parameters = {},
     .options = {},
     .columns = kBanColumns,
     .description = "Those that guessed passwords, and those that an admin has banned. COUNT says "
                    "how many bans came in a row; each is twice as long as the one before.",
     .example = "mailctl ban list"},
    {.name = "ban add",
     .summary = "let nobody from a network log in",
     .parameters = kNetwork,
     .options = kBanAdd,
     .columns = {},
     .description = "Sessions that are logged in go on (see `server kick`), and mail is taken as "
                    "before. A network that is trusted in the configuration cannot be banned.",
     .example = "mailctl ban add 198.51.100.0/24 --for 2h --reason 'guesses passwords'"},
    {.name = "ban rm",
     .summary = "let a network log in again",
     .parameters = kNetwork,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl ban rm 198.51.100.0/24"},
    {.name = "auth failures",
     .summary = "networks whose logins failed lately, and that are not banned",
     .parameters = {},
     .options = {},
     .columns = kFailureColumns,
     .description =
         "The newest first, at most a thousand; what `ban_after` in the configuration is "
         "compared with. For one account see `account logins`.",
     .example = "mailctl auth failures"},
};

} // namespace

std::span<const Command> ban_commands() { return kCommands; }

} // namespace maild::control
