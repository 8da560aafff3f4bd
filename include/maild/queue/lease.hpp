#pragma once
// What the queue tells who sends, and hears from him (DESIGN §5). A recipient is tried by one at a
// time: whoever leases it. Leases end with the connection that took them, and with the store; what
// is certain is in the rows. The fence is `attempts`: a late answer to an attempt that has been
// counted already changes nothing.

#include "maild/queue/envelope.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::queue {

// One recipient of a queued message, as it was when it was leased or told of.
struct RecipientKey {
    QueueId message{};
    std::uint32_t position = 0;
    std::uint32_t attempts = 0;
    friend auto operator<=>(const RecipientKey&, const RecipientKey&) = default;
};

// Where mail waits: the domain of the address, or where an admin has led it instead.
struct Destination {
    std::string domain{}; // lower case; "[192.0.2.1]" for an address literal
    WallTime first_due{}; // of what is due there
    friend bool operator==(const Destination&, const Destination&) = default;
};

// What the sender of the message is still to be told of a recipient (RFC 3461 §4.1).
enum class Report : std::uint8_t { none, failure, delay, success };

struct LeasedRecipient {
    RecipientKey key{};
    RelayRecipient recipient{};
    RecipientState state = RecipientState::due;
    Report owes = Report::none;
    bool was_told_delay = false;
    std::string status{};       // the last attempt's, RFC 3463: "4.4.1"
    std::string reason{};       // likewise, in the remote host's words
    std::string host{};         // whose words these are; empty: nobody was reached
    WallTime last_attempt_at{}; // 1970: there was none
};

struct LeasedMessage {
    QueueId id{};
    AccountId account{}; // who submitted it, or the postmaster
    Envelope envelope{}; // without recipients
    std::uint64_t size = 0;
    WallTime queued_at{};
    std::vector<LeasedRecipient> recipients{};
};

enum class Outcome : std::uint8_t {
    delivered, // the row goes, or waits for its report
    deferred,  // tried again at next_attempt_at
    failed,    // as delivered
    released,  // nothing was tried: as if it had not been leased
    reported,  // what it owed has been told
};

struct Settlement {
    RecipientKey key{};
    Outcome outcome = Outcome::released;
    Report owes = Report::none; // from now on, unless `released`
    std::string status{};
    std::string reason{};
    std::string host{};
    WallTime next_attempt_at{}; // of `deferred`
};

// What an admin does with what is in the queue.
enum class Action : std::uint8_t { hold, release, retry, fail, drop, reroute };

// Which rows: all that every field fits. Empty fields fit everything.
struct Selection {
    std::vector<QueueId> messages{};
    std::string destination{};  // exactly
    std::string recipient{};    // exactly, an address
    std::string reverse_path{}; // exactly; "<>" is the null reverse-path
    std::optional<RecipientState> state{};
    std::optional<WallTime> queued_before{};
};

struct ChangeRequest {
    Selection selection{};
    Action action = Action::hold;
    std::string argument{}; // the reason; of reroute, the new destination
    QueueId after{};        // rows of messages behind this one: how a long change goes on
};
// One slice of a change.
struct ChangeSlice {
    std::uint64_t changed = 0;
    std::optional<QueueId> next{}; // as `after` of the next slice; none: done
};

struct DestinationFigures {
    std::string domain{};
    std::uint64_t due = 0; // at some time
    std::uint64_t held = 0;
    std::uint64_t deferred = 0; // of `due`: tried before
    WallTime oldest{};          // since when the oldest of `due` could go; 1970: there is none
    WallTime next_attempt_at{}; // of those that are due; 1970: none is
};

// Nothing is sent to a destination until then.
struct Suspension {
    std::string destination{};
    WallTime until{}; // passed: it ends
    WallTime since{};
    std::string reason{};
};
// Mail for this address goes back at once.
struct Suppression {
    std::string address{};
    WallTime since{};
    std::string reason{};
};

// The part behind the last "@", in lower case.
std::string destination_of(std::string_view address);

template <class Codec> void describe(Codec& codec, RecipientKey& k) {
    codec(k.message, k.position, k.attempts);
}
template <class Codec> void describe(Codec& codec, Destination& d) { codec(d.domain, d.first_due); }
template <class Codec> void describe(Codec& codec, LeasedRecipient& r) {
    codec(r.key, r.recipient, r.state, r.owes, r.was_told_delay, r.status, r.reason, r.host,
          r.last_attempt_at);
}
template <class Codec> void describe(Codec& codec, LeasedMessage& m) {
    codec(m.id, m.account, m.envelope, m.size, m.queued_at, m.recipients);
}
template <class Codec> void describe(Codec& codec, Settlement& s) {
    codec(s.key, s.outcome, s.owes, s.status, s.reason, s.host, s.next_attempt_at);
}
template <class Codec> void describe(Codec& codec, Selection& s) {
    codec(s.messages, s.destination, s.recipient, s.reverse_path, s.state, s.queued_before);
}
template <class Codec> void describe(Codec& codec, ChangeRequest& r) {
    codec(r.selection, r.action, r.argument, r.after);
}
template <class Codec> void describe(Codec& codec, Suspension& s) {
    codec(s.destination, s.until, s.since, s.reason);
}
template <class Codec> void describe(Codec& codec, Suppression& s) {
    codec(s.address, s.since, s.reason);
}
template <class Codec> void describe(Codec& codec, ChangeSlice& s) { codec(s.changed, s.next); }
template <class Codec> void describe(Codec& codec, DestinationFigures& f) {
    codec(f.domain, f.due, f.held, f.deferred, f.oldest, f.next_attempt_at);
}

} // namespace maild::queue
