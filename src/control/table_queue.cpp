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

constexpr Column kMessageColumns[] = {
    {"id", "ID"},
    {"reverse_path", "FROM"},
    {"to", "TO", Format::list},
    {"size", "SIZE", Format::bytes},
    {"queued_at", "SINCE", Format::time},
    {"envelope_id", "ENVID"},
    {"return_content", "RET"},
    {"tls", "TLS"},
    {"priority", "PRIORITY"},
    {"not_before", "NOT BEFORE", Format::time},
    {"deliver_by", "DELIVER BY", Format::time},
    {"behind_deadline", "ELSE"},
    {"reason", "WHY"},
};

constexpr Parameter kId[] = {{"id", "the message's number, as `queue list` shows it"}};

constexpr Command kCommands[] = {
    {.name = "queue list",
     .summary = "mail that waits to go to other hosts",
     .parameters = {},
     .options = kPaging,
     .columns = kQueueColumns,
     .description = "",
     .example = "mailctl queue list"},
    {.name = "queue show",
     .summary = "one message of the queue, and what its sender asks for",
     .parameters = kId,
     .options = {},
     .columns = kMessageColumns,
     .description =
         "Each recipient with its state and what RFC 3461 lets a sender ask: of which fates to "
         "hear (NOTIFY), and how the recipient was called first (ORCPT). ENVID is the sender's own "
         "name for the message, RET how much of it a report brings back. TLS is required by "
         "REQUIRETLS or made optional by the field TLS-Required (RFC 8689); NOT BEFORE comes from "
         "HOLDFOR or HOLDUNTIL (RFC 4865), DELIVER BY and what follows else from BY (RFC 2852), "
         "PRIORITY from MT-PRIORITY (RFC 6710): mailctl queue show 1099511627777",
     .example = ""},
};

} // namespace

std::span<const Command> queue_commands() { return kCommands; }

} // namespace maild::control
