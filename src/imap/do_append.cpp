// APPEND (RFC 9051 §6.3.12, RFC 3502, RFC 4315 §3).
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/imap/structure.hpp"

namespace maild::imap {

namespace {

std::optional<Response> refuse_message(std::string_view message) {
    if (message.empty()) return no("[CANNOT] The message is empty"); // RFC 3502 §6.3.11
    // literal and not literal8: RFC 3516 §4.4 is for messages with NUL
    if (message.contains('\0')) return no("[UNKNOWN-CTE] The message has a NUL octet");
    return std::nullopt;
}

} // namespace

net::Task<Response> Session::do_append(const Append& append) {
    for (const auto& message : append.messages)
        if (auto refusal = refuse_message(message.content)) co_return std::move(*refusal);
    auto name = to_mailbox_name(append.name);
    if (!name) co_return cannot(name.error());
    std::vector<store::AppendMessage> messages;
    for (const auto& [flags, internal_date, content] : append.messages)
        messages.push_back({{content, make_structure(content)},
                            flags,
                            internal_date.value_or(server_.clock.now())});
    const auto result =
        co_await store().append(*store_session_, std::move(*name), std::move(messages));
    if (!result) co_return response_for_destination(result.error().code);
    std::string text = "[APPENDUID ";
    append_number(text, result->uid_validity.value);
    text += ' ';
    append_number_set(text, numbers_of(result->uids));
    co_return ok(text + "] APPEND completed");
}

} // namespace maild::imap
