#pragma once
// What workers and `control` ask the role resolver, and its answers.

#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/net/resolver.hpp"

namespace maild::net {

template <class Codec> void describe(Codec& codec, IpAddress& address) {
    for (auto& byte : address.bytes) codec(byte);
}
template <class Codec> void describe(Codec& codec, MxRecord& r) { codec(r.preference, r.exchange); }
template <class Codec> void describe(Codec& codec, DnsQuestion& q) { codec(q.name, q.type); }
template <class Codec> void describe(Codec& codec, DnsAnswer& a) {
    codec(a.status, a.is_secure, a.ttl, a.addresses, a.names, a.texts, a.exchanges, a.problem);
}

} // namespace maild::net

namespace maild::daemon {

inline constexpr ipc::MessageType kLookup = 0x7301; // LookupRequest → net::DnsAnswer

struct LookupRequest {
    net::DnsQuestion question;
    std::chrono::milliseconds timeout{};
};

template <class Codec> void describe(Codec& codec, LookupRequest& r) {
    codec(r.question, r.timeout);
}

} // namespace maild::daemon
