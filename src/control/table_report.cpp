#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kFiles[] = {
    {"file", "messages with reports, or reports themselves: plain, gzip or ZIP", Count::many}};

constexpr Option kChoice[] = {
    {"domain", "D", "only what is said of this domain"},
    {"since", "SPAN", "only reports that end within this time: 36h, 7d"},
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
};

} // namespace

std::span<const Command> report_commands() { return kCommands; }

} // namespace maild::control
