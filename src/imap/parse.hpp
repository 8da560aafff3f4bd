#pragma once
// The second stage of the parser: one whole command as the fragmenter found it to a value. Pure and
// total. The functions parse_x take what stands behind the command's name, the space included, up
// to the end.

#include "imap/command.hpp"
#include "imap/command_table.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace maild::imap {

struct Command {
    std::string_view tag;
    const CommandRow* row = nullptr;
    Arguments arguments;
};

struct CommandError {
    std::string_view tag = {}; // empty: malformed, and so never said back (it may be anything)
    bool is_unknown = false;
    std::string_view expected = {}; // a literal of ours
};

// What quoted strings may hold: UTF-8 only for who has enabled it (RFC 9051 §4.3, RFC 9755 §3).
enum class Quoting : std::uint8_t { ascii, utf8 };

// `fragment` without its last CRLF.
Result<Command, CommandError> parse_command(std::string_view fragment,
                                            Quoting quoting = Quoting::ascii);

// The row of the command that `bytes` begin with, as far as they go; nullptr: none, or too little
// of it is there.
const CommandRow* peek_command(std::string_view bytes);

// RFC 9110 §3.9: a request line. Whoever sends one is a browser that was sent here (cross-protocol
// attack).
bool is_http_request(std::string_view line);

Parsed<Arguments> parse_nothing(Cursor& in);
Parsed<Arguments> parse_login(Cursor& in);
Parsed<Arguments> parse_authenticate(Cursor& in);
Parsed<Arguments> parse_id(Cursor& in);
Parsed<Arguments> parse_enable(Cursor& in);
Parsed<Arguments> parse_compress(Cursor& in);
Parsed<Arguments> parse_mailbox(Cursor& in);
Parsed<Arguments> parse_select(Cursor& in);
Parsed<Arguments> parse_create(Cursor& in);
Parsed<Arguments> parse_rename(Cursor& in);
Parsed<Arguments> parse_list(Cursor& in);
Parsed<Arguments> parse_lsub(Cursor& in);
Parsed<StatusItems> parse_status_items(Cursor& in);
Parsed<Arguments> parse_status(Cursor& in);
Parsed<Arguments> parse_fetch(Cursor& in);
Parsed<Arguments> parse_store(Cursor& in);
Parsed<Arguments> parse_search(Cursor& in);
Parsed<Arguments> parse_multisearch(Cursor& in);
Parsed<Arguments> parse_cancel_update(Cursor& in);
Parsed<Arguments> parse_sort(Cursor& in);
Parsed<Arguments> parse_thread(Cursor& in);
Parsed<Arguments> parse_copy(Cursor& in);
Parsed<Arguments> parse_uid_expunge(Cursor& in);
Parsed<Arguments> parse_get_quota(Cursor& in);
Parsed<std::vector<std::string>> parse_entries(Cursor& in); // of METADATA
Parsed<Arguments> parse_get_metadata(Cursor& in);
Parsed<Arguments> parse_set_metadata(Cursor& in);
Parsed<Arguments> parse_notify(Cursor& in);
Parsed<Arguments> parse_set_quota(Cursor& in);
Parsed<Arguments> parse_set_acl(Cursor& in);
Parsed<Arguments> parse_acl_identifier(Cursor& in);

} // namespace maild::imap
