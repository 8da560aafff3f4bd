#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kManCommand[] = {{"command", "noun and verb", Count::many}};
constexpr Parameter kShell[] = {{"shell", "bash"}};

constexpr Option kManAll[] = {{"all", "", "one page with every command"}};

constexpr Command kCommands[] = {
    {.name = "completion",
     .summary = "a script that completes mailctl's commands",
     .parameters = kShell,
     .options = {},
     .columns = {},
     .description = "For bash: mailctl completion bash > /etc/bash_completion.d/mailctl",
     .example = "mailctl completion bash",
     .runs = Runs::here},
    {.name = "man",
     .summary = "the manual page of a command",
     .parameters = kManCommand,
     .options = kManAll,
     .columns = {},
     .description = "In mdoc form: mailctl man --all | man -l -",
     .example = "mailctl man domain add",
     .runs = Runs::here},
    {.name = "version",
     .summary = "versions of mailctl and of the running daemon",
     .parameters = {},
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl version"},
};

} // namespace

std::span<const Command> mailctl_commands() { return kCommands; }

} // namespace maild::control
