#pragma once
// What `control` asks `sender`: the way to a destination, step by step; and what a domain's web
// server gives as its policy of MTA-STS.

#include "maild/dnscare/facts.hpp"
#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/sender/probe.hpp"

#include <string>

namespace maild::daemon {

inline constexpr ipc::MessageType kProbe = 0x7341; // sender::ProbeRequest → sender::ProbeReport
inline constexpr ipc::MessageType kFetchPolicy = 0x7342; // PolicyRequest → FetchedPolicy

struct PolicyRequest {
    std::string domain{}; // in A-labels, lower case
};
struct FetchedPolicy {
    dnscare::ServedPolicy policy{};
};

template <class Codec> void describe(Codec& codec, PolicyRequest& r) { codec(r.domain); }
template <class Codec> void describe(Codec& codec, FetchedPolicy& f) {
    auto& policy = f.policy;
    codec(policy.fault, policy.words, policy.mode, policy.max_age, policy.mx);
}

} // namespace maild::daemon
