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
// [SP Rcpt-parameters]; likewise. `utf8`: whether the transaction has SMTPUTF8.
Checked parse_rcpt_parameters(Cursor& in, mail::Utf8 utf8, Rcpt& rcpt);

// The values of RFC 3461 §4 and RFC 6533 §3 (dsn_parameters.cpp). False for what is none.
bool take_return_content(std::string_view value, Mail& mail);
bool take_envelope_id(std::string_view value, Mail& mail);
bool take_notify(std::string_view value, Rcpt& rcpt);
bool take_original_recipient(std::string_view value, mail::Utf8 utf8, Rcpt& rcpt);

// The values of RFC 4865, RFC 2852 and RFC 6710 (handling_parameters.cpp). False for what is none.
bool take_hold_for(std::string_view value, Mail& mail);
bool take_hold_until(std::string_view value, Mail& mail);
bool take_deliver_by(std::string_view value, Mail& mail);
bool take_priority(std::string_view value, Mail& mail);

// date-time of RFC 3339 §5.6, from the year 1970 on; a fraction is cut to milliseconds.
std::optional<WallTime> parse_internet_date(std::string_view text);
// Whole seconds, in UTC: "2026-12-29T06:15:00Z".
std::string format_internet_date(WallTime time);

// None for what is no xtext, or hides a control character (a CR LF would become a header line
// somewhere).
std::optional<std::string> decode_xtext(std::string_view text);

} // namespace maild::smtp
