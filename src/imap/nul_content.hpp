#pragma once
// Messages with NUL octets (literal8 of APPEND, RFC 3516 §4.4): IMAP can give them to nobody who
// asks for BODY[…] (RFC 9051 §4.3.1), so parts that have some are kept in base64, and everything
// else stays octet for octet. Pure, linear.

#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

// `content` in a form without NUL that decodes to the same octets. None: there are NULs where no
// encoding can hide them, in a header, between parts or in a part that is encoded already.
std::optional<std::string> without_nul(std::string_view content);

} // namespace maild::imap
