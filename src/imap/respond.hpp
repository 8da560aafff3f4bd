#pragma once
// How values are written in responses (RFC 9051 §7, §9). Everything appends to a buffer; nothing
// fails.

#include "imap/mailbox_name.hpp"

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/store/types.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace maild::imap {

void append_number(std::string& out, std::uint64_t number);
// Quoted where it can be, else a literal: CR, LF and 8-bit octets; NUL is left out.
void append_string(std::string& out, std::string_view text);
// Quoted whatever it holds, for who reads UTF-8 there; NUL is left out, and CR and LF are not in
// it.
void append_quoted(std::string& out, std::string_view text);
// An atom where it is one, else a string.
void append_astring(std::string& out, std::string_view text);
// In UTF-8 names are quoted strings, whatever they hold (RFC 9051 §4.3).
void append_mailbox(std::string& out, const store::MailboxName& name, NameForm form);

// "(\Answered \Seen $Label)"
void append_flags(std::string& out, store::Flags flags, bool is_recent,
                  const store::Keywords& keywords);
// "(M12ab)", an ObjectID with its kind as a letter (RFC 8474 §8.1).
void append_object_id(std::string& out, char kind, std::uint64_t id);
// "17-Jul-1996 02:44:25 +0000" in quotes; UTC.
void append_internal_date(std::string& out, WallTime time);
// "MODSEQ (17)", RFC 7162 §7 fetch-mod-resp
void append_modseq(std::string& out, ModSeq modseq);
// "* OK [HIGHESTMODSEQ 17] …", RFC 7162 §3.1.2.1
void append_highest_modseq(std::string& out, ModSeq modseq);
// "1:3,5": the numbers in the given order, runs joined.
void append_number_set(std::string& out, std::span<const std::uint32_t> numbers);

// A tagged or untagged status response without its tag.
struct Response {
    enum class Kind : std::uint8_t { ok, no, bad } kind = Kind::ok;
    std::string text; // response code in brackets, if any, and human-readable text
};
Response ok(std::string text);
Response no(std::string text);
Response bad(std::string text);
void append_response(std::string& out, std::string_view tag, const Response& response);

// RFC 5530 §3: a temporary failure.
inline constexpr auto kShortOfMemory = "[UNAVAILABLE] Too much mail in transit, try again later";

// The one place where our errors become IMAP's words (RFC 5530, RFC 9051 §7.1).
Response response_for(Errc code);
Response cannot(const NameFault& fault);

} // namespace maild::imap
