#pragma once
// What is kept beside each message so that IMAP never parses it again (DESIGN §3): ENVELOPE, BODY
// and BODYSTRUCTURE as text (RFC 9051 §7.5.2) and where the parts lie. Called once, by whoever
// takes a message in: SMTP, LMTP and APPEND. Pure, total, linear. The texts are US-ASCII without
// CR, LF and NUL: raw 8-bit header text becomes encoded-words (RFC 2047), raw 8-bit domains become
// A-labels, so that clients without UTF8=ACCEPT can read them (RFC 6855 §3).

#include "maild/store/types.hpp"

#include <string_view>

namespace maild::imap {

// `content` as it is given to the store: the message without trace prefix.
store::Structure make_structure(std::string_view content);

} // namespace maild::imap
