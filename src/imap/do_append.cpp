// APPEND (RFC 9051 §6.3.12, RFC 3502, RFC 4315 §3, RFC 4469) and REPLACE (RFC 8508).
#include "imap/ascii_text.hpp"
#include "imap/catenation.hpp"
#include "imap/mailbox_name.hpp"
#include "imap/session.hpp"
#include "imap/uid_numbers.hpp"

#include "maild/imap/structure.hpp"
#include "maild/mail/binary_content.hpp"
#include "maild/mail/downgrade.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

constexpr auto kNeedsUtf8 = "[CANNOT] Header fields in UTF-8 need ENABLE UTF8=ACCEPT";

bool has_parts(const AppendMessage& message) { return !message.parts.empty(); }

// Up to the empty line.
std::string_view header_of(std::string_view content) {
    if (content.starts_with("\r\n")) return {};
    const auto header = content.substr(0, content.find("\r\n\r\n"));
    return header.substr(0, header.find("\n\n"));
}

// Base64 of all of it (RFC 2045 §6.8, lines of 76), and what changes in its header fields.
constexpr std::uint64_t most_without_nul(std::uint64_t size) { return size + size / 8 * 3 + 1024; }

// As it is to be kept; `changed` holds it if that is not as it came, and then has taken `room`.
net::Task<Result<std::string_view, Response>> content_of(const AppendMessage& message,
                                                         std::string_view sent, std::uint64_t limit,
                                                         Room& room, std::string& changed) {
    if (sent.empty()) // RFC 3502 §6.3.11
        co_return std::unexpected(no("[CANNOT] The message is empty"));
    if (!sent.contains('\0')) co_return sent;
    if (!message.may_have_nul)
        co_return std::unexpected(no("[UNKNOWN-CTE] The message has a NUL octet"));
    const auto most = most_without_nul(sent.size());
    auto refusal = co_await room.take(most, sent.size());
    if (refusal) co_return std::unexpected(std::move(*refusal));
    auto encoded = mail::without_nul(sent);
    if (!encoded)
        co_return std::unexpected(no("[UNKNOWN-CTE] There are NUL octets outside of binary parts"));
    if (encoded->size() > limit) co_return std::unexpected(response_for(Errc::too_large));
    room.give_back(most - std::min<std::uint64_t>(most, encoded->size()));
    changed = std::move(*encoded);
    co_return changed;
}

// "[APPENDUID validity uids] ", RFC 4315 §3; nothing for who may not read there
std::string append_uid_code(const store::AppendResult& result) {
    if (result.uids.empty()) return {};
    std::string text = "[APPENDUID ";
    append_number(text, result.uid_validity.value);
    append_uid_set(text += ' ', result.uids);
    return text + "] ";
}

} // namespace

// The messages as they are to be kept. `own` holds those that are not as they were sent, and
// outlives them, `room` too.
net::Task<Result<std::vector<store::AppendMessage>, Response>>
Session::gather(const Append& append, Room& room, std::vector<std::string>& own) {
    const auto limit = server_.limits.message_size;
    Catenation catenation(store(), {*store_session_, selected(), *visits_}, view_.get(), room,
                          limit);
    std::vector<store::AppendMessage> messages;
    for (const auto& message : append.messages) {
        auto& whole = own.emplace_back();
        auto sent = message.content;
        if (has_parts(message)) {
            auto assembled = co_await catenation.assemble(message.parts);
            if (!assembled) co_return std::unexpected(std::move(assembled.error()));
            sent = whole = std::move(*assembled);
        }
        // RFC 9755 §4: what the client could not read back
        if (!style_.is_utf8 && mail::has_utf8_line(header_of(sent)))
            co_return std::unexpected(no(kNeedsUtf8));
        const auto content = co_await content_of(message, sent, limit, room, whole);
        if (!content) co_return std::unexpected(content.error());
        // Nobody reads it behind the store: its memory is the command's buffer, or `own`.
        auto* const octets = const_cast<char*>(content->data());
        messages.push_back({{*content, {}, octets},
                            message.flags,
                            message.internal_date.value_or(server_.clock.now())});
    }
    co_return std::move(messages);
}

net::Task<Result<store::AppendResult, Response>> Session::put(const Append& append,
                                                              std::optional<Uid> replaced) {
    auto name = to_mailbox_name(append.name, name_form());
    if (!name) co_return std::unexpected(cannot(name.error()));
    const auto place = co_await visits_->locate(*name);
    if (!place) co_return std::unexpected(response_for_destination(place.error().code));
    if (replaced && across(*place))
        co_return std::unexpected(no("[CANNOT] A message is not replaced by another account's"));
    if (std::ranges::any_of(append.messages, has_parts)) { // TRYCREATE goes before BADURL
        const auto there = co_await store().my_rights(place->session, place->name);
        if (!there) co_return std::unexpected(response_for_destination(there.error().code));
    }
    Room room(server_.budget, server_.limits.memory_patience, room_);
    if (!is_patient_) room.stop_waiting();
    std::vector<std::string> own;
    own.reserve(append.messages.size());
    auto messages = co_await gather(append, room, own);
    if (!messages) co_return std::unexpected(std::move(messages.error()));
    for (auto& message : *messages)
        message.message.structure = make_structure(message.message.content);
    const auto session = replaced ? selected() : place->session;
    auto result = co_await store().append(session, place->name, std::move(*messages), replaced);
    if (result && is_respelled(append.name, *name)) co_await tell_name(*name, append.name);
    if (result) {
        note_own(result->uid_validity, result->uids);
        co_return std::move(*result);
    }
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
