// APPEND (RFC 9051 §6.3.12, RFC 3502, RFC 4315 §3) and REPLACE (RFC 8508).
#include "imap/ascii_text.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/nul_content.hpp"
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/imap/structure.hpp"

namespace maild::imap {

namespace {

// Up to the empty line.
std::string_view header_of(std::string_view content) {
    if (content.starts_with("\r\n")) return {};
    const auto header = content.substr(0, content.find("\r\n\r\n"));
    return header.substr(0, header.find("\n\n"));
}

// As it is to be kept; `changed` holds it if that is not as it came.
Result<std::string_view, Response> content_of(const AppendMessage& message, std::uint64_t limit,
                                              std::string& changed) {
    if (message.content.empty()) // RFC 3502 §6.3.11
        return std::unexpected(no("[CANNOT] The message is empty"));
    if (!message.content.contains('\0')) return message.content;
    if (!message.may_have_nul)
        return std::unexpected(no("[UNKNOWN-CTE] The message has a NUL octet"));
    auto encoded = without_nul(message.content);
    if (!encoded)
        return std::unexpected(no("[UNKNOWN-CTE] There are NUL octets outside of binary parts"));
    if (encoded->size() > limit) return std::unexpected(response_for(Errc::too_large));
    changed = std::move(*encoded);
    return changed;
}

// "[APPENDUID validity uids] ", RFC 4315 §3
std::string append_uid_code(const store::AppendResult& result) {
    std::string text = "[APPENDUID ";
    append_number(text, result.uid_validity.value);
    append_uid_set(text += ' ', result.uids);
    return text + "] ";
}

} // namespace

net::Task<Result<store::AppendResult, Response>> Session::put(const Append& append,
                                                              std::optional<Uid> replaced) {
    std::vector<std::string> changed(append.messages.size());
    std::vector<store::AppendMessage> messages;
    for (const auto& message : append.messages) {
        // RFC 9755 §4: what the client could not read back
        if (!style_.is_utf8 && needs_utf8(header_of(message.content)))
            co_return std::unexpected(
                no("[CANNOT] Header fields in UTF-8 need ENABLE UTF8=ACCEPT"));
        const auto content =
            content_of(message, server_.limits.message_size, changed[messages.size()]);
        if (!content) co_return std::unexpected(content.error());
        messages.push_back(
            {{*content, {}}, message.flags, message.internal_date.value_or(server_.clock.now())});
    }
    auto name = to_mailbox_name(append.name, name_form());
    if (!name) co_return std::unexpected(cannot(name.error()));
    for (auto& message : messages)
        message.message.structure = make_structure(message.message.content);
    auto result = co_await store().append(*store_session_, *name, std::move(messages), replaced);
    if (result && is_respelled(append.name, *name)) co_await tell_name(*name, append.name);
    if (result) co_return std::move(*result);
    if (replaced && result.error().code == Errc::not_found)
        co_return std::unexpected(no("[EXPUNGEISSUED] The message exists no longer"));
    co_return std::unexpected(response_for_destination(result.error().code));
}

net::Task<Response> Session::do_append(const Append& append) {
    auto result = co_await put(append, std::nullopt);
    if (!result) co_return std::move(result.error());
    co_return ok(append_uid_code(*result) + "APPEND completed");
}

// RFC 8508 §3.4: APPEND and UID EXPUNGE in one step, whichever mailbox the new message goes to.
net::Task<Response> Session::do_replace(const Replace& replace, bool is_uid) {
    if (view_->read_only()) co_return no("[READ-ONLY] The mailbox is open for reading only");
    auto seq = replace.number == 0 ? view_->exists() : replace.number;
    if (is_uid && replace.number != 0) seq = view_->seq_of(Uid(replace.number));
    if (seq == 0 && is_uid) co_return no("[NONEXISTENT] There is no such message");
    if (seq == 0 || seq > view_->exists()) co_return bad("There is no message with that number");
    auto result = co_await put(replace.append, view_->at(seq).uid);
    if (!result) co_return std::move(result.error());
    // §4.3: before the EXPUNGE, so that the client knows what has come for it.
    out_.text += "* OK " + append_uid_code(*result) + "Replacement message ready\r\n";
    co_return ok(expunge_code() + "REPLACE completed");
}

} // namespace maild::imap
