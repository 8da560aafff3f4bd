#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kFsck[] = {{"account", "only this account's address", Count::optional}};
constexpr Parameter kCrashDirectory[] = {
    {"directory", "where mail is to lie, on the disk in doubt"}};

constexpr Option kCrashTest[] = {{"cycles", "N", "how many power cuts, default 10"}};
constexpr Option kFsckOptions[] = {
    {"repair", "", "mend what can be mended without loss"},
    {"deep", "", "read every body: checksums, digests, structures"},
};

constexpr Column kFsckColumns[] = {
    {"kind", "KIND"}, {"account", "ACCOUNT"}, {"mailbox", "MAILBOX"},
    {"uid", "UID"},   {"what", "WHAT"},       {"repaired", "REPAIRED", Format::yes_no},
};

constexpr Command kCommands[] = {
    {.name = "fsck crash-test",
     .summary = "cut the power of a trial host below a directory, look for lost mail",
     .parameters = kCrashDirectory,
     .options = kCrashTest,
     .columns = {},
     .description =
         "Proves that this Maild on this kernel loses nothing that it acknowledged when a file "
         "system stops and forgets what was not synced: a trial host keeps its data in an image in "
         "the directory, and after each cut all is read back. Shows what gives a disk away as "
         "memory or as mounted without barriers, and syncs too fast for any device. Does not prove "
         "that the device keeps what it reported as written: a cache without a battery is found by "
         "pulling its plug alone. Needs root, loop devices and python3; the mail of this host is "
         "not touched. Exit code 1: something was found; 77: not all could be tested.",
     .example = "",
     .runs = Runs::here},
    {.name = "fsck run",
     .summary = "check that what the store keeps is whole, while it serves",
     .parameters = kFsck,
     .options = kFsckOptions,
     .columns = kFsckColumns,
     .description =
         "Databases, the way from each message to its bytes, what is counted beside the rows, the "
         "queue; with --deep also every byte of every body. Mail goes on meanwhile. With --repair "
         "counters, references, cached structures and rows that nothing leads to are set right; a "
         "damaged body is only reported, and a client gets NO [CORRUPTION] for it. With an account "
         "only its mailboxes and messages are checked. Exit code 0: no problems; 1: problems were "
         "found, also when all were repaired.",
     .example = "mailctl fsck run --deep",
     .runs = Runs::in_steps},
};

} // namespace

std::span<const Command> fsck_commands() { return kCommands; }

} // namespace maild::control
