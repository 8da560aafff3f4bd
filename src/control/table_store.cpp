#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kRebuild[] = {
    {"shard", "a shard's number; without: those that are damaged", Count::optional}};

constexpr Option kRebuildOptions[] = {
    {"config", "FILE", "the daemon's configuration, where it is not the usual one"}};

constexpr Command kCommands[] = {
    {.name = "store rebuild",
     .summary = "make a shard's lost or damaged meta.db anew from its packs",
     .parameters = kRebuild,
     .options = kRebuildOptions,
     .columns = {},
     .description =
         "Only while maild is stopped, and as root or as the user that maild runs as. "
         "Every message that is whole in the packs comes back in its mailbox with its "
         "UID, dates and bytes, and what waits in the queue. Flags are as at delivery, "
         "and what clients have noted beside mailboxes and the server (METADATA) is lost, "
         "as is who else may use them (ACL). "
         "The old meta.db is kept beside the new one as meta.db.broken- and the time.",
     .example = "",
     .runs = Runs::here,
     .is_destructive = true},
};

} // namespace

std::span<const Command> store_commands() { return kCommands; }

} // namespace maild::control
