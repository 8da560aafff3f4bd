#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kDomain[] = {{"domain", "where mail would go: the part behind the @"}};

constexpr Option kProbe[] = {
    {"rcpt", "ADDRESS", "ask whether they take this address; without: postmaster's"},
    {"from", "ADDRESS", "in whose name; without: nobody's, as reports go"},
};
constexpr Option kRouteTest[] = {
    {"to", "ADDRESS", "the recipient, or a domain; wanted"},
    {"from", "ADDRESS", "the sender, or a domain; without: nobody, as reports go"},
};

constexpr Column kStepColumns[] = {
    {"step", "STEP"}, {"host", "HOST"}, {"verdict", "IS"}, {"text", "WHAT"}};

constexpr Column kRouteColumns[] = {
    {"to", "TO"},      {"from", "FROM"},   {"via", "VIA"},     {"tls", "TLS"},
    {"user", "LOGIN"}, {"hello", "HELLO"}, {"proxy", "PROXY"}, {"source", "SOURCE", Format::list},
};

constexpr Command kCommands[] = {
    {.name = "test mx",
     .summary = "try the way to a destination, without sending anything",
     .parameters = kDomain,
     .options = kProbe,
     .columns = kStepColumns,
     .description =
         "As mail would: the route of the configuration, the MTA-STS policy, the MX hosts with "
         "their addresses, and of each host its TLSA records (DANE), what that makes of TLS, the "
         "connection, the handshake, and whether it takes the recipient. Then it leaves: there is "
         "no DATA. The process that sends does it, and nothing is put into the queue. Exit 1: no "
         "host takes it: mailctl test mx example.net --rcpt ada@example.net",
     .example = ""},
    {.name = "route list",
     .summary = "ways that the configuration gives some of the mail",
     .parameters = {},
     .options = {},
     .columns = kRouteColumns,
     .description = "As [[queue.routes]] in maild.toml has them; edit them there, and run `server "
                    "reload`. The one that fits most narrowly counts, the recipient's domain "
                    "before the sender's; mail that none fits goes to the domain's MX hosts.",
     .example = "mailctl route list"},
    {.name = "route test",
     .summary = "which route a message would take, and to which hosts",
     .parameters = {},
     .options = kRouteTest,
     .columns = kStepColumns,
     .description = "The DNS alone is asked: route, MTA-STS policy, hosts, DANE, and what that "
                    "makes of TLS. `test mx` connects, too: mailctl route test --from "
                    "ada@example.org --to bob@example.net",
     .example = ""},
};

} // namespace

std::span<const Command> route_commands() { return kCommands; }

} // namespace maild::control
