#pragma once
// What processes say to each other besides the store's and the directory's own messages: workers
// ask `auth` for certificates and signatures, `control` asks workers for their sessions, `auth`
// asks `oauth` about tokens. Numbers are apart from the others', because they share sockets.

#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"
#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/net/tls.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::daemon {

inline constexpr ipc::MessageType kCertificates = 0x7001; // Nothing → CertificateChains
inline constexpr ipc::MessageType kSign = 0x7002;         // SignRequest → Signature
inline constexpr ipc::MessageType kListSessions = 0x7101; // Nothing → SessionList
inline constexpr ipc::MessageType kKick = 0x7102;         // KickRequest → KickResult
inline constexpr ipc::MessageType kIntrospect = 0x7201;   // IntrospectRequest → auth::TokenClaims

struct CertificateChains {
    std::vector<std::string> chains;  // PEM without keys; the index is what SignRequest names
    std::string client_authorities{}; // PEM, net::ClientTrust; empty: clients show no certificate
};

struct SignRequest {
    std::uint32_t certificate = 0;
    net::SignatureKind kind = net::SignatureKind::ecdsa;
    std::string input;
};
struct Signature {
    std::string bytes;
};

struct SessionRow {
    std::uint64_t id = 0;
    std::string service;
    std::string remote;
    std::string account;
    std::string state;
    WallTime since;
};
struct SessionList {
    std::vector<SessionRow> sessions;
};

struct KickRequest {
    std::string service;  // with `id`: the session's
    std::uint64_t id = 0; // 0: all sessions of `account`
    AccountId account;
};
struct IntrospectRequest {
    std::string token;
};
struct KickResult {
    std::uint32_t told = 0;
};

template <class Codec> void describe(Codec& codec, CertificateChains& c) {
    codec(c.chains, c.client_authorities);
}
template <class Codec> void describe(Codec& codec, SignRequest& r) {
    codec(r.certificate, r.kind, r.input);
}
template <class Codec> void describe(Codec& codec, Signature& s) { codec(s.bytes); }
template <class Codec> void describe(Codec& codec, SessionRow& r) {
    codec(r.id, r.service, r.remote, r.account, r.state, r.since);
}
template <class Codec> void describe(Codec& codec, SessionList& l) { codec(l.sessions); }
template <class Codec> void describe(Codec& codec, KickRequest& r) {
    codec(r.service, r.id, r.account);
}
template <class Codec> void describe(Codec& codec, IntrospectRequest& r) { codec(r.token); }
template <class Codec> void describe(Codec& codec, KickResult& r) { codec(r.told); }

} // namespace maild::daemon
