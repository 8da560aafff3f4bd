#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kWho[] = {{"who", "an address in digits, a network (192.0.2.0/24, "
                                      "2001:db8::/48), or the address of an account"}};

constexpr Column kLimitColumns[] = {
    {"setting", "SETTING"}, {"scope", "OF EACH"},   {"limit", "LIMIT", Format::limit},
    {"unit", "COUNTS"},     {"counted", "COUNTED"}, {"at_limit", "FULL"},
    {"most", "MOST"},       {"who", "WHO"},         {"refused", "PASSED"},
    {"reply", "ANSWER"},
};

constexpr Command kCommands[] = {
    {.name = "ratelimit show",
     .summary = "all limits on clients, sessions and accounts, and who is near them",
     .parameters = {},
     .options = {},
     .columns = kLimitColumns,
     .description =
         "SETTING is where each is set in the configuration; 0 or false switches it off, and it is "
         "shown as none. COUNTED says how many addresses, networks or accounts are counted now, "
         "FULL how many of them have reached the limit, MOST what the highest of them has and WHO "
         "that is, PASSED how often the limit has refused something since the process auth "
         "started. An address is an IPv4 address or an IPv6 /64, a network an IPv4 /24 or an IPv6 "
         "/48. Trusted networks and this host are not counted. What a single session counts is not "
         "shown. With --json, `top` has the twenty that are nearest to each limit.",
     .example = "mailctl ratelimit show"},
    {.name = "ratelimit reset",
     .summary = "forget what was counted of an address, a network or an account",
     .parameters = kWho,
     .options = {},
     .columns = {},
     .description =
         "Of an address or a network: what its clients have brought within the hour, and its "
         "failed logins; of a network also what each address in it has. Of an account: what it has "
         "submitted today, and failed logins to it. Connections that are open still are, and a ban "
         "stays: see `ban rm`.",
     .example = "mailctl ratelimit reset 198.51.100.0/24"},
};

} // namespace

std::span<const Command> ratelimit_commands() { return kCommands; }

} // namespace maild::control
