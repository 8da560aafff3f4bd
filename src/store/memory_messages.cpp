// MemoryStore's calls on messages.
#include "store/flag_names.hpp"
#include "store/memory_world.hpp"
#include "store/message_filters.hpp"
#include "store/narrow.hpp"

#include "maild/store/memory_store.hpp"
#include "maild/store/uid_set.hpp"

#include <algorithm>

namespace maild::store {

using memory::Body;
using memory::Message;

namespace {

std::string whole(const Message& message) { return message.prefix + message.body->content; }

std::size_t header_size(std::string_view bytes) {
    if (bytes.starts_with("\r\n")) return 2;
    const auto end = bytes.find("\r\n\r\n");
    return end == bytes.npos ? bytes.size() : end + 4;
}

void fill_structure(Structure& out, const Structure& stored, std::uint32_t items) {
    if ((items & kEnvelope) != 0) out.envelope = stored.envelope;
    if ((items & kBody) != 0) out.body = stored.body;
    if ((items & kBodyStructure) != 0) out.body_structure = stored.body_structure;
    if ((items & kParts) != 0) out.parts = stored.parts;
}

MessageData data_of(Uid uid, const Message& message, std::uint32_t items) {
    MessageData data;
    data.uid = uid;
    data.internal_date = message.internal_date;
    data.save_date = message.save_date;
    data.email_id = message.email_id;
    data.size = message.size();
    data.prefix_size = static_cast<std::uint32_t>(message.prefix.size());
    data.header_size =
        static_cast<std::uint32_t>(message.prefix.size() + header_size(message.body->content));
    fill_structure(data.structure, message.body->structure, items);
    if ((items & kContent) != 0 && data.size <= kMaxInlineContent)
        data.content = whole(message);
    else if ((items & kHeader) != 0 && data.header_size <= kMaxInlineContent)
        data.content = whole(message).substr(0, data.header_size);
    return data;
}

std::uint32_t candidates(const NeedleProbes& probes, FilterMaker& maker, const Message& message) {
    const auto& content = message.body->content;
    const auto prefix = maker.of_prefix(message.prefix, content.substr(0, 1));
    const auto header = maker.of_header(content.substr(0, header_size(content)));
    const ReadOctets read = [&](std::uint64_t begin, std::uint64_t end) -> Result<std::string> {
        return content.substr(begin, end - begin);
    };
    const auto body = maker.of_body(read, message.body->structure.parts, content.size());
    return probes.candidates({.prefix = prefix, .header = header, .body = body});
}

queue::QueuedRecipient row_for(QueueId id, const RelayRequest& relay,
                               const queue::RelayRecipient& recipient, std::uint64_t size,
                               WallTime now) {
    queue::QueuedRecipient row;
    row.id = id;
    const auto& envelope = relay.envelope;
    row.reverse_path = envelope.reverse_path;
    row.recipient = recipient.address;
    row.original_recipient = recipient.original_recipient;
    row.notify = recipient.notify;
    row.envelope_id = envelope.envelope_id;
    row.return_content = envelope.return_content;
    row.is_8bit = envelope.is_8bit;
    row.is_smtputf8 = envelope.is_smtputf8;
    row.handling = envelope.handling;
    row.state =
        relay.hold_reason.empty() ? queue::RecipientState::due : queue::RecipientState::held;
    row.reason = relay.hold_reason;
    row.size = size;
    row.queued_at = now;
    row.next_attempt_at = queue::first_attempt_of(envelope, now);
    return row;
}

} // namespace

net::Task<Result<void>> MemoryStore::check_room(const auth::Token& grant, std::uint64_t size) {
    if (!accepts_mail_) co_return fail(Errc::no_space);
    auto account = memory::admit(*world_, key_, grant, auth::Right::deliver, clock_.now());
    if (!account) co_return std::unexpected(std::move(account.error()));
    co_return memory::check_room(**account, size, 1);
}

net::Task<Result<DeliverResult>> MemoryStore::deliver(DeliverRequest request) {
    if (failure_) co_return fail(*failure_);
    auto body = std::make_shared<const Body>(std::string(request.message.content),
                                             std::move(request.message.structure));
    DeliverResult result;
    if (request.relay) {
        auto account =
            memory::admit(*world_, key_, request.relay->grant, auth::Right::deliver, clock_.now());
        if (!account) co_return std::unexpected(std::move(account.error()));
        result.queued = QueueId(++world_->last_queued);
        const auto size = request.relay->trace_prefix.size() + body->content.size();
        for (const auto& recipient : request.relay->envelope.recipients) {
            world_->queue.push_back(
                row_for(*result.queued, *request.relay, recipient, size, clock_.now()));
        }
    }
    for (auto& recipient : request.local) {
        result.local.push_back(
            memory::deliver(*world_, key_, clock_.now(), recipient, body, request.internal_date));
        if (result.local.back()) ++world_->figures.messages_delivered;
    }
    co_return result;
}

net::Task<Result<FetchResult>> MemoryStore::fetch(SessionId id, UidSet uids, std::uint32_t items) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (auto valid = check_uids(uids); !valid) co_return std::unexpected(std::move(valid.error()));
    const auto mailbox = world_->open_mailbox(**session);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    FetchResult result;
    std::size_t bytes = 0;
    const auto& messages = (*mailbox)->messages;
    for (const auto& range : uids) {
        for (auto it = messages.lower_bound(range.first);
             it != messages.end() && it->first <= range.last; ++it) {
            if (bytes > kMaxFetchAnswer) {
                result.next = it->first;
                co_return result;
            }
            result.messages.push_back(data_of(it->first, it->second, items));
            bytes += result.messages.back().content.size() + sizeof(MessageData);
        }
    }
    co_return result;
}

// As an index would that is never behind.
net::Task<Result<NarrowResult>> MemoryStore::narrow(SessionId id, UidSet uids,
                                                    std::vector<Needle> needles) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (auto valid = check_uids(uids); !valid) co_return std::unexpected(std::move(valid.error()));
    if (auto valid = check_needles(needles); !valid)
        co_return std::unexpected(std::move(valid.error()));
    const auto mailbox = world_->open_mailbox(**session);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    const NeedleProbes probes(needles);
    FilterMaker maker;
    NarrowResult result;
    for (const auto& [uid, message] : (*mailbox)->messages) {
        if (!contains(uids, uid)) continue;
        const auto found = candidates(probes, maker, message);
        if (found != 0) result.candidates.push_back({uid, found});
    }
    co_return result;
}

net::Task<Result<std::string>> MemoryStore::read(SessionId id, Uid uid, std::uint64_t offset,
                                                 std::uint64_t length) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    const auto mailbox = world_->open_mailbox(**session);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    const auto& live = (*mailbox)->messages;
    const auto& kept = (*mailbox)->expunged;
    const auto here = live.find(uid);
    auto gone = kept.find(uid);
    if (gone != kept.end() && gone->second.modseq <= (*session)->since) gone = kept.end();
    if (here == live.end() && gone == kept.end()) co_return fail(Errc::not_found);
    const auto bytes = whole(here != live.end() ? here->second : gone->second);
    if (offset >= bytes.size()) co_return std::string();
    co_return bytes.substr(offset, std::min<std::uint64_t>(length, kMaxRead));
}

net::Task<Result<FlagChangeResult>>
MemoryStore::change_flags(SessionId id, UidSet uids, FlagChange change, FlagNames names,
                          std::optional<ModSeq> unchanged_since) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (auto valid = check_uids(uids); !valid) co_return std::unexpected(std::move(valid.error()));
    if (auto valid = check_flag_names(names); !valid)
        co_return std::unexpected(std::move(valid.error()));
    const auto mailbox = world_->open_mailbox(**session);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    co_return memory::change_flags(*world_, id, world_->account(**session), **mailbox, uids, change,
                                   names, unchanged_since);
}

net::Task<Result<CopyResult>> MemoryStore::copy(SessionId id, UidSet uids,
                                                Destination destination) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    co_return memory::copy_or_move(*world_, id, uids, destination, false);
}

net::Task<Result<CopyResult>> MemoryStore::move(SessionId id, UidSet uids,
                                                Destination destination) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    co_return memory::copy_or_move(*world_, id, uids, destination, true);
}

net::Task<Result<CopyResult>> MemoryStore::copy_on(SessionId id) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    co_return memory::copy_on(*world_, id);
}

net::Task<Result<void>> MemoryStore::expunge(SessionId id, std::optional<UidSet> uids) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (uids) {
        if (auto valid = check_uids(*uids); !valid) co_return valid;
    }
    if ((*session)->is_examining) co_return fail(Errc::not_permitted, "examined");
    const auto mailbox = world_->open_mailbox(**session, kRead | kExpunge);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    std::vector<Uid> gone;
    for (const auto& [uid, message] : (*mailbox)->messages) {
        if (message.flags.has(kDeleted) && (!uids || contains(*uids, uid))) gone.push_back(uid);
    }
    world_->expunge(id, world_->account(**session), **mailbox, gone);
    co_return Result<void>();
}

net::Task<Result<std::optional<UidSet>>> MemoryStore::vanished(SessionId id, UidSet uids,
                                                               ModSeq since) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (auto valid = check_uids(uids); !valid) co_return std::unexpected(std::move(valid.error()));
    const auto mailbox = world_->open_mailbox(**session);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    co_return memory::vanished(**mailbox, uids, since);
}

net::Task<Result<AppendResult>> MemoryStore::append(SessionId id, MailboxName name,
                                                    std::vector<AppendMessage> messages,
                                                    std::optional<Uid> replaced) {
    const auto session = world_->session(id);
    if (!session) co_return std::unexpected(session.error());
    if (failure_) co_return fail(*failure_);
    if (!replaced) co_return memory::append(*world_, id, name, std::move(messages));
    if ((*session)->is_examining) co_return fail(Errc::not_permitted, "examined");
    const auto mailbox = world_->open_mailbox(**session, kRead | kDeleteMessages | kExpunge);
    if (!mailbox) co_return std::unexpected(mailbox.error());
    if (!(*mailbox)->messages.contains(*replaced)) co_return fail(Errc::not_found);
    // RFC 8508 §3.4: only the difference counts.
    auto& account = world_->account(**session);
    const auto size = (*mailbox)->messages.at(*replaced).size();
    account.bytes -= size;
    --account.messages;
    auto appended = memory::append(*world_, id, name, std::move(messages));
    account.bytes += size;
    ++account.messages;
    if (appended) world_->expunge(id, account, **mailbox, {*replaced});
    co_return appended;
}

} // namespace maild::store
