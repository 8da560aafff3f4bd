#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kDomain[] = {{"domain", "the domain, or a domain alias"}};
constexpr Parameter kKey[] = {
    {"domain", "the domain, or a domain alias"},
    {"selector", "as `domain dkim list` shows it"},
};

constexpr Option kList[] = {{"all", "", "also keys that were removed"}};
constexpr Option kAdd[] = {
    {"algorithm", "KIND", "rsa, ed25519 or both; without: both"},
    {"selector", "NAME", "of one key; without: it is made of the month, like s202611r"},
};
constexpr Option kImport[] = {
    {"selector", "NAME", "under which its record is published"},
    {"key", "FILE", "the private key, PEM without a passphrase: RSA or Ed25519"},
};
constexpr Option kRotate[] = {
    {"status", "", "only tell how each key stands, and what comes next"},
    {"force", "", "switch to the published keys, whatever the DNS shows"},
};

constexpr Column kColumns[] = {
    {"domain", "DOMAIN"},
    {"selector", "SELECTOR"},
    {"algorithm", "ALGORITHM"},
    {"bits", "BITS"},
    {"state", "STATE"},
    {"since", "SINCE", Format::time},
    {"keep_until", "RECORD NEEDED UNTIL", Format::time},
};
constexpr Column kDetail[] = {
    {"domain", "Domain"},
    {"selector", "Selector"},
    {"algorithm", "Algorithm"},
    {"bits", "Bits"},
    {"state", "State"},
    {"created", "Created", Format::time},
    {"activated", "Signs since", Format::time},
    {"retired", "Retired", Format::time},
    {"keep_until", "Record needed until", Format::time},
    {"record_name", "TXT record"},
    {"record", "Its value"},
};

constexpr Command kCommands[] = {
    {.name = "domain dkim list",
     .summary = "the keys with which mail is signed",
     .parameters = kOptionalDomain,
     .options = kList,
     .columns = kColumns,
     .description =
         "A key is published (its record should now be in the DNS), active (it signs), retired (it "
         "signs no more, but mail under way still needs its record) or removed.",
     .example = "mailctl domain dkim list"},
    {.name = "domain dkim show",
     .summary = "one key, and its record",
     .parameters = kKey,
     .options = {},
     .columns = kDetail,
     .description = "",
     .example = ""},
    {.name = "domain dkim add",
     .summary = "make keys for a domain",
     .parameters = kDomain,
     .options = kAdd,
     .columns = {},
     .description =
         "Adding a domain does that already. Prints the TXT records to publish. A key signs as "
         "soon as the DNS shows its record, which the host looks for by itself; of several keys of "
         "one kind the one that was made last follows the one that signs.",
     .example = "mailctl domain dkim add example.net --algorithm ed25519"},
    {.name = "domain dkim import",
     .summary = "take over a key that another host has signed with",
     .parameters = kDomain,
     .options = kImport,
     .columns = {},
     .description = "It signs as soon as the DNS shows its record, like one that was made here.",
     .example = ""},
    {.name = "domain dkim rotate",
     .summary = "replace a domain's keys, one step at a time",
     .parameters = kDomain,
     .options = kRotate,
     .columns = {},
     .description =
         "The first time it makes new keys, and says which records to publish. Once the DNS shows "
         "them, the next time switches to them and retires the old ones. When these have waited "
         "for mail under way ([dkim] retired_for), the time after that forgets them, and says "
         "which records may go. It can be run at any moment: what is not due is not done. The host "
         "carries out by itself what is due after the first step, unless [dkim] switching is "
         "\"manual\".",
     .example = "mailctl domain dkim rotate example.net --status"},
    {.name = "domain dkim retire",
     .summary = "sign no more with a key, at once",
     .parameters = kKey,
     .options = {},
     .columns = {},
     .description = "For one that somebody else may have. Its record can then be deleted from the "
                    "DNS at once, which makes mail under way look unsigned.",
     .example = ""},
    {.name = "domain dkim rm",
     .summary = "forget a key that is published or retired",
     .parameters = kKey,
     .options = {},
     .columns = {},
     .description = "Its private half is gone then.",
     .example = "",
     .is_destructive = true},
};

} // namespace

std::span<const Command> dkim_commands() { return kCommands; }

} // namespace maild::control
