#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kKick[] = {
    {"target", "a session as `server sessions` names it, or an account's address"}};

constexpr Option kSessionFilter[] = {
    {"account", "ADDRESS", "only this account's"},
    {"service", "NAME", "only this service's: smtp, submission, lmtp, imap, pop3"},
};

constexpr Option kLog[] = {
    {"follow", "", "go on with what comes from now on (-f)"},
    {"id", "ID", "only lines that have this value: a transaction with its session, an address …"},
    {"level", "LEVEL", "only lines of this level and worse: debug, info, warning, error, critical"},
    {"lines", "N", "how many at first; without: 20"},
};

constexpr Column kSessionColumns[] = {
    {"id", "SESSION"},      {"service", "SERVICE"}, {"remote", "FROM"},
    {"account", "ACCOUNT"}, {"state", "STATE"},     {"since", "SINCE", Format::time},
};

constexpr Command kCommands[] = {
    {.name = "server status",
     .summary = "processes, figures of the store, what the sandbox covers",
     .parameters = {},
     .options = {},
     .columns = {},
     .description = "Every process with its role, user and age, how often it was restarted, and "
                    "whether seccomp and Landlock hold it; messages delivered, how many shared one "
                    "commit, disk space left.",
     .example = "mailctl server status"},
    {.name = "server reload",
     .summary = "read the configuration and certificates again, sessions go on",
     .parameters = {},
     .options = {},
     .columns = {},
     .description =
         "The same as SIGHUP. A configuration with an error is refused and the old one stays. A "
         "store that has become read-only is started anew, and tries to write again.",
     .example = "mailctl server reload"},
    {.name = "server stop",
     .summary = "finish what is going on and stop",
     .parameters = {},
     .options = {},
     .columns = {},
     .description =
         "The same as SIGTERM: no new connections, sessions are told, then the daemon ends.",
     .example = "",
     .is_destructive = true},
    {.name = "server sessions",
     .summary = "who is connected",
     .parameters = {},
     .options = kSessionFilter,
     .columns = kSessionColumns,
     .description = "",
     .example = "mailctl server sessions --service imap"},
    {.name = "server kick",
     .summary = "end a session, or all of an account",
     .parameters = kKick,
     .options = {},
     .columns = {},
     .description =
         "The client is told why and may connect again; to keep it out, disable the account.",
     .example = "mailctl server kick ada@example.org"},
    {.name = "log",
     .summary = "the daemon's log, line by line as it comes",
     .parameters = {},
     .options = kLog,
     .columns = {},
     .description =
         "The last lines that were asked for; with -f, further ones as they are written, "
         "also after the log was rotated. Only where the log is a file: the system's "
         "log has a program of its own, journalctl.",
     .example = "mailctl log --level warning --lines 5"},
    {.name = "server postmaster",
     .summary = "who gets this host's own mail",
     .parameters = kAnyAddress,
     .options = {},
     .columns = {},
     .description = "Mail for postmaster and abuse where a domain has no such address (RFC 5321 "
                    "section 4.5.1). Until it is set: the account made first.",
     .example = "mailctl server postmaster ada@example.org"},
};

} // namespace

std::span<const Command> server_commands() { return kCommands; }

} // namespace maild::control
