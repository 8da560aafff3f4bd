#pragma once
// Messages with octets that nobody could show or hand on, in a form without them that decodes to
// the same: parts that have some are kept in base64, and everything else stays octet for octet.
// Pure, linear. None where no encoding can hide them: in a header, between parts, or in a part that
// is encoded already.

#include <optional>
#include <string>
#include <string_view>

namespace maild::mail {

// No NUL: literal8 of APPEND (RFC 3516 §4.4), because IMAP can give them to nobody who asks for
// BODY[…] (RFC 9051 §4.3.1).
std::optional<std::string> without_nul(std::string_view content);

// Neither NUL nor a CR or LF alone, lines that end with CRLF, and no label "binary":
// BODY=BINARYMIME (RFC 3030 §3), for a store and for hosts that take lines.
std::optional<std::string> without_binary(std::string_view content);

} // namespace maild::mail
