#pragma once
// ESMTP parameters of MAIL and RCPT (RFC 5321 §4.1.2 Mail-parameters), and xtext (RFC 3461 §4).

#include "smtp/command.hpp"

#include "maild/base/cursor.hpp"

#include <optional>
#include <string>

namespace maild::smtp {

using Checked = std::expected<void, CommandError>;

// [SP Mail-parameters]; the cursor stands behind the path. Fills in `mail`.
Checked parse_mail_parameters(Cursor& in, Mail& mail);
// [SP Rcpt-parameters]: none is offered, so any is unknown.
Checked parse_rcpt_parameters(Cursor& in);

// None for what is no xtext, or hides a control character (a CR LF would become a header line
// somewhere).
std::optional<std::string> decode_xtext(std::string_view text);

} // namespace maild::smtp
