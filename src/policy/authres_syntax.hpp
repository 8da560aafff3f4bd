#pragma once
// What the fields Authentication-Results and ARC-Authentication-Results are made of (RFC 5322
// §3.2.2, RFC 2045 §5.1, RFC 8601 §2.2).

#include "maild/base/cursor.hpp"
#include "maild/mail/address.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::policy {

// [CFWS]; false if a comment does not end.
bool skip_cfws(Cursor& in);

// RFC 5321's Keyword: letters, digits, hyphens, the last one no hyphen; empty if there is none.
std::string_view take_keyword(Cursor& in);

// Whether it is a Keyword that is short enough to be written.
bool is_name(std::string_view text);

// quoted-string with its quotes; decoded, folds taken out. None, and nothing taken, if there is
// none.
std::optional<std::string> take_quoted(Cursor& in, mail::Utf8 utf8);

// value = token / quoted-string, decoded.
std::optional<std::string> take_value(Cursor& in, mail::Utf8 utf8);
// value / [ [ local-part ] "@" ] domain-name, decoded; a quoted local part keeps its quotes.
std::optional<std::string> take_pvalue(Cursor& in, mail::Utf8 utf8);

bool is_token(std::string_view text);
// Whether take_pvalue() takes it as it is.
bool is_bare_pvalue(std::string_view text, mail::Utf8 utf8);

} // namespace maild::policy
