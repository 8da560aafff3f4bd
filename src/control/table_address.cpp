#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kAddressAdd[] = {
    {"address", "the further address"},
    {"account", "the account that is to get its mail"},
};

constexpr Command kCommands[] = {
    {.name = "address add",
     .summary = "give an account a further address",
     .parameters = kAddressAdd,
     .options = {},
     .columns = {},
     .description = "The account receives its mail and may send as it.",
     .example = "mailctl address add info@example.org robert@example.org"},
    {.name = "address rm",
     .summary = "take a further address away",
     .parameters = kAnyAddress,
     .options = {},
     .columns = {},
     .description = "An account's own address stays: see `account rename`.",
     .example = "mailctl address rm info@example.org"},
    {.name = "address resolve",
     .summary = "where mail for an address would go, step by step",
     .parameters = kAnyAddress,
     .options = {},
     .columns = {},
     .description = "Runs the same code as a delivery, and delivers nothing.",
     .example = "mailctl address resolve sales+spring@example.org"},
};

} // namespace

std::span<const Command> address_commands() { return kCommands; }

} // namespace maild::control
