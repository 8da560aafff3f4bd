#pragma once
// What workers tell `auth` of their clients, and `control` asks of it, so that one limit holds for
// all workers together. Numbers are apart from peer_messages.hpp's, with which they share sockets.

#include "maild/auth/client_rates.hpp"
#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace maild::daemon {

inline constexpr ipc::MessageType kArrive = 0x7501;       // OpenConnections, one → RateAnswer
inline constexpr ipc::MessageType kOpen = 0x7502;         // OpenConnections, not answered
inline constexpr ipc::MessageType kBeginMessage = 0x7503; // RateClient → RateAnswer
inline constexpr ipc::MessageType kAddRecipient = 0x7504; // RateClient → RateAnswer
inline constexpr ipc::MessageType kNoteRefused = 0x7505;  // RateClient, not answered
inline constexpr ipc::MessageType kListRates = 0x7506;    // control: Nothing → RateReport
inline constexpr ipc::MessageType kForgetRates = 0x7507;  // control: net::Network → Forgotten
inline constexpr ipc::MessageType kTurnedAway = 0x7508;   // RateClient, not answered

struct OpenConnections {
    std::vector<auth::ClientRates::Open> open;
};
struct RateClient {
    net::IpAddress from;
};
struct RateAnswer {
    std::optional<auth::RateRefusal> refusal;
};
struct RateReport {
    std::vector<auth::ClientRates::Counter> counters;
};
struct Forgotten {
    std::uint64_t counts = 0;
};

template <class Codec> void describe(Codec& codec, OpenConnections& o) { codec(o.open); }
template <class Codec> void describe(Codec& codec, RateClient& c) {
    for (auto& byte : c.from.bytes) codec(byte);
}
template <class Codec> void describe(Codec& codec, RateAnswer& a) { codec(a.refusal); }
template <class Codec> void describe(Codec& codec, RateReport& r) { codec(r.counters); }
template <class Codec> void describe(Codec& codec, Forgotten& f) { codec(f.counts); }

} // namespace maild::daemon
