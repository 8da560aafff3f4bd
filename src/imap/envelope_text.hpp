#pragma once
// ENVELOPE as text (RFC 9051 §7.5.2), in US-ASCII as it is kept beside each message, or in UTF-8
// for clients that have enabled it (RFC 9755 §3): addresses in UTF-8 can be answered only so.

#include "imap/ascii_text.hpp"

#include "maild/mail/mime.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

// A string, or NIL for none.
void append_header_text(std::string& out, const std::optional<std::string>& text, TextForm form);
void append_envelope(std::string& out, const mail::Envelope& envelope, TextForm form);

// The envelope may say more in UTF-8: `kept` has words that were encoded, or domains of A-labels.
// Whether it does, only the header knows.
bool may_say_more(std::string_view kept);
// Of this header section in UTF-8.
std::string utf8_envelope(std::string_view header);

} // namespace maild::imap
