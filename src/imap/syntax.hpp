#pragma once
// The common rules of IMAP's grammar (RFC 9051 §9, RFC 3501 §9) over one whole command as the
// fragmenter found it: literals stand in place, `{5}` CRLF and five octets. Pure, total, one
// function for each rule.

#include "maild/base/clock.hpp"
#include "maild/base/cursor.hpp"
#include "maild/store/types.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::imap {

template <class T> using Parsed = Result<T, SyntaxError>;

bool is_atom_char(char c);
bool is_astring_char(char c); // ATOM-CHAR / resp-specials
bool is_tag_char(char c);     // ASTRING-CHAR without "+"

Parsed<std::string_view> parse_tag(Cursor& in);
Parsed<std::string_view> parse_atom(Cursor& in);
// "{" number ["+"] "}" CRLF *CHAR8; the octets. No NUL (RFC 9051 §9 CHAR8).
Parsed<std::string_view> parse_literal(Cursor& in);
Parsed<std::string> parse_quoted(Cursor& in);
Parsed<std::string> parse_string(Cursor& in);
Parsed<std::string> parse_astring(Cursor& in);
Parsed<std::optional<std::string>> parse_nstring(Cursor& in);
Parsed<std::string> parse_list_mailbox(Cursor& in);
Parsed<std::uint32_t> parse_number(Cursor& in);
Parsed<std::uint32_t> parse_nz_number(Cursor& in);

// mod-sequence-valzer and mod-sequence-value (RFC 7162 §7): 63 bits, with and without 0.
Parsed<ModSeq> parse_modseq_or_zero(Cursor& in);
Parsed<ModSeq> parse_modseq(Cursor& in);

// flag-keyword and system flags; \Recent and unknown \Flags are refused as the grammar has them
// not.
Parsed<store::FlagNames> parse_flag_list(Cursor& in);
// STORE takes flags without parentheses too.
Parsed<store::FlagNames> parse_flags_bare(Cursor& in);

// date, with or without quotes: "1-Feb-1994"
Parsed<std::chrono::sys_days> parse_date(Cursor& in);
// date-time: "17-Jul-1996 02:44:25 -0700" in its quotes
Parsed<WallTime> parse_date_time(Cursor& in);

// The number of an ObjectID that append_object_id() has written with this letter; none: of others.
std::optional<std::uint64_t> parse_object_number(std::string_view id, char kind);

// The name of a system flag as a bit of store::Flags, or 0.
std::uint64_t system_flag(std::string_view name);

} // namespace maild::imap
