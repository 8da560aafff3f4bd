#pragma once
// Mail that must go to another host: rows beside the stored body, written in the same transaction
// as the local recipients' (DESIGN §3). Until something sends them they are held and visible.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::queue {

enum class RecipientState : std::uint8_t { held, due, leased, delivered, failed };

// One forward-path to relay to, with what RFC 3461 lets a sender ask of it (kept as written, xtext
// decoded).
struct RelayRecipient {
    std::string address{};            // normalized addr-spec
    std::string original_recipient{}; // ORCPT, empty without
    std::string notify{};             // NOTIFY, empty without
};

struct DeliverBy { // RFC 2852
    WallTime deadline;
    bool returns =
        false;           // by-mode R: behind the deadline it goes back; else (N) the sender is told
    bool traces = false; // by-trace: each relay is reported
    friend bool operator==(const DeliverBy&, const DeliverBy&) = default;
};

// What a sender asks of every host on the way.
struct Handling {
    bool requires_tls = false;          // REQUIRETLS, RFC 8689 §4.1
    bool tls_optional = false;          // the field TLS-Required: No; never beside requires_tls
    std::int8_t priority = 0;           // MT-PRIORITY, RFC 6710: -9 to 9
    std::optional<WallTime> not_before; // HOLDFOR, HOLDUNTIL: RFC 4865
    std::optional<DeliverBy> deliver_by;
    friend bool operator==(const Handling&, const Handling&) = default;
};

struct Envelope {
    std::string reverse_path{};   // empty: the null reverse-path
    std::string envelope_id{};    // ENVID
    std::string return_content{}; // RET: "FULL", "HDRS" or empty
    bool is_8bit = false;         // BODY=8BITMIME
    bool is_smtputf8 = false;     // RFC 6531
    std::vector<RelayRecipient> recipients = {};
    Handling handling = {};
};

// When the first attempt is due of what is queued now.
inline WallTime first_attempt_of(const Envelope& envelope, WallTime now) {
    return std::max(now, envelope.handling.not_before.value_or(now));
}

// A row as `mailctl queue list` and `queue show` tell it, with what is the whole message's.
struct QueuedRecipient {
    QueueId id;
    std::string reverse_path{};
    std::string recipient{};
    std::string original_recipient{};
    std::string notify{};
    RecipientState state = RecipientState::held;
    std::string reason{}; // why it is held or was deferred, in words
    std::uint64_t size = 0;
    std::uint32_t attempts = 0;
    WallTime queued_at;
    WallTime next_attempt_at;
    std::string envelope_id{};
    std::string return_content{};
    bool is_8bit = false;
    bool is_smtputf8 = false;
    Handling handling = {};
    std::string destination{};
    std::string status{}; // RFC 3463, of the last attempt
    std::string host{};   // whose words `reason` is; empty: nobody's
    WallTime last_attempt_at{};
    std::uint32_t position = 0; // in the message
};

template <class Codec> void describe(Codec& codec, RelayRecipient& r) {
    codec(r.address, r.original_recipient, r.notify);
}
template <class Codec> void describe(Codec& codec, DeliverBy& d) {
    codec(d.deadline, d.returns, d.traces);
}
template <class Codec> void describe(Codec& codec, Handling& h) {
    codec(h.requires_tls, h.tls_optional, h.priority, h.not_before, h.deliver_by);
}
template <class Codec> void describe(Codec& codec, Envelope& e) {
    codec(e.reverse_path, e.envelope_id, e.return_content, e.is_8bit, e.is_smtputf8, e.recipients,
          e.handling);
}
template <class Codec> void describe(Codec& codec, QueuedRecipient& r) {
    codec(r.id, r.reverse_path, r.recipient, r.original_recipient, r.notify, r.state, r.reason,
          r.size, r.attempts, r.queued_at, r.next_attempt_at, r.envelope_id, r.return_content,
          r.is_8bit, r.is_smtputf8, r.handling, r.destination, r.status, r.host, r.last_attempt_at,
          r.position);
}

} // namespace maild::queue
