#include "imap/command_table.hpp"

#include "imap/parse.hpp"
#include "imap/parse_append.hpp"

#include "maild/base/ascii.hpp"

#include <array>

namespace maild::imap {

namespace {

constexpr std::uint8_t kStart = static_cast<std::uint8_t>(State::not_authenticated);
constexpr std::uint8_t kAuthenticatedOnly = static_cast<std::uint8_t>(State::authenticated);
constexpr std::uint8_t kSelected = static_cast<std::uint8_t>(State::selected);
constexpr std::uint8_t kLoggedIn = kAuthenticatedOnly | kSelected;
constexpr std::uint8_t kAny = kStart | kLoggedIn;

constexpr auto kTable = std::to_array<CommandRow>({
    {.name = "CAPABILITY", .verb = Verb::capability, .states = kAny, .parse = parse_nothing},
    {.name = "NOOP", .verb = Verb::noop, .states = kAny, .parse = parse_nothing},
    {.name = "LOGOUT", .verb = Verb::logout, .states = kAny, .parse = parse_nothing},
    {.name = "UNAUTHENTICATE",
     .verb = Verb::unauthenticate,
     .states = kLoggedIn,
     .parse = parse_nothing},
    {.name = "ID", .verb = Verb::id, .states = kAny, .parse = parse_id},
    {.name = "STARTTLS", .verb = Verb::starttls, .states = kStart, .parse = parse_nothing},
    {.name = "COMPRESS", .verb = Verb::compress, .states = kLoggedIn, .parse = parse_compress},
    {.name = "AUTHENTICATE",
     .verb = Verb::authenticate,
     .states = kStart,
     .parse = parse_authenticate},
    {.name = "LOGIN", .verb = Verb::login, .states = kStart, .parse = parse_login},
    // RFC 5161 §3.1: only before a mailbox is selected.
    {.name = "ENABLE", .verb = Verb::enable, .states = kAuthenticatedOnly, .parse = parse_enable},
    {.name = "SELECT", .verb = Verb::select, .states = kLoggedIn, .parse = parse_select},
    {.name = "EXAMINE", .verb = Verb::examine, .states = kLoggedIn, .parse = parse_select},
    {.name = "CREATE", .verb = Verb::create, .states = kLoggedIn, .parse = parse_create},
    {.name = "DELETE", .verb = Verb::delete_mailbox, .states = kLoggedIn, .parse = parse_mailbox},
    {.name = "RENAME", .verb = Verb::rename, .states = kLoggedIn, .parse = parse_rename},
    {.name = "SUBSCRIBE", .verb = Verb::subscribe, .states = kLoggedIn, .parse = parse_mailbox},
    {.name = "UNSUBSCRIBE", .verb = Verb::unsubscribe, .states = kLoggedIn, .parse = parse_mailbox},
    {.name = "LIST", .verb = Verb::list, .states = kLoggedIn, .parse = parse_list},
    {.name = "LSUB", .verb = Verb::lsub, .states = kLoggedIn, .parse = parse_lsub},
    {.name = "NAMESPACE", .verb = Verb::namespaces, .states = kLoggedIn, .parse = parse_nothing},
    {.name = "STATUS", .verb = Verb::status, .states = kLoggedIn, .parse = parse_status},
    {.name = "APPEND", .verb = Verb::append, .states = kLoggedIn, .parse = parse_append},
    {.name = "REPLACE",
     .verb = Verb::replace,
     .states = kSelected,
     .uses_seqs = true,
     .parse = parse_replace},
    {.name = "UID REPLACE",
     .verb = Verb::replace,
     .states = kSelected,
     .is_uid = true,
     .parse = parse_replace},
    {.name = "IDLE", .verb = Verb::idle, .states = kLoggedIn, .parse = parse_nothing},
    {.name = "CHECK", .verb = Verb::check, .states = kSelected, .parse = parse_nothing},
    {.name = "CLOSE", .verb = Verb::close, .states = kSelected, .parse = parse_nothing},
    {.name = "UNSELECT", .verb = Verb::unselect, .states = kSelected, .parse = parse_nothing},
    {.name = "EXPUNGE", .verb = Verb::expunge, .states = kSelected, .parse = parse_nothing},
    {.name = "UID EXPUNGE",
     .verb = Verb::expunge,
     .states = kSelected,
     .is_uid = true,
     .parse = parse_uid_expunge},
    {.name = "FETCH",
     .verb = Verb::fetch,
     .states = kSelected,
     .uses_seqs = true,
     .keeps_seqs = true,
     .parse = parse_fetch},
    {.name = "UID FETCH",
     .verb = Verb::fetch,
     .states = kSelected,
     .is_uid = true,
     .parse = parse_fetch},
    {.name = "STORE",
     .verb = Verb::store,
     .states = kSelected,
     .uses_seqs = true,
     .keeps_seqs = true,
     .parse = parse_store},
    {.name = "UID STORE",
     .verb = Verb::store,
     .states = kSelected,
     .is_uid = true,
     .parse = parse_store},
    {.name = "SEARCH",
     .verb = Verb::search,
     .states = kSelected,
     .uses_seqs = true,
     .keeps_seqs = true,
     .parse = parse_search},
    // Its keys may be sequence numbers, RFC 9051 §6.4.9.
    {.name = "UID SEARCH",
     .verb = Verb::search,
     .states = kSelected,
     .is_uid = true,
     .uses_seqs = true,
     .parse = parse_search},
    {.name = "CANCELUPDATE",
     .verb = Verb::cancel_update,
     .states = kSelected,
     .parse = parse_cancel_update},
    {.name = "ESEARCH",
     .verb = Verb::multisearch,
     .states = kLoggedIn,
     .uses_seqs = true,
     .keeps_seqs = true,
     .parse = parse_multisearch},
    {.name = "SORT",
     .verb = Verb::sort,
     .states = kSelected,
     .uses_seqs = true,
     .keeps_seqs = true,
     .parse = parse_sort},
    {.name = "UID SORT",
     .verb = Verb::sort,
     .states = kSelected,
     .is_uid = true,
     .uses_seqs = true,
     .parse = parse_sort},
    {.name = "THREAD",
     .verb = Verb::thread,
     .states = kSelected,
     .uses_seqs = true,
     .keeps_seqs = true,
     .parse = parse_thread},
    {.name = "UID THREAD",
     .verb = Verb::thread,
     .states = kSelected,
     .is_uid = true,
     .uses_seqs = true,
     .parse = parse_thread},
    {.name = "COPY",
     .verb = Verb::copy,
     .states = kSelected,
     .uses_seqs = true,
     .parse = parse_copy},
    {.name = "UID COPY",
     .verb = Verb::copy,
     .states = kSelected,
     .is_uid = true,
     .parse = parse_copy},
    {.name = "MOVE",
     .verb = Verb::move,
     .states = kSelected,
     .uses_seqs = true,
     .parse = parse_copy},
    {.name = "UID MOVE",
     .verb = Verb::move,
     .states = kSelected,
     .is_uid = true,
     .parse = parse_copy},
});

} // namespace

const CommandRow* find_command(std::string_view name) {
    for (const auto& row : kTable)
        if (ascii::equals_icase(row.name, name)) return &row;
    return nullptr;
}

} // namespace maild::imap
