#pragma once
// Mail that must go to another host: rows beside the stored body, written in the same transaction
// as the local recipients' (DESIGN §3). Until something sends them they are held and visible.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::queue {

enum class RecipientState : std::uint8_t { held, due, leased, delivered, failed };

// One forward-path to relay to, with what RFC 3461 lets a sender ask of it (kept as written, xtext
// decoded).
struct RelayRecipient {
    std::string address;            // normalized addr-spec
    std::string original_recipient; // ORCPT, empty without
    std::string notify;             // NOTIFY, empty without
};

struct Envelope {
    std::string reverse_path;   // empty: the null reverse-path
    std::string envelope_id;    // ENVID
    std::string return_content; // RET: "FULL", "HDRS" or empty
    bool is_8bit = false;       // BODY=8BITMIME
    bool is_smtputf8 = false;   // RFC 6531
    std::vector<RelayRecipient> recipients;
};

// A row as `mailctl queue list` shows it.
struct QueuedRecipient {
    QueueId id;
    std::string reverse_path;
    std::string recipient;
    RecipientState state = RecipientState::held;
    std::string reason; // why it is held or was deferred, in words
    std::uint64_t size = 0;
    std::uint32_t attempts = 0;
    WallTime queued_at;
    WallTime next_attempt_at;
};

template <class Codec> void describe(Codec& codec, RelayRecipient& r) {
    codec(r.address, r.original_recipient, r.notify);
}
template <class Codec> void describe(Codec& codec, Envelope& e) {
    codec(e.reverse_path, e.envelope_id, e.return_content, e.is_8bit, e.is_smtputf8, e.recipients);
}
template <class Codec> void describe(Codec& codec, QueuedRecipient& r) {
    codec(r.id, r.reverse_path, r.recipient, r.state, r.reason, r.size, r.attempts, r.queued_at,
          r.next_attempt_at);
}

} // namespace maild::queue
