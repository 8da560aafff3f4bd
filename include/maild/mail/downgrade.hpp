#pragma once
// A surrogate for a header section in UTF-8 (RFC 6532), for a client that knows none there (RFC
// 6855 §7, RFC 6856 §2.1): everything in ASCII, what is ASCII already octet for octet. Texts and
// display-names become encoded-words (RFC 2047), parameters percent-encoded (RFC 2231), domains
// A-labels. An address whose localpart is not ASCII cannot be answered by such a client: an empty
// group of that name stands in its place, as in RFC 6857. A field whose structure leaves no place
// for any of this (message ids, trace, signatures) is left out.

#include <string>
#include <string_view>

namespace maild::mail {

// Some line of it is in UTF-8, beyond ASCII, and so only for a client that knows that. Raw octets
// of some other charset never had a meaning in a header; what old programs made of them, clients
// know.
bool has_utf8_line(std::string_view header);

// `header` with its empty line, which stays. Total over all octets, linear; the result is ASCII and
// at most ten times as long.
std::string downgrade_header(std::string_view header);

} // namespace maild::mail
