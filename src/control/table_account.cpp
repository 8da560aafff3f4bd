#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kRename[] = {
    {"address", "the account's address"},
    {"new-address", "the address from now on; the old one stops working"},
};
constexpr Parameter kImportFile[] = {
    {"file", "CSV: address,password-or-hash,quota; - for standard input"}};
constexpr Parameter kQuotaSet[] = {
    {"address", "the account's address"},
    {"size", "bytes, or with K, M, G or T; 0: as the domain says", Count::optional},
};
constexpr Option kQuotaMessages[] = {{"messages", "N", "no more messages than this; 0: no limit"}};

constexpr Option kPassword[] = {
    {"password-stdin", "", "read the password from standard input (one line)"},
    {"generate", "", "make a strong password and print it once"},
};
constexpr Option kAccountAdd[] = {
    {"password-stdin", "", "read the password from standard input (one line)"},
    {"generate", "", "make a strong password and print it once"},
    {"quota", "SIZE", "bytes, or with K, M, G or T; without: as the domain says"},
};

constexpr Column kAccountColumns[] = {
    {"address", "ACCOUNT"},
    {"used_bytes", "USED", Format::bytes},
    {"quota_bytes", "QUOTA", Format::size_limit},
    {"messages", "MESSAGES"},
    {"disabled", "DISABLED", Format::yes_no},
};
constexpr Column kAccountDetail[] = {
    {"address", "Account"},
    {"id", "Number"},
    {"shard", "Shard"},
    {"used_bytes", "Used", Format::bytes},
    {"quota_bytes", "Quota", Format::size_limit},
    {"messages", "Messages"},
    {"quota_messages", "Messages at most", Format::limit},
    {"mailboxes", "Mailboxes"},
    {"save_sent", "Keeps what it sends", Format::yes_no},
    {"messages_per_day", "Messages a day"},
    {"recipients_per_day", "Recipients a day"},
    {"disabled", "Disabled", Format::yes_no},
    {"disabled_reason", "Reason"},
    {"created", "Created", Format::time},
    {"password_changed", "Password set", Format::time},
};
constexpr Column kQuotaColumns[] = {
    {"address", "Account"},
    {"used_bytes", "Used", Format::bytes},
    {"quota_bytes", "Quota", Format::size_limit},
    {"messages", "Messages"},
    {"quota_messages", "Messages at most", Format::limit},
};

constexpr Option kAccountSet[] = {
    {"save-sent", "on|off", "keep a copy of what it submits in its Sent mailbox"},
    {"messages-per-day", "N", "submit no more than this; 0: no limit, default: as the host"},
    {"recipients-per-day", "N", "write to no more than this; 0: no limit, default: as the host"},
    {"hold-for", "SPAN|off", "mail for other hosts waits so long in the queue: 30s, 2m"},
};

constexpr Column kLoginColumns[] = {
    {"what", "WHAT"},   {"service", "SERVICE"},           {"from", "FROM"},
    {"count", "TIMES"}, {"first", "FIRST", Format::time}, {"last", "LAST", Format::time},
};

constexpr Command kCommands[] = {
    {.name = "account add",
     .summary = "open an account",
     .parameters = kAddress,
     .options = kAccountAdd,
     .columns = {},
     .description =
         "On a terminal the password is asked for. Without a password nobody can log in, but mail "
         "is kept. Adding an account that is there already changes nothing.",
     .example = "mailctl account add bob@example.org --generate --quota 2G"},
    {.name = "account list",
     .summary = "accounts with what they use",
     .parameters = kOptionalDomain,
     .options = kPaging,
     .columns = kAccountColumns,
     .description = "",
     .example = "mailctl account list example.org"},
    {.name = "account show",
     .summary = "all that is known of an account",
     .parameters = kAddress,
     .options = {},
     .columns = kAccountDetail,
     .description = "",
     .example = "mailctl account show bob@example.org"},
    {.name = "account rm",
     .summary = "close an account and delete its mail",
     .parameters = kAddress,
     .options = {},
     .columns = {},
     .description = "Logins and deliveries end at once. Its mail is erased when the retention of "
                    "the store has passed.",
     .example = "",
     .is_destructive = true},
    {.name = "account disable",
     .summary = "refuse its logins and mail for now",
     .parameters = kAddress,
     .options = kReason,
     .columns = {},
     .description = "Open sessions end. Nothing is deleted; `account enable` undoes it.",
     .example = "mailctl account disable bob@example.org --reason 'on leave'"},
    {.name = "account enable",
     .summary = "undo `account disable`",
     .parameters = kAddress,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl account enable bob@example.org"},
    {.name = "account rename",
     .summary = "give an account another address",
     .parameters = kRename,
     .options = {},
     .columns = {},
     .description = "Mail, UIDs and flags stay as they are.",
     .example = "mailctl account rename bob@example.org robert@example.org"},
    {.name = "account passwd",
     .summary = "set an account's password",
     .parameters = kAddress,
     .options = kPassword,
     .columns = {},
     .description = "Open sessions end, and the old password stops working at once.",
     .example = "mailctl account passwd robert@example.org --generate"},
    {.name = "account set",
     .summary = "what an account may submit, and whether it keeps a copy",
     .parameters = kAddress,
     .options = kAccountSet,
     .columns = {},
     .description =
         "What is not named stays; in force with the next message. --save-sent is for programs "
         "that do not file what they send themselves: with one that does, there are two copies. A "
         "day is one of UTC. --hold-for is time to think again: until it is over, `queue drop` "
         "takes "
         "the message back; mail for mailboxes here is delivered at once.",
     .example = "mailctl account set robert@example.org --save-sent on --messages-per-day 200"},
    {.name = "account logins",
     .summary = "where an account logged in last, and from where it failed",
     .parameters = kAddress,
     .options = {},
     .columns = kLoginColumns,
     .description = "The last login of each service, and the networks that failed last, each since "
                    "the last login that succeeded from there.",
     .example = "mailctl account logins robert@example.org"},
    {.name = "account import",
     .summary = "open many accounts from a CSV file",
     .parameters = kImportFile,
     .options = {},
     .columns = {},
     .description = "One line each: address,password-or-hash,quota. Hashes in PHC form "
                    "($argon2id$…), crypt ($6$…, $2b$…) and with the prefixes that Dovecot writes "
                    "are taken as they are; anything else is a password. All or nothing: each "
                    "wrong line is named, and then no account is added.",
     .example = ""},
    {.name = "account quota get",
     .summary = "what an account uses and may use",
     .parameters = kAddress,
     .options = {},
     .columns = kQuotaColumns,
     .description = "",
     .example = "mailctl account quota get robert@example.org"},
    {.name = "account quota set",
     .summary = "how much an account may use",
     .parameters = kQuotaSet,
     .options = kQuotaMessages,
     .columns = {},
     .description = "In space, in messages, or both; what is not named stays. In force with the "
                    "account's next login or message. Mail that is there stays, whatever it is.",
     .example = "mailctl account quota set robert@example.org 10G --messages 200000"},
};

} // namespace

std::span<const Command> account_commands() { return kCommands; }

} // namespace maild::control
