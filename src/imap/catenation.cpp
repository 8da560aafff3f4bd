#include "imap/catenation.hpp"

#include "imap/limits.hpp"
#include "imap/mailbox_name.hpp"

#include "maild/base/encoding.hpp"

#include <algorithm>

namespace maild::imap {

namespace {

// §5 url-resp-text: nothing that would end the response code or the line.
Response bad_url(std::string_view url) {
    constexpr std::string_view kPlain = " !\"#$%&'()*+,-./:;<=>?@[\\^_`{|}~";
    return no("[BADURL " + percent_encode(url, kPlain) + "] There is nothing to be had");
}

} // namespace

net::Task<Result<std::string, Response>>
Catenation::assemble(const std::vector<CatenatePart>& parts) {
    std::string out;
    for (const auto& part : parts) {
        if (!part.url) {
            if (part.text.size() > limit_ - total_)
                co_return std::unexpected(response_for(Errc::too_large));
            auto refusal = co_await room_.take(part.text.size(), 0);
            if (refusal) co_return std::unexpected(std::move(*refusal));
            total_ += part.text.size();
            out += part.text;
            continue;
        }
        auto refusal = co_await add(*part.url, out);
        if (refusal) co_return std::unexpected(std::move(*refusal));
    }
    co_return std::move(out);
}

// The octets of what the URL names, unchanged (§3), and unseen.
net::Task<std::optional<Response>> Catenation::add(const std::string& text, std::string& out) {
    const auto url = parse_message_url(text);
    if (!url) co_return bad_url(text);
    auto refusal = co_await open(*url, text);
    if (refusal) co_return refusal;
    const auto from = url->mailbox ? name_session_ : handles_.selected;
    auto missing = co_await load(from, url->uid, text);
    if (missing) co_return missing;
    const auto& message = source_->message;
    const auto located = locate(url->section, message, &source_->parts);
    if (!located) co_return bad_url(text);
    const bool is_fields = picks_fields(url->section);
    const auto slice = is_fields ? *located : cut(*located, url->section.partial);
    if (slice.size() > limit_ - total_) co_return response_for(Errc::too_large);
    auto short_of_room = co_await room_.take(slice.size(), 0);
    if (short_of_room) co_return short_of_room;
    auto octets = co_await read(from, message, slice);
    if (!octets) co_return response_for(octets.error().code);
    if (is_fields) {
        octets = pick_fields(*octets, url->section);
        const auto part = cut({0, octets->size()}, url->section.partial);
        octets = octets->substr(part.begin, part.size());
    }
    total_ += octets->size();
    out += *octets;
    co_return std::nullopt;
}

net::Task<std::optional<Response>> Catenation::load(store::SessionId from, Uid uid,
                                                    const std::string& url) {
    if (source_ && source_->from == from && source_->message.uid == uid) co_return std::nullopt;
    source_.reset();
    if (++reads_ > kMaxCatenateReads) co_return no("[LIMIT] The command names too many messages");
    store::UidSet uids{{uid, uid}};
    auto fetched = co_await store_.fetch(from, std::move(uids), store::kContent | store::kParts);
    if (!fetched) co_return response_for(fetched.error().code);
    if (fetched->messages.empty()) co_return bad_url(url);
    auto& message = fetched->messages.front();
    if (message.error) co_return response_for(*message.error);
    auto parts = mail::decode_parts(message.structure.parts);
    if (!parts) co_return response_for(Errc::corrupt);
    source_.emplace(Source{from, std::move(message), std::move(*parts)});
    co_return std::nullopt;
}

net::Task<Result<std::string>> Catenation::read(store::SessionId from,
                                                const store::MessageData& message, Slice slice) {
    if (slice.end <= message.content.size())
        co_return message.content.substr(slice.begin, slice.size());
    std::string out;
    while (slice.begin < slice.end) {
        const auto piece = co_await store_.read(
            from, message.uid, slice.begin, std::min<std::uint64_t>(slice.size(), store::kMaxRead));
        if (!piece) co_return std::unexpected(piece.error());
        if (piece->empty()) co_return fail(Errc::corrupt, "a message ends early");
        out += *piece;
        slice.begin += piece->size();
    }
    co_return out;
}

net::Task<Result<store::OpenedMailbox>> Catenation::open_beside(store::MailboxName name) {
    const auto place = co_await handles_.visits.locate(std::move(name));
    if (!place) co_return std::unexpected(place.error());
    if (place->session == handles_.own) {
        auto opened = co_await beside_.open(place->name, 0);
        name_session_ = beside_.id();
        co_return opened;
    }
    name_session_ = place->session;
    auto opened = co_await store_.open_mailbox(place->session, place->name, true, 0);
    co_return opened;
}

net::Task<std::optional<Response>> Catenation::open(const MessageUrl& url,
                                                    const std::string& text) {
    auto validity = uid_validity_;
    if (!url.mailbox) {
        if (selected_ == nullptr) co_return bad_url(text);
        validity = selected_->status().uid_validity;
    } else {
        auto name = to_mailbox_name(*url.mailbox, NameForm::utf8);
        if (!name) co_return bad_url(text);
        if (*name != name_) {
            name_.clear();
            source_.reset(); // the number of the session beside may come again
            const auto opened = co_await open_beside(*name);
            if (!opened && (opened.error().code == Errc::no_such_mailbox ||
                            opened.error().code == Errc::not_permitted)) // RFC 4314 §4
                co_return bad_url(text);
            if (!opened) co_return response_for(opened.error().code);
            name_ = std::move(*name);
            uid_validity_ = validity = opened->status.uid_validity;
        }
    }
    if (url.uid_validity.value_or(validity) != validity) co_return bad_url(text);
    co_return std::nullopt;
}

} // namespace maild::imap
