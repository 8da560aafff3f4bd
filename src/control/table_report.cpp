#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kFiles[] = {
    {"file", "messages with reports, or reports themselves: plain, gzip or ZIP", Count::many}};

constexpr Option kChoice[] = {
    {"domain", "D", "only what is said of this domain"},
    {"since", "SPAN", "only reports that end within this time: 36h, 7d"},
};

constexpr Option kVolume[] = {
    {"since", "SPAN", "how far back: 24h, 7d; without: 7d"},
    {"by", "day|hour", "what each row is; without: day, of UTC"},
};
constexpr Option kDeliverability[] = {
    {"since", "SPAN", "how far back: 24h, 7d; without: 7d"},
    {"to", "DESTINATION", "only this one"},
};

constexpr Option kSummary[] = {{"send", "", "mail it to whom notices.to in maild.toml names"}};

constexpr Column kVolumeColumns[] = {{"begin", "SINCE", Format::time},
                                     {"received", "RECEIVED"},
                                     {"refused", "REFUSED"},
                                     {"put_off", "PUT OFF"},
                                     {"delivered", "DELIVERED"},
                                     {"submitted", "SUBMITTED"},
                                     {"sent", "SENT"},
                                     {"failed", "FAILED"},
                                     {"deferred", "DEFERRED"},
                                     {"octets", "SIZE", Format::bytes}};
constexpr Column kDeliverabilityColumns[] = {
    {"destination", "DESTINATION"}, {"sent", "SENT"},    {"failed", "FAILED"},
    {"deferred", "DEFERRED"},       {"rate", "TAKEN %"}, {"host", "HOST"},
    {"why", "WHY NOT, MOSTLY"},
};

constexpr Column kDmarc[] = {
    {"source", "SOURCE"},           {"from", "FROM"},         {"messages", "MESSAGES"},
    {"passed", "PASSED"},           {"dkim_aligned", "DKIM"}, {"spf_aligned", "SPF"},
    {"quarantined", "QUARANTINED"}, {"rejected", "REJECTED"},
};

constexpr Column kTls[] = {
    {"domain", "DOMAIN"}, {"policy", "POLICY"},     {"mx", "MX"},
    {"result", "RESULT"}, {"sessions", "SESSIONS"},
};

constexpr Option kSending[] = {
    {"day", "DATE", "which day of UTC, like 2026-11-28; yesterday if it is not said"},
    {"dry-run", "", "send nothing, and say what would be sent"},
};

constexpr Column kSent[] = {
    {"domain", "DOMAIN"}, {"messages", "MESSAGES"}, {"to", "TO"},
    {"fate", "FATE"},     {"detail", "DETAIL"},
};

constexpr Column kTlsSent[] = {
    {"domain", "DOMAIN"}, {"messages", "SESSIONS"}, {"to", "TO"},
    {"fate", "FATE"},     {"detail", "DETAIL"},
};

constexpr Command kCommands[] = {
    {.name = "report dmarc",
     .summary = "say what DMARC reports tell of who sends with a domain's name",
     .parameters = kFiles,
     .options = kChoice,
     .columns = kDmarc,
     .description =
         "Reads aggregate reports (RFC 9990, RFC 7489) out of the files, which are messages or "
         "what was attached to them, and without files out of the mailbox that reports.mailbox in "
         "maild.toml names. It adds them up by client and domain in From: messages, how many "
         "passed DMARC, how many by DKIM and by SPF that are aligned, and what receivers did. What "
         "fails stands first; below the table stands for each source what is wrong and what to do. "
         "A report that came twice counts once. Files are read without the daemon. Exit code 1 "
         "when something could not be read, as when a report has more than 2 MiB in the mailbox: "
         "mailctl report dmarc --domain example.org --since 7d letter.eml",
     .example = "",
     .runs = Runs::here},
    {.name = "report dmarc send",
     .summary = "send the aggregate reports of a day, or say what would be sent",
     .parameters = {},
     .options = kSending,
     .columns = kSent,
     .description =
         "Adds up what DMARC found of the day's messages (trace.record), and sends each domain "
         "that asks for it (rua=) a report of the mail that came with its name: from reports.from, "
         "signed, and where the destination is another organization's, only if that agrees in the "
         "DNS. With reports.send_dmarc = \"on\" the daemon does that by itself, once for each day; "
         "here it is done at once, and a report that was sent before is not sent again. No reports "
         "are "
         "sent about reports, about domains in reports.exclude, and, unless reports.own_domains is "
         "\"on\", about domains of this host: mailctl report dmarc send --dry-run",
     .example = "",
     .runs = Runs::here},
    {.name = "report tls",
     .summary = "say what TLS reports tell of mail on its way to a domain",
     .parameters = kFiles,
     .options = kChoice,
     .columns = kTls,
     .description =
         "Reads TLS reports (RFC 8460) out of the files, which are messages or what was attached "
         "to them, and without files out of the mailbox that reports.mailbox in maild.toml names. "
         "It adds up the sessions by domain, policy (sts, tlsa or no-policy-found), MX host and "
         "result. What failed stands first; below the table stands what each failure means and "
         "what to do. Files are read without the daemon. Exit code 1 when something could not be "
         "read: mailctl report tls report.json.gz",
     .example = "",
     .runs = Runs::here},
    {.name = "report tls send",
     .summary = "send the TLS reports of a day, or say what would be sent",
     .parameters = {},
     .options = kSending,
     .columns = kTlsSent,
     .description =
         "Adds up what TLS was like on the day's connections to other hosts (trace.record), and "
         "sends each domain that asks for it (TLSRPT) a report of those to its hosts: from "
         "reports.from, signed, by mail alone. With reports.send_tls = \"on\" the daemon does that "
         "by itself, once for each day; here it is done at once, and a report that was sent before "
         "is "
         "not sent again. No reports are sent about domains in reports.exclude, and none tells of "
         "connections that only brought such reports: mailctl report tls send --dry-run",
     .example = "",
     .runs = Runs::here},
    {.name = "report summary",
     .summary = "say how the host did in the last 24 hours, and what wants attention",
     .parameters = {},
     .options = kSummary,
     .columns = {},
     .description =
         "The mail that postmaster gets each day ([notices] in maild.toml), of the 24 hours before "
         "now: what wants attention, with what to do; how much mail came and went; which "
         "destinations did not take ours, in their own words; queue, disk, certificates, bans. "
         "\"new\" is what the last summary did not tell. The DNS, which the mail asks about all "
         "domains, is left to mailctl domain check --all.",
     .example = "mailctl report summary"},
    {.name = "report volume",
     .summary = "how much mail came and went",
     .parameters = kOptionalDomain,
     .options = kVolume,
     .columns = kVolumeColumns,
     .description =
         "A row for each day or hour, as far back as the traces go ([trace] in maild.toml). "
         "RECEIVED, REFUSED and PUT OFF are messages of other hosts; SUBMITTED those of accounts "
         "and "
         "of programs on this host; "
         "DELIVERED are recipients with a mailbox here, SENT those that another host has taken, "
         "FAILED those that are not tried again. DEFERRED are attempts that are repeated, so that "
         "a "
         "recipient may be among them many times. SIZE is of the messages that were taken. With a "
         "domain: mail to it, and what it sent.",
     .example = "mailctl report volume --by hour --since 24h"},
    {.name = "report deliverability",
     .summary = "how each destination took our mail, and why it did not",
     .parameters = kOptionalDomain,
     .options = kDeliverability,
     .columns = kDeliverabilityColumns,
     .description =
         "Those that took least stand first. TAKEN % is of the recipients whose fate is settled. "
         "The words are the remote hosts' own where they spoke, without addresses and numbers, so "
         "that equal reasons are one; --json has up to sixteen of them for each destination. With "
         "a domain: only mail that it sent.",
     .example = "mailctl report deliverability --since 24h"},
};

} // namespace

std::span<const Command> report_commands() { return kCommands; }

} // namespace maild::control
