#pragma once
// A message as a program hands it over, made into what SMTP carries (RFC 5321 §2.3.8): lines that
// end with CRLF, a header section that an empty line ends. 8-bit octets stay as they are. Pure,
// linear.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace maild::sendmail {

// `raw`: lines with LF or CRLF. A lone CR ends a line, too, for SMTP knows none; NUL, which no mail
// may have (RFC 5322 §4), becomes "?". With `dot_ends` a line with a dot alone is the end. A first
// line "From …", which mailbox files have, goes. Where the first line that is no header field comes
// without an empty line before it, one is put there.
std::string make_lines(std::string_view raw, bool dot_ends);

// Above the content: Message-ID and Date, if they are missing. Both are made when the message is
// handed over, so that it stays the same however often it has to be submitted.
std::string missing_stamps(std::string_view content, std::string_view unique,
                           std::string_view hostname, WallTime now);

// For -t: everybody in To, Cc and Bcc; if the message is resent (RFC 5322 §3.6.6), in the newest
// block of Resent fields alone. As "localpart@domain", or "localpart" as it was written.
// invalid_argument: something in there is no address; too_large: more than can be read.
Result<std::vector<std::string>> recipients_in(std::string_view content);

// One argument of the command line: an address or a list of some.
Result<std::vector<std::string>> recipients_of(std::string_view list);

// Who submits.
struct Author {
    std::string user;
    std::string domain;    // of addresses without one
    std::string full_name; // for From, if that is missing; may be empty
    std::string sender;    // -f, with its domain; empty: user@domain
};

// The content with From, if that is missing, and with domains behind all addresses in its header
// section that have none: "root (Cron Daemon)" is common and means somebody on this host.
std::string complete(std::string_view content, const Author& author);

// "root" → "root@domain"; an address with a domain as it is.
std::string with_domain(std::string_view address, std::string_view domain);

} // namespace maild::sendmail
