#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kNamed[] = {
    {"address", "the account's address"},
    {"capability", "as IMAP's CAPABILITY shows it, like COMPRESS=DEFLATE"},
};
constexpr Column kColumns[] = {{"capability", "HIDDEN CAPABILITY"}};

constexpr Command kCommands[] = {
    {.name = "account capability hide",
     .summary = "let an account's IMAP programs not see a capability",
     .parameters = kNamed,
     .options = {},
     .columns = {},
     .description =
         "For a program that cannot cope with an extension: from its next login on, the capability "
         "is left out of what IMAP tells it. Whoever asks for it all the same gets it, other "
         "accounts see it as before, and so does everybody before the login. A limit is hidden "
         "without its number: APPENDLIMIT. IMAP4rev1 cannot be hidden. POP3 and SMTP tell what "
         "they can before the login, so there is nothing to hide for one account.",
     .example = "mailctl account capability hide robert@example.org QRESYNC"},
    {.name = "account capability list",
     .summary = "what is hidden from an account's IMAP programs",
     .parameters = kAddress,
     .options = {},
     .columns = kColumns,
     .description = "",
     .example = "mailctl account capability list robert@example.org"},
    {.name = "account capability unhide",
     .summary = "let an account's IMAP programs see a capability again",
     .parameters = kNamed,
     .options = {},
     .columns = {},
     .description = "From their next login on.",
     .example = "mailctl account capability unhide robert@example.org QRESYNC"},
};

} // namespace

std::span<const Command> capability_commands() { return kCommands; }

} // namespace maild::control
