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

constexpr Column kFigureColumns[] = {
    {"destination", "DESTINATION"},     {"due", "WAITING"},
    {"deferred", "DEFERRED"},           {"held", "HELD"},
    {"oldest", "OLDEST", Format::time}, {"next_attempt_at", "NEXT", Format::time},
};

constexpr Parameter kDestinationAndIds[] = {
    {"destination", "a domain, or an address in brackets: [192.0.2.1]"},
    {"id", "messages' numbers, as `queue list` shows them; more are chosen by options",
     Count::many}};
constexpr auto kOneDestination = std::span(kDestinationAndIds).first<1>();
constexpr auto kIds = std::span(kDestinationAndIds).last<1>();
constexpr Parameter kOneAddress[] = {{"address", "someone elsewhere"}};

constexpr Option kSuspend[] = {
    {"for", "SPAN", "how long: 30m, 2h, 3d; wanted"},
    {"reason", "TEXT", "why, in words, for the next admin who looks"},
};
constexpr Option kSuppress[] = {
    {"reason", "TEXT", "why, in words: for the next admin, and in a report to the sender"},
};

constexpr Column kSuspendedColumns[] = {
    {"destination", "DESTINATION"},
    {"since", "SINCE", Format::time},
    {"until", "UNTIL", Format::time},
    {"reason", "WHY"},
};
constexpr Column kSuppressedColumns[] = {
    {"address", "ADDRESS"},
    {"since", "SINCE", Format::time},
    {"reason", "WHY"},
};

constexpr Option kFilterAndReason[] = {
    {"to", "DOMAIN", "recipients that wait to go there"},
    {"recipient", "ADDRESS", "this one"},
    {"from", "ADDRESS", "of this sender; '<>' is nobody, whom reports come from"},
    {"held", "", "those that are held"},
    {"older", "SPAN", "queued longer ago than this: 30m, 2h, 1d"},
    {"all", "", "the whole queue"},
    {"reason", "TEXT", "why, in words: for the next admin, and in a report to the sender"},
};
constexpr auto kFilter = std::span(kFilterAndReason).first<std::size(kFilterAndReason) - 1>();

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
    {.name = "queue stats",
     .summary = "how much waits for each destination",
     .parameters = {},
     .options = {},
     .columns = kFigureColumns,
     .description = "Recipients, not messages; the thousand destinations with most. DEFERRED are "
                    "those of WAITING that were tried before.",
     .example = "mailctl queue stats"},
    {.name = "queue hold",
     .summary = "keep mail in the queue from being tried",
     .parameters = kIds,
     .options = kFilterAndReason,
     .columns = {},
     .description = "Until `queue release`. All that fits every option is held; what is being "
                    "delivered just now is not stopped.",
     .example = "mailctl queue hold --to example.net --reason 'their host is broken'"},
    {.name = "queue release",
     .summary = "let go what is held, and try it now",
     .parameters = kIds,
     .options = kFilter,
     .columns = {},
     .description = "",
     .example = "mailctl queue release --held"},
    {.name = "queue retry",
     .summary = "try now what waits for its next attempt",
     .parameters = kIds,
     .options = kFilter,
     .columns = {},
     .description = "What is held stays so.",
     .example = "mailctl queue retry --to example.net"},
    {.name = "queue fail",
     .summary = "give up, and tell the senders",
     .parameters = kIds,
     .options = kFilterAndReason,
     .columns = {},
     .description = "As if the recipients had been refused: their senders get a report, unless "
                    "they have asked for none.",
     .example = "mailctl --yes queue fail --older 4d --reason 'their host is gone'",
     .is_destructive = true},
    {.name = "queue drop",
     .summary = "take mail out of the queue, and tell nobody",
     .parameters = kIds,
     .options = kFilter,
     .columns = {},
     .description = "It is gone. `queue fail` tells the senders.",
     .example = "mailctl --yes queue drop --from '<>' --to example.net",
     .is_destructive = true},
    {.name = "queue reroute",
     .summary = "let mail in the queue go another way",
     .parameters = kDestinationAndIds,
     .options = kFilter,
     .columns = {},
     .description = "To another domain's hosts, or to an address; the recipients' addresses stay "
                    "as they are.",
     .example = "mailctl queue reroute backup.example.net --to example.net"},
    {.name = "queue suspend",
     .summary = "send nothing to a destination for a while",
     .parameters = kOneDestination,
     .options = kSuspend,
     .columns = {},
     .description = "Mail for it is taken and waits; it ends by itself.",
     .example = "mailctl queue suspend example.net --for 2h --reason 'they are moving'"},
    {.name = "queue suspended",
     .summary = "destinations that nothing is sent to for now",
     .parameters = {},
     .options = {},
     .columns = kSuspendedColumns,
     .description = "",
     .example = "mailctl queue suspended"},
    {.name = "queue resume",
     .summary = "send to a suspended destination again",
     .parameters = kOneDestination,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl queue resume example.net"},
    {.name = "queue suppress add",
     .summary = "send nothing to an address any more",
     .parameters = kOneAddress,
     .options = kSuppress,
     .columns = {},
     .description = "Mail for it goes back to its sender at once: for addresses whose owners have "
                    "asked for it, or whose host counts every attempt against us. Not for mail "
                    "that is in the queue already.",
     .example = "mailctl queue suppress add eve@example.net --reason 'she has asked for it'"},
    {.name = "queue suppress list",
     .summary = "addresses that nothing is sent to",
     .parameters = {},
     .options = {},
     .columns = kSuppressedColumns,
     .description = "",
     .example = "mailctl queue suppress list"},
    {.name = "queue suppress rm",
     .summary = "send to a suppressed address again",
     .parameters = kOneAddress,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl queue suppress rm eve@example.net"},
};

} // namespace

std::span<const Command> queue_commands() { return kCommands; }

} // namespace maild::control
