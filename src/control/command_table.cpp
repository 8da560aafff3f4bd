#include "maild/control/command_table.hpp"

#include <algorithm>

namespace maild::control {
namespace {

constexpr Parameter kDomain[] = {{"domain", "domain name, as people write it"}};
constexpr Parameter kOptionalDomain[] = {{"domain", "only of this domain", Count::optional}};
constexpr Parameter kAddress[] = {{"address", "the account's address"}};
constexpr Parameter kAnyAddress[] = {{"address", "any address"}};
constexpr Parameter kAddressAdd[] = {
    {"address", "the further address"},
    {"account", "the account that is to get its mail"},
};
constexpr Parameter kAliasDomain[] = {
    {"alias", "the domain that is to mean another one"},
    {"domain", "the domain that it means"},
};
constexpr Parameter kAliasOnly[] = {{"alias", "the alias domain"}};
constexpr Parameter kRename[] = {
    {"address", "the account's address"},
    {"new-address", "the address from now on; the old one stops working"},
};
constexpr Parameter kImportFile[] = {
    {"file", "CSV: address,password-or-hash,quota; - for standard input"}};
constexpr Parameter kAlias[] = {
    {"pattern", "an address, or with * in its local part: 'shop-*@example.org'"},
    {"target", "address that it leads to, here or elsewhere", Count::many},
};
constexpr Parameter kAliasRemoval[] = {
    {"pattern", "the alias"},
    {"target", "only these targets; without any, the whole alias", Count::many},
};
constexpr Parameter kMailbox[] = {
    {"address", "the account's address"},
    {"mailbox", "only this mailbox", Count::optional},
};
constexpr Parameter kKick[] = {
    {"target", "a session as `server sessions` names it, or an account's address"}};
constexpr Parameter kFsck[] = {{"account", "only this account's address", Count::optional}};
constexpr Parameter kRebuild[] = {
    {"shard", "a shard's number; without: those that are damaged", Count::optional}};
constexpr Parameter kQuotaSet[] = {
    {"address", "the account's address"},
    {"size", "bytes, or with K, M, G or T; 0: as the domain says"},
};
constexpr Parameter kManCommand[] = {{"command", "noun and verb", Count::many}};
constexpr Parameter kShell[] = {{"shell", "bash"}};

constexpr Option kReason[] = {{"reason", "TEXT", "why, in words, for the next admin who looks"}};
constexpr Option kPassword[] = {
    {"password-stdin", "", "read the password from standard input (one line)"},
    {"generate", "", "make a strong password and print it once"},
};
constexpr Option kAccountAdd[] = {
    {"password-stdin", "", "read the password from standard input (one line)"},
    {"generate", "", "make a strong password and print it once"},
    {"quota", "SIZE", "bytes, or with K, M, G or T; without: as the domain says"},
};
constexpr Option kDomainAdd[] = {
    {"catch-all", "ADDRESS", "where mail for unknown local parts goes"},
    {"separator", "CHARS", "what parts a subaddress off, default +; empty: none"},
    {"max-accounts", "N", "no more accounts than this"},
    {"default-quota", "SIZE", "for accounts without their own"},
};
constexpr Option kPaging[] = {
    {"limit", "N", "at most so many rows; without: all"},
    {"after", "CURSOR", "go on behind this row"},
};
constexpr Option kSessionFilter[] = {
    {"account", "ADDRESS", "only this account's"},
    {"service", "NAME", "only this service's: smtp, submission, lmtp, imap"},
};
constexpr Option kSetup[] = {
    {"domain", "D", "the first domain"},
    {"host", "H", "this host's name in the DNS, for greetings and the MX record"},
    {"admin", "LOCALPART", "the first account, which also gets postmaster's mail"},
    {"password-stdin", "", "read its password from standard input (one line)"},
    {"root", "DIR", "everything under DIR, on loopback only: a trial"},
    {"port-base", "N", "with --root: added to each standard port, default 20000"},
    {"no-start", "", "set up, and leave the daemon stopped"},
};
constexpr Parameter kCrashDirectory[] = {
    {"directory", "where mail is to lie, on the disk in doubt"}};
constexpr Option kCrashTest[] = {{"cycles", "N", "how many power cuts, default 10"}};
constexpr Option kFsckOptions[] = {
    {"repair", "", "mend what can be mended without loss"},
    {"deep", "", "read every body: checksums, digests, structures"},
};
constexpr Option kRebuildOptions[] = {
    {"config", "FILE", "the daemon's configuration, where it is not the usual one"}};
constexpr Option kManAll[] = {{"all", "", "one page with every command"}};

constexpr Column kDomainColumns[] = {
    {"name", "DOMAIN"},
    {"accounts", "ACCOUNTS"},
    {"disabled", "DISABLED", Format::yes_no},
    {"catch_all", "CATCH-ALL"},
    {"aliases", "ALSO", Format::list},
};
constexpr Column kDomainDetail[] = {
    {"name", "Domain"},
    {"accounts", "Accounts"},
    {"max_accounts", "Most accounts", Format::limit},
    {"default_quota_bytes", "Default quota", Format::size_limit},
    {"disabled", "Disabled", Format::yes_no},
    {"disabled_reason", "Reason"},
    {"catch_all", "Catch-all"},
    {"separator", "Subaddress separator"},
    {"aliases", "Alias domains", Format::list},
    {"created", "Created", Format::time},
};
constexpr Column kDomainAliasColumns[] = {{"alias", "ALIAS"}, {"domain", "DOMAIN"}};
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
    {"mailboxes", "Mailboxes"},
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
};
constexpr Column kAliasColumns[] = {{"pattern", "ALIAS"}, {"targets", "TARGETS", Format::list}};
constexpr Column kMailboxColumns[] = {
    {"name", "MAILBOX"},
    {"special_use", "USE"},
    {"messages", "MESSAGES"},
    {"unseen", "UNSEEN"},
    {"size", "SIZE", Format::bytes},
    {"subscribed", "SUBSCRIBED", Format::yes_no},
};
constexpr Column kMailboxDetail[] = {
    {"name", "MAILBOX"},     {"messages", "MESSAGES"},        {"unseen", "UNSEEN"},
    {"deleted", "DELETED"},  {"size", "SIZE", Format::bytes}, {"uid_validity", "UIDVALIDITY"},
    {"uid_next", "UIDNEXT"}, {"highest_modseq", "MODSEQ"},
};
constexpr Column kQueueColumns[] = {
    {"id", "ID"},
    {"state", "STATE"},
    {"reverse_path", "FROM"},
    {"recipient", "TO"},
    {"size", "SIZE", Format::bytes},
    {"queued_at", "SINCE", Format::time},
    {"reason", "WHY"},
};
constexpr Column kFsckColumns[] = {
    {"kind", "KIND"}, {"account", "ACCOUNT"}, {"mailbox", "MAILBOX"},
    {"uid", "UID"},   {"what", "WHAT"},       {"repaired", "REPAIRED", Format::yes_no},
};
constexpr Column kSessionColumns[] = {
    {"id", "SESSION"},      {"service", "SERVICE"}, {"remote", "FROM"},
    {"account", "ACCOUNT"}, {"state", "STATE"},     {"since", "SINCE", Format::time},
};

constexpr Command kCommands[] = {
    {.name = "setup init",
     .summary = "make this machine a mail host: configuration, keys, first domain and account",
     .parameters = {},
     .options = kSetup,
     .columns = {},
     .description = "Writes the configuration unless there is one, starts the daemon, adds the "
                    "domain and the first account, "
                    "and prints the DNS records to publish. What exists already is kept, so a "
                    "second run changes nothing.",
     .example = "",
     .runs = Runs::here},
    {.name = "server status",
     .summary = "processes, figures of the store, what the sandbox covers",
     .parameters = {},
     .options = {},
     .columns = {},
     .description =
         "Every process with its role, user and age, how often it was restarted, and whether "
         "seccomp and "
         "Landlock hold it; messages delivered, how many shared one commit, disk space left.",
     .example = "mailctl server status"},
    {.name = "server reload",
     .summary = "read the configuration and certificates again, sessions go on",
     .parameters = {},
     .options = {},
     .columns = {},
     .description =
         "The same as SIGHUP. A configuration with an error is refused and the old one stays.",
     .example = "mailctl server reload"},
    {.name = "server stop",
     .summary = "finish what is going on and stop",
     .parameters = {},
     .options = {},
     .columns = {},
     .description =
         "The same as SIGTERM: no new connections, sessions are told, then the daemon ends.",
     .example = "",
     .is_destructive = true},
    {.name = "server sessions",
     .summary = "who is connected",
     .parameters = {},
     .options = kSessionFilter,
     .columns = kSessionColumns,
     .description = "",
     .example = "mailctl server sessions --service imap"},
    {.name = "server kick",
     .summary = "end a session, or all of an account",
     .parameters = kKick,
     .options = {},
     .columns = {},
     .description =
         "The client is told why and may connect again; to keep it out, disable the account.",
     .example = "mailctl server kick ada@example.org"},
    {.name = "server postmaster",
     .summary = "who gets this host's own mail",
     .parameters = kAnyAddress,
     .options = {},
     .columns = {},
     .description = "Mail for postmaster and abuse where a domain has no such address (RFC 5321 "
                    "section 4.5.1). Until it is set: the account made first.",
     .example = "mailctl server postmaster ada@example.org"},
    {.name = "domain add",
     .summary = "host a domain",
     .parameters = kDomain,
     .options = kDomainAdd,
     .columns = {},
     .description =
         "Adding a domain that is there already changes nothing, except for the options given.",
     .example = "mailctl domain add example.org"},
    {.name = "domain list",
     .summary = "the hosted domains",
     .parameters = {},
     .options = {},
     .columns = kDomainColumns,
     .description = "",
     .example = "mailctl domain list"},
    {.name = "domain show",
     .summary = "all that is set for a domain",
     .parameters = kDomain,
     .options = {},
     .columns = kDomainDetail,
     .description = "",
     .example = "mailctl domain show example.org"},
    {.name = "domain set",
     .summary = "change a domain's catch-all, separator or limits",
     .parameters = kDomain,
     .options = kDomainAdd,
     .columns = {},
     .description = "Only what is given changes. --catch-all '' takes it away.",
     .example = "mailctl domain set example.org --default-quota 5G"},
    {.name = "domain rm",
     .summary = "stop hosting a domain",
     .parameters = kDomain,
     .options = {},
     .columns = {},
     .description = "Refused while it has accounts. Its aliases and alias domains go with it.",
     .example = "",
     .is_destructive = true},
    {.name = "domain disable",
     .summary = "refuse its mail and logins for now",
     .parameters = kDomain,
     .options = kReason,
     .columns = {},
     .description = "Nothing is deleted; `domain enable` undoes it.",
     .example = "mailctl domain disable example.net --reason 'moving away'"},
    {.name = "domain enable",
     .summary = "undo `domain disable`",
     .parameters = kDomain,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl domain enable example.net"},
    {.name = "domain dns",
     .summary = "the DNS records to publish for a domain",
     .parameters = kDomain,
     .options = {},
     .columns = {},
     .description = "In zone file form: MX, SPF, DMARC and the SRV records by which mail clients "
                    "find the host (RFC 6186, RFC 8314).",
     .example = "mailctl domain dns example.org"},
    {.name = "domain alias add",
     .summary = "let one domain mean another",
     .parameters = kAliasDomain,
     .options = {},
     .columns = {},
     .description = "Every address of the alias domain is the same address of the other one.",
     .example = "mailctl domain alias add example.com example.org"},
    {.name = "domain alias rm",
     .summary = "take an alias domain away",
     .parameters = kAliasOnly,
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl domain alias rm example.com"},
    {.name = "domain alias list",
     .summary = "the alias domains",
     .parameters = kOptionalDomain,
     .options = {},
     .columns = kDomainAliasColumns,
     .description = "",
     .example = "mailctl domain alias list"},
    {.name = "account add",
     .summary = "open an account",
     .parameters = kAddress,
     .options = kAccountAdd,
     .columns = {},
     .description = "On a terminal the password is asked for. Without a password nobody can log "
                    "in, but mail is kept. "
                    "Adding an account that is there already changes nothing.",
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
    {.name = "account import",
     .summary = "open many accounts from a CSV file",
     .parameters = kImportFile,
     .options = {},
     .columns = {},
     .description = "One line each: address,password-or-hash,quota. Hashes in PHC form "
                    "($argon2id$…), crypt ($6$…, $2b$…) and "
                    "with the prefixes that Dovecot writes are taken as they are; anything else is "
                    "a password. All or nothing: "
                    "each wrong line is named, and then no account is added.",
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
     .options = {},
     .columns = {},
     .description = "",
     .example = "mailctl account quota set robert@example.org 10G"},
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
    {.name = "mailbox list",
     .summary = "an account's mailboxes",
     .parameters = kAddress,
     .options = {},
     .columns = kMailboxColumns,
     .description = "An account's mailboxes are made at its first login or delivery.",
     .example = "mailctl mailbox list robert@example.org"},
    {.name = "mailbox status",
     .summary = "counters of an account's mailboxes",
     .parameters = kMailbox,
     .options = {},
     .columns = kMailboxDetail,
     .description = "",
     .example = "mailctl mailbox status robert@example.org"},
    {.name = "queue list",
     .summary = "mail that waits to go to other hosts",
     .parameters = {},
     .options = kPaging,
     .columns = kQueueColumns,
     .description = "",
     .example = "mailctl queue list"},
    {.name = "fsck crash-test",
     .summary = "cut the power of a trial host below a directory, look for lost mail",
     .parameters = kCrashDirectory,
     .options = kCrashTest,
     .columns = {},
     .description =
         "Proves that this Maild on this kernel loses nothing that it acknowledged when a file "
         "system stops and forgets what was not synced: a trial host keeps its data in an image "
         "in the directory, and after each cut all is read back. Shows what gives a disk away as "
         "memory or as mounted without barriers, and syncs too fast for any device. Does not prove "
         "that the device keeps what it reported as written: a cache without a battery is found "
         "by pulling its plug alone. Needs root, loop devices and python3; the mail of this host "
         "is "
         "not touched. Exit code 1: something was found; 77: not all could be tested.",
     .example = "",
     .runs = Runs::here},
    {.name = "fsck run",
     .summary = "check that what the store keeps is whole, while it serves",
     .parameters = kFsck,
     .options = kFsckOptions,
     .columns = kFsckColumns,
     .description =
         "Databases, the way from each message to its bytes, what is counted beside the rows, the "
         "queue; with --deep also every byte of every body. Mail goes on meanwhile. With --repair "
         "counters, references, cached structures and rows that nothing leads to are set right; a "
         "damaged body is only reported, and a client gets NO [CORRUPTION] for it. With an account "
         "only its mailboxes and messages are checked. Exit code 0: no problems; 1: problems were "
         "found, also when all were repaired.",
     .example = "mailctl fsck run --deep",
     .runs = Runs::in_steps},
    {.name = "store rebuild",
     .summary = "make a shard's lost or damaged meta.db anew from its packs",
     .parameters = kRebuild,
     .options = kRebuildOptions,
     .columns = {},
     .description =
         "Only while maild is stopped, and as root or as the user that maild runs as. Every "
         "message that is whole in the packs comes back in its mailbox with its UID, dates and "
         "bytes, and what waits in the queue. Flags are as at delivery. The old meta.db is kept "
         "beside the new one as meta.db.broken- and the time.",
     .example = "",
     .runs = Runs::here,
     .is_destructive = true},
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

constexpr Option kGlobalOptions[] = {
    {"json", "", "one stable JSON document (schema mailctl/1) instead of text"},
    {"tsv", "", "rows with tabs between the fields, no headings"},
    {"quiet", "", "nothing on success"},
    {"socket", "PATH", "the daemon's control socket"},
    {"yes", "", "do not ask before something is destroyed"},
    {"help", "", "help for a command"},
};

} // namespace

std::span<const Command> commands() { return kCommands; }

const Command* find_command(std::string_view name) {
    const auto found = std::ranges::find(kCommands, name, &Command::name);
    return found == std::end(kCommands) ? nullptr : &*found;
}

std::span<const Option> global_options() { return kGlobalOptions; }

} // namespace maild::control
