#pragma once
// The command line as callers have used it for forty years. There is no standard; what Sendmail and
// Postfix take is taken, and what cannot mean anything here is refused by name. Pure.

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace maild::sendmail {

enum class Mode : std::uint8_t {
    submit, // a message on standard input
    speak,  // -bs: SMTP on standard input and output
    verify, // -bv: are these recipients deliverable
    flush,  // -q: what waits is tried now
    list,   // -bp, mailq: what waits
};

struct Invocation {
    Mode mode = Mode::submit;
    bool reads_recipients = false;     // -t
    bool dot_ends = true;              // a line with a dot alone; not with -i or -oi
    bool mails_errors = false;         // -oem and its like: refusals go to the sender by mail
    std::optional<std::string> sender; // -f, -r; empty: the null reverse-path
    std::string full_name;             // -F
    std::string notify;                // -N, as in RCPT's NOTIFY
    std::string return_content;        // -R: FULL or HDRS
    std::string envelope_id;           // -V
    std::vector<std::string> recipients;
    std::string socket; // --socket=PATH and --maildrop=DIR, for hosts with other paths
    std::string maildrop;
};

// `name`: as which the program was called; "mailq" and "newaliases" mean -bp and -bi.
// The error is one line for standard error; the exit code is EX_USAGE.
std::expected<Invocation, std::string> parse_arguments(std::string_view name,
                                                       std::span<const char* const> arguments);

} // namespace maild::sendmail
