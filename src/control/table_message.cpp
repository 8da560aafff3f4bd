#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kFile[] = {
    {"file", "the message; without, or -: standard input", Count::optional}};

constexpr Option kVerify[] = {
    {"spf", "", "check the client and the envelope by SPF alone, without a message"},
    {"ip", "IP", "the client's address"},
    {"helo", "NAME", "what it said with EHLO or HELO"},
    {"mail-from", "ADDR", "the reverse-path; without one, or empty: the null reverse-path"},
    {"resolver", "ADDR:PORT", "whom to ask in the DNS; without: as /etc/resolv.conf says"},
    {"now", "TIME", "seconds since 1970 or 2026-01-31T12:00:00Z, for what depends on the time"},
    {"min-rsa", "BITS", "RSA keys of fewer bits are not enough; 1024, and never fewer"},
};

constexpr Option kSign[] = {
    {"domain", "D", "who signs; the key is published below _domainkey.D"},
    {"selector", "S", "the name of the key there"},
    {"key", "FILE", "the private key, PEM without a passphrase: RSA or Ed25519"},
    {"identity", "ADDR", "for whom in D, the tag i="},
    {"canonicalization", "HOW",
     "of header fields and body, like simple/relaxed; without: relaxed/relaxed"},
    {"now", "TIME", "when it was signed; without: now"},
};

constexpr Option kTrace[] = {
    {"to", "ADDR", "a recipient, or the account or address that it led to"},
    {"from", "ADDR", "the reverse-path, or the address in From"},
    {"client", "IP", "who brought it"},
    {"message-id", "ID", "the Message-ID field"},
    {"id", "ID", "a transaction or session as in the log, a queue id, or a Message-ID"},
    {"since", "SPAN", "how far back: seconds, or with m, h or d, like 2d; without: all there is"},
    {"limit", "N", "at most so many rows; without: 20"},
    {"follow", "", "go on with what comes from now on (-f)"},
};

constexpr Parameter kExplainId[] = {
    {"id", "a transaction as in log, Received and the 250, a queue id, or a Message-ID"}};

constexpr Column kTraceColumns[] = {
    {"time", "TIME", Format::time},
    {"id", "ID"},
    {"client", "CLIENT"},
    {"from", "FROM"},
    {"to", "TO"},
    {"fate", "FATE"},
    {"reason", "WHY"},
};

constexpr Command kCommands[] = {
    {.name = "message verify",
     .summary = "say what a message, its client and the DNS let one believe",
     .parameters = kFile,
     .options = kVerify,
     .columns = {},
     .description =
         "One line for each result, as they stand in Authentication-Results (RFC 8601): spf= if a "
         "client is given, dkim= for each signature, dmarc= with the policy that the domain in "
         "From asks for, arc=; each with its reason. Behind them the policy's record, who has "
         "sealed, and every question to the DNS with its answer. Lines that end with LF are taken "
         "as if they had CRLF. With --spf the first word is the result of RFC 7208 alone: pass, "
         "fail, softfail, neutral, none, temperror or permerror. The lines behind it tell why: the "
         "identity and the mechanism that decided, what the domain's owner explains, what is wrong "
         "with a record, the questions, and the Received-SPF field. HELO is checked first, and its "
         "fail decides; everything else is the reverse-path's to say. Works without the daemon. "
         "Exit code 0 whatever the result is.",
     .example = "mailctl message verify --spf --ip 192.0.2.1 --helo [192.0.2.1]",
     .runs = Runs::here},
    {.name = "message trace",
     .summary = "which messages came, and what became of them",
     .parameters = {},
     .options = kTrace,
     .columns = kTraceColumns,
     .description =
         "Newest first: messages that were taken, refused or put off, and senders that were "
         "refused, as far back as [trace] in the configuration keeps them. All that is given must "
         "hold. FATE is delivered, queued, held (in the queue), deferred (the client was told to "
         "try again), refused, or left (the client went before the end); of several recipients the "
         "best. WHY is the first reason against it.",
     .example = "mailctl message trace --since 2d --limit 5"},
    {.name = "message explain",
     .summary = "tell in sentences what happened to a message, and why",
     .parameters = kExplainId,
     .options = {},
     .columns = {},
     .description =
         "Who brought it, what each stage made of it, where each recipient led to by which alias, "
         "where it was stored or queued, and what the client was told. The first line has the fate "
         "and the first reason, as in message trace.",
     .example = ""},
    {.name = "message sign",
     .summary = "sign a message with DKIM",
     .parameters = kFile,
     .options = kSign,
     .columns = {},
     .description =
         "Prints the message with a DKIM-Signature field (RFC 6376) on top, its lines with CRLF; "
         "with --json the field alone. Signed are the fields that RFC 6376 advises in section "
         "5.4.1, and "
         "From, Reply-To, To, Cc, Subject and Date once more than they are there, so that nobody "
         "can add one. Works without the daemon: mailctl message sign --domain example.org "
         "--selector mail --key mail.pem letter.eml",
     .example = "",
     .runs = Runs::here},
};

} // namespace

std::span<const Command> message_commands() { return kCommands; }

} // namespace maild::control
