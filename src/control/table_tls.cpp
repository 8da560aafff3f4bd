#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Column kColumns[] = {
    {"served", "FOR"},   {"not_after", "ENDS", Format::time},
    {"key_type", "KEY"}, {"issuer", "ISSUER"},
    {"file", "FILE"},    {"warning", "WARNING"},
};

constexpr Command kCommands[] = {
    {.name = "tls list",
     .summary = "the certificates that clients see",
     .parameters = {},
     .options = {},
     .columns = kColumns,
     .description = "FOR says which names clients have to ask for to get it; the host's own, which "
                    "stands first, is also for those who ask for another name or for none. Without "
                    "a file the host has made it for itself. --json also has the names in it, "
                    "fingerprint and first day. `[tls]` in the configuration names the files; "
                    "`server reload` reads them again.",
     .example = "mailctl tls list"},
};

} // namespace

std::span<const Command> tls_commands() { return kCommands; }

} // namespace maild::control
