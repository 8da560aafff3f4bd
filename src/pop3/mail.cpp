// TRANSACTION (RFC 1939 §5, §7): STAT, LIST, UIDL, RETR, TOP, DELE, RSET.
#include "pop3/limits.hpp"
#include "pop3/session.hpp"

#include "maild/base/ascii.hpp"
#include "maild/base/log.hpp"
#include "maild/base/utf8.hpp"
#include "maild/mail/downgrade.hpp"

#include <algorithm>

namespace maild::pop3 {
namespace {

constexpr std::string_view kNoSuchMessage = "There is no such message";

// "n what" for one message, or a line for each behind it.
template <class Append>
Reply listing(const Maildrop& maildrop, std::optional<MessageNumber> wanted, Append append) {
    Reply reply;
    auto& out = reply.text;
    const auto append_line = [&](MessageNumber number, const MaildropMessage& message) {
        append_number(out, number.value);
        out += ' ';
        append(out, message);
        out += "\r\n";
    };
    out = "+OK ";
    if (wanted) {
        const auto* message = maildrop.find(*wanted);
        if (message == nullptr) return err(kNoSuchMessage);
        append_line(*wanted, *message);
        return reply;
    }
    append_number(out, maildrop.count());
    out += " messages\r\n";
    for (MessageNumber number(1); number <= maildrop.last(); ++number.value)
        if (const auto* message = maildrop.find(number)) append_line(number, *message);
    out += ".\r\n";
    return reply;
}

} // namespace

Reply Session::do_stat() const {
    Reply reply;
    auto& out = reply.text;
    out = "+OK ";
    append_number(out, maildrop_.count());
    out += ' ';
    append_number(out, maildrop_.octets());
    out += "\r\n";
    return reply;
}

Reply Session::do_list(const Listing& wanted) const {
    return listing(maildrop_, wanted.number, [](std::string& out, const MaildropMessage& message) {
        append_number(out, message.size);
    });
}

Reply Session::do_uidl(const Listing& wanted) const {
    return listing(maildrop_, wanted.number,
                   [this](std::string& out, const MaildropMessage& message) {
                       out += maildrop_.unique_id(message);
                   });
}

Reply Session::do_dele(MessageNumber number) {
    if (maildrop_.find(number) == nullptr) return err(kNoSuchMessage);
    maildrop_.mark_deleted(number);
    return ok("Marked as deleted");
}

Reply Session::do_rset() {
    maildrop_.unmark_deleted();
    return ok("Nothing is marked as deleted");
}

// A large message's header section comes alone, so that it can be looked at before anything is
// said.
net::Task<Result<store::MessageData>> Session::fetch(MessageNumber number, bool header_only) {
    const auto& message = *maildrop_.find(number);
    if (header_only || message.size <= store::kMaxInlineContent) {
        auto data = co_await ahead_.take(*store_session_, maildrop_, number,
                                         header_only ? store::kHeader : store::kContent);
        co_return data;
    }
    const store::UidSet uids{{message.uid, message.uid}};
    auto fetched = co_await store().fetch(*store_session_, uids, store::kHeader);
    if (!fetched) co_return std::unexpected(std::move(fetched.error()));
    if (fetched->messages.empty()) co_return fail(Errc::not_found, "expunged by another session");
    co_return std::move(fetched->messages.front());
}

net::Task<Reply> Session::send_message(MessageNumber number, std::optional<std::uint32_t> lines) {
    const auto* message = maildrop_.find(number);
    if (message == nullptr) co_return err(kNoSuchMessage);
    const auto data = co_await fetch(number, lines == 0U);
    if (!data || data->error) {
        const auto code = data ? *data->error : data.error().code;
        log::warning("pop3_read_failed", {{"account", identity_->address},
                                          {"uid", message->uid.value},
                                          {"error", name_of(code)}});
        co_return reply_for(code);
    }
    std::string_view content = data->content;
    std::uint64_t longer = 0;
    std::string surrogate; // in the place of the header section
    if (!is_utf8_ && mail::has_utf8_line(content.substr(0, data->header_size))) { // RFC 6856 §2.1
        surrogate = mail::downgrade_header(content.substr(0, data->header_size));
        longer = surrogate.size() - data->header_size;
        content.remove_prefix(data->header_size);
    }
    std::optional<TopCut> top;
    if (lines) top = TopCut{data->header_size + longer, *lines};
    Reply reply;
    reply.text.reserve(surrogate.size() + content.size() + content.size() / 64 + 64);
    reply.text = "+OK ";
    append_number(reply.text, message->size + longer);
    reply.text += " octets\r\n";
    Transfer transfer(message->size + longer, top);
    transfer.append(reply.text, surrogate);
    transfer.append(reply.text, content);
    if (!transfer.is_done()) sending_ = Sending{message->uid, longer, transfer};
    if (!lines) {
        maildrop_.mark_retrieved(number);
        ++retrieved_;
    }
    co_return reply;
}

net::Task<Result<std::string>> Session::next_piece() {
    auto& [uid, longer, transfer] = *sending_;
    const auto offset = transfer.offset() - longer;
    const auto piece = co_await store().read(*store_session_, uid, offset, kPiece);
    if (!piece) co_return std::unexpected(piece.error());
    if (piece->empty()) co_return fail(Errc::corrupt, "a message ends before its size");
    std::string out;
    out.reserve(piece->size() + piece->size() / 64 + 64);
    transfer.append(out, *piece);
    if (transfer.is_done()) sending_.reset();
    co_return out;
}

} // namespace maild::pop3
