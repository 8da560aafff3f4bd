#pragma once
// The trace field that whoever takes a message over puts above it (RFC 5321 §4.4); `delivery` adds
// those of final delivery. A whole header field with CRLF, folded below 78 octets where that is
// possible, made of checked values only: what a peer sent stands in them as a domain, an address
// literal or an address, or not at all.

#include "maild/base/clock.hpp"
#include "maild/smtp/backend.hpp"

#include <string>
#include <string_view>

namespace maild::smtp {

// "Received: from hello ([ip]) (version cipher) by hostname with ESMTPSA id x for <rcpt>; date".
// The FOR clause only if the transaction has that single recipient (§7.6: the others must not learn
// of each other).
std::string format_received(const Client& client, const Envelope& envelope,
                            std::string_view hostname, WallTime now);

// The WITH word: RFC 3848 §1, RFC 6531 §4.3.
std::string_view protocol_word(const Client& client, const Envelope& envelope);

} // namespace maild::smtp
