#include "control/table.hpp"

namespace maild::control {
namespace {

constexpr Parameter kFile[] = {{"file", "the message; SPF does not look into it", Count::optional}};

constexpr Option kVerify[] = {
    {"spf", "", "check the client and the envelope by SPF"},
    {"ip", "IP", "the client's address"},
    {"helo", "NAME", "what it said with EHLO or HELO"},
    {"mail-from", "ADDR", "the reverse-path; without one, or empty: the null reverse-path"},
    {"resolver", "ADDR:PORT", "whom to ask in the DNS; without: as /etc/resolv.conf says"},
    {"now", "TIME", "seconds since 1970 or 2026-01-31T12:00:00Z, for what depends on the time"},
};

constexpr Command kCommands[] = {
    {.name = "message verify",
     .summary = "say what the DNS says of a client and of a sender",
     .parameters = kFile,
     .options = kVerify,
     .columns = {},
     .description =
         "With --spf the first word is the result of RFC 7208: pass, fail, softfail, neutral, "
         "none, "
         "temperror or permerror. The lines behind it tell why: the identity and the mechanism "
         "that decided, what the domain's owner explains, what is wrong with a record, every "
         "question to the DNS and its answer, and the Received-SPF field. HELO is checked first, "
         "and its fail decides; everything else is the reverse-path's to say. Works without the "
         "daemon. Exit code 0 whatever the result is.",
     .example = "mailctl message verify --spf --ip 192.0.2.1 --helo [192.0.2.1]",
     .runs = Runs::here},
};

} // namespace

std::span<const Command> message_commands() { return kCommands; }

} // namespace maild::control
