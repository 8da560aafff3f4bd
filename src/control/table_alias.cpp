#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kAlias[] = {
    {"pattern", "an address, or with * in its local part: 'shop-*@example.org'"},
    {"target", "address that it leads to, here or elsewhere", Count::many},
};
constexpr Parameter kAliasRemoval[] = {
    {"pattern", "the alias"},
    {"target", "only these targets; without any, the whole alias", Count::many},
};

constexpr Column kAliasColumns[] = {{"pattern", "ALIAS"}, {"targets", "TARGETS", Format::list}};

constexpr Command kCommands[] = {
    {.name = "alias add",
     .summary = "lead an address to others",
     .parameters = kAlias,
     .options = {},
     .columns = {},
     .description = "Adds targets to an alias that exists. A pattern is asked only when no account "
                    "or exact alias fits; the longest pattern wins.",
     .example = "mailctl alias add sales@example.org robert@example.org partner@example.com"},
    {.name = "alias list",
     .summary = "the aliases",
     .parameters = kOptionalDomain,
     .options = {},
     .columns = kAliasColumns,
     .description = "",
     .example = "mailctl alias list example.org"},
    {.name = "alias rm",
     .summary = "take an alias, or some of its targets, away",
     .parameters = kAliasRemoval,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl alias rm sales@example.org partner@example.com"},
};

} // namespace

std::span<const Command> alias_commands() { return kCommands; }

} // namespace maild::control
