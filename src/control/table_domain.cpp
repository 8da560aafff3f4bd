#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kDomain[] = {{"domain", "domain name, as people write it"}};
constexpr Parameter kAliasDomain[] = {
    {"alias", "the domain that is to mean another one"},
    {"domain", "the domain that it means"},
};
constexpr Parameter kAliasOnly[] = {{"alias", "the alias domain"}};

constexpr Option kDomainAdd[] = {
    {"catch-all", "ADDRESS", "where mail for unknown local parts goes"},
    {"separator", "CHARS", "what parts a subaddress off, default +; empty: none"},
    {"max-accounts", "N", "no more accounts than this"},
    {"default-quota", "SIZE", "for accounts without their own"},
};

constexpr Option kNoDkim = {"no-dkim", "", "make no keys to sign its mail with (domain dkim add)"};
constexpr Option kDomainNew[] = {kDomainAdd[0], kDomainAdd[1], kDomainAdd[2], kDomainAdd[3],
                                 kNoDkim};
constexpr Option kAliasNew[] = {kNoDkim};

constexpr Parameter kAnyDomain[] = {{"domain", "the domain, or a domain alias"}};
constexpr Option kAddressOption = {
    "address", "LIST", "this host's public addresses, with commas between; without: as configured"};
constexpr Option kDns[] = {
    kAddressOption,
    {"zone", "", "as a zone file, which is also what comes without it"},
};
constexpr Parameter kCheckedDomain[] = {
    {"domain", "the domain, or a domain alias", Count::optional}};
constexpr Option kCheck[] = {
    {"all", "", "all domains and domain aliases"},
    kAddressOption,
    {"resolver", "ADDR:PORT", "whom to ask in the DNS; without: those whom the host asks"},
    {"block-lists", "LIST", "also whether these list this host, like dnsbl.example.net,bl.example"},
    {"changes-only", "FILE", "show what is new since the last time, of which FILE keeps account"},
};
constexpr Column kCheckColumns[] = {
    {"domain", "DOMAIN"}, {"severity", "SEVERITY"}, {"code", "CODE"},
    {"name", "NAME"},     {"found", "FOUND"},       {"repair", "REPAIR"},
};

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

constexpr Command kCommands[] = {
    {.name = "domain add",
     .summary = "host a domain",
     .parameters = kDomain,
     .options = kDomainNew,
     .columns = {},
     .description =
         "It gets keys to sign its mail with (DKIM), whose records are printed: they sign once the "
         "DNS shows these. Adding a domain that is there already changes nothing, except for the "
         "options given.",
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
     .parameters = kAnyDomain,
     .options = kDns,
     .columns = {},
     .description =
         "In zone file form: MX, SPF, DKIM, DMARC, the TLSA record of this host's certificate, "
         "MTA-STS, TLS reports, CAA, and the SRV records by which mail clients find the host (RFC "
         "6186, RFC 8314). Comments say what is to be done elsewhere: PTR records, and the web "
         "server for MTA-STS. `domain check` then tells whether all of it is there.",
     .example = "mailctl domain dns example.org --zone"},
    {.name = "domain check",
     .summary = "compare what the DNS says of a domain with what it should",
     .parameters = kCheckedDomain,
     .options = kCheck,
     .columns = kCheckColumns,
     .description =
         "Asks the DNS servers that the host itself asks. What is found is a fault (mail is lost, "
         "refused or distrusted), a warning (some of it suffers, or will) or a note, each with "
         "what to do. Looked at are MX records and their addresses, this host's name and PTR "
         "records, SPF with all its lookups and for this host's addresses, the records of DKIM "
         "keys, DMARC and who takes its reports, the certificate, TLSA, CAA, MTA-STS with the "
         "policy that the web server gives, TLS reports, and SRV records. Block lists are asked "
         "only if they are "
         "named. Exit code 1 if there is a fault or a warning.",
     .example = "",
     .runs = Runs::here},
    {.name = "domain alias add",
     .summary = "let one domain mean another",
     .parameters = kAliasDomain,
     .options = kAliasNew,
     .columns = {},
     .description = "Every address of the alias domain is the same address of the other one. It "
                    "gets DKIM keys of its own, like a domain.",
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
};

} // namespace

std::span<const Command> domain_commands() { return kCommands; }

} // namespace maild::control
