#pragma once
// What a pack record says of itself, so that a shard can be rebuilt without its meta.db. Encoded by
// ipc/codec.hpp behind one octet of version. Decoded only from records whose checksum holds, and
// still distrusted.

#include "maild/ipc/codec.hpp"
#include "maild/queue/envelope.hpp"
#include "maild/store/message_store.hpp"

#include <optional>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

namespace maild::store {

struct RecordedMailbox {
    AccountId account;
    MailboxId id;
    MailboxName name;
    SpecialUse use = SpecialUse::none;
    UidValidity uid_validity;
};

struct RecordedMessage {
    RecordedMailbox mailbox;
    Uid uid;
    WallTime internal_date;
    FlagNames flags;     // at delivery
    std::string address; // as in RCPT
    std::string prefix;
};

struct RecordedRelay {
    AccountId account;
    QueueId id;
    queue::Envelope envelope;
    std::string prefix;
    std::string hold_reason;
    WallTime queued_at;
};

// Of RecordKind::message.
struct RecordMetadata {
    Structure structure; // left empty when it would not fit
    std::vector<RecordedMessage> messages;
    std::optional<RecordedRelay> relay;
};

// Of RecordKind::note: facts that no message record tells. Written without a sync of their own, so
// the last ones before a crash may be missing: then a rebuild shows an older state, and never less
// mail.
struct MailboxNamed { // made, or renamed
    RecordedMailbox mailbox;
};
struct MailboxRemoved {
    MailboxId id;
};
struct MessagesCopied { // also moved: then MessagesRemoved of the source follows
    MailboxId from;
    RecordedMailbox to;
    std::vector<std::pair<Uid, Uid>> uids;
};
struct MessagesRemoved {
    MailboxId from;
    UidSet uids;
};
struct AccountRemoved {
    AccountId account;
};
struct RecipientGone { // from the queue: delivered, given up or dropped
    QueueId id;
    std::uint32_t position = 0;
};
using Note = std::variant<MailboxNamed, MailboxRemoved, MessagesCopied, MessagesRemoved,
                          AccountRemoved, RecipientGone>;

template <class Codec> void describe(Codec& codec, RecordedMailbox& m) {
    codec(m.account, m.id, m.name, m.use, m.uid_validity);
}
template <class Codec> void describe(Codec& codec, RecordedMessage& m) {
    codec(m.mailbox, m.uid, m.internal_date, m.flags, m.address, m.prefix);
}
// Without the envelope's handling: see HandledMetadata.
template <class Codec> void describe(Codec& codec, RecordedRelay& r) {
    auto& e = r.envelope;
    codec(r.account, r.id, e.reverse_path, e.envelope_id, e.return_content, e.is_8bit,
          e.is_smtputf8, e.recipients, r.prefix, r.hold_reason, r.queued_at);
}
template <class Codec> void describe(Codec& codec, RecordMetadata& m) {
    codec(m.structure, m.messages, m.relay);
}
template <class Codec> void describe(Codec& codec, MailboxNamed& n) { codec(n.mailbox); }
template <class Codec> void describe(Codec& codec, MailboxRemoved& n) { codec(n.id); }
template <class Codec> void describe(Codec& codec, MessagesCopied& n) {
    codec(n.from, n.to, n.uids);
}
template <class Codec> void describe(Codec& codec, MessagesRemoved& n) { codec(n.from, n.uids); }
template <class Codec> void describe(Codec& codec, AccountRemoved& n) { codec(n.account); }
template <class Codec> void describe(Codec& codec, RecipientGone& n) { codec(n.id, n.position); }

inline constexpr char kMetadataVersion = 1;
inline constexpr char kHandledMetadataVersion = 2;

// A message whose sender asks for something on the way; all others are written as they ever were,
// so that what reads records needs no second form of them.
struct HandledMetadata {
    RecordMetadata metadata;
    queue::Handling handling;
};
template <class Codec> void describe(Codec& codec, HandledMetadata& m) {
    codec(m.metadata, m.handling);
}

template <class T> std::string encode_metadata(const T& value) {
    return kMetadataVersion + ipc::encode(value);
}
inline std::string encode_metadata(const RecordMetadata& value) {
    if (!value.relay || value.relay->envelope.handling == queue::Handling{})
        return kMetadataVersion + ipc::encode(value);
    return kHandledMetadataVersion + ipc::encode(value) +
           ipc::encode(value.relay->envelope.handling);
}

inline Result<RecordMetadata> decode_handled_metadata(std::string_view bytes) {
    auto decoded = ipc::decode<HandledMetadata>(bytes);
    if (!decoded) return std::unexpected(std::move(decoded.error()));
    if (!decoded->metadata.relay) return fail(Errc::corrupt, "handling of nothing");
    decoded->metadata.relay->envelope.handling = decoded->handling;
    return std::move(decoded->metadata);
}
template <class T> Result<T> decode_metadata(std::string_view bytes) {
    if constexpr (std::is_same_v<T, RecordMetadata>) {
        if (bytes.starts_with(kHandledMetadataVersion))
            return decode_handled_metadata(bytes.substr(1));
    }
    if (!bytes.starts_with(kMetadataVersion)) return fail(Errc::corrupt, "metadata version");
    return ipc::decode<T>(bytes.substr(1));
}

} // namespace maild::store
