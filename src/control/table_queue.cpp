#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Column kQueueColumns[] = {
    {"id", "ID"},
    {"state", "STATE"},
    {"reverse_path", "FROM"},
    {"recipient", "TO"},
    {"size", "SIZE", Format::bytes},
    {"queued_at", "SINCE", Format::time},
    {"reason", "WHY"},
};

constexpr Command kCommands[] = {
    {.name = "queue list",
     .summary = "mail that waits to go to other hosts",
     .parameters = {},
     .options = kPaging,
     .columns = kQueueColumns,
     .description = "",
     .example = "mailctl queue list"},
};

} // namespace

std::span<const Command> queue_commands() { return kCommands; }

} // namespace maild::control
