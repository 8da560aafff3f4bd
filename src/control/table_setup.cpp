#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Option kSetup[] = {
    {"domain", "D", "the first domain"},
    {"host", "H", "this host's name in the DNS, for greetings and the MX record"},
    {"admin", "LOCALPART", "the first account, which also gets postmaster's mail"},
    {"password-stdin", "", "read its password from standard input (one line)"},
    {"root", "DIR", "everything under DIR, on loopback only: a trial"},
    {"port-base", "N", "with --root: added to each standard port, default 20000"},
    {"no-start", "", "set up, and leave the daemon stopped"},
};

constexpr Command kCommands[] = {
    {.name = "setup init",
     .summary = "make this machine a mail host: configuration, keys, first domain and account",
     .parameters = {},
     .options = kSetup,
     .columns = {},
     .description = "Writes the configuration unless there is one, starts the daemon, adds the "
                    "domain and the first account, and prints the DNS records to publish. What "
                    "exists already is kept, so a second run changes nothing.",
     .example = "",
     .runs = Runs::here},
};

} // namespace

std::span<const Command> setup_commands() { return kCommands; }

} // namespace maild::control
