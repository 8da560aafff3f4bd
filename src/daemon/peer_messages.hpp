#pragma once
// What processes say to each other besides the store's and the directory's own messages: workers
// ask `auth` for certificates and signatures, `control` asks workers for their sessions, `auth`
// asks `oauth` about tokens. Numbers are apart from the others', because they share sockets.

#include "maild/auth/token.hpp"
#include "maild/base/clock.hpp"
#include "maild/base/ids.hpp"
#include "maild/ipc/codec.hpp"
#include "maild/ipc/message.hpp"
#include "maild/net/server_names.hpp"
#include "maild/net/ticket_keys.hpp"
#include "maild/net/tls.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

inline constexpr ipc::MessageType kCertificates = 0x7001;        // Nothing → CertificateChains
inline constexpr ipc::MessageType kSign = 0x7002;                // SignRequest → Signature
inline constexpr ipc::MessageType kTicketKeys = 0x7003;          // Nothing → TicketKeyList
inline constexpr ipc::MessageType kListCertificates = 0x7004;    // Nothing → CertificateList
inline constexpr ipc::MessageType kCertificatesChanged = 0x7005; // event of `auth`: ask again
inline constexpr ipc::MessageType kListSessions = 0x7101;        // Nothing → SessionList
inline constexpr ipc::MessageType kKick = 0x7102;                // KickRequest → KickResult
inline constexpr ipc::MessageType kReadReports = 0x7103;         // ReadReports → ReportPage
inline constexpr ipc::MessageType kIntrospect = 0x7201; // IntrospectRequest → auth::TokenClaims

struct CertificateChains {
    std::vector<net::NamedCertificate> certificates; // the first is the host's own
    std::string client_authorities{}; // PEM, net::ClientTrust; empty: clients show no certificate
    std::vector<net::TicketKey> ticket_keys{};
};

struct TicketKeyList {
    std::vector<net::TicketKey> keys;
};

struct CertificateRow {
    std::string file; // empty: the host has made it for itself
    bool is_own = false;
    std::vector<std::string> names;  // that stand in it
    std::vector<std::string> served; // for which clients get it
    std::string key_type;
    std::string issuer;
    std::string fingerprint;
    WallTime not_before{};
    WallTime not_after{};
    std::string warning; // of its dates; empty: all is well
    std::string chain;   // PEM, leaf first
};
struct CertificateList {
    std::vector<CertificateRow> certificates;
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
enum class ReportKind : std::uint8_t { dmarc, tls };
struct ReadReports {
    auth::Token grant;
    Uid after{};      // 0: from the first message on
    WallTime since{}; // messages that came before need not be read
    ReportKind kind = ReportKind::dmarc;
};
struct ReportPage {
    std::vector<std::string> reports{}; // as report::format_aggregate() or format_tls() writes them
    std::vector<std::string> problems{}; // for people
    std::uint32_t messages = 0;          // that were read
    std::optional<Uid> next{};           // ask again with this as `after`; none: that was all
};
struct IntrospectRequest {
    std::string token;
};
struct KickResult {
    std::uint32_t told = 0;
};

template <class Codec> void describe(Codec& codec, CertificateChains& c) {
    codec(c.certificates, c.client_authorities, c.ticket_keys);
}
template <class Codec> void describe(Codec& codec, TicketKeyList& l) { codec(l.keys); }
template <class Codec> void describe(Codec& codec, CertificateRow& r) {
    codec(r.file, r.is_own, r.names, r.served, r.key_type, r.issuer, r.fingerprint, r.not_before,
          r.not_after, r.warning, r.chain);
}
template <class Codec> void describe(Codec& codec, CertificateList& l) { codec(l.certificates); }
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
template <class Codec> void describe(Codec& codec, ReadReports& r) {
    codec(r.grant, r.after, r.since, r.kind);
}
template <class Codec> void describe(Codec& codec, ReportPage& p) {
    codec(p.reports, p.problems, p.messages, p.next);
}
template <class Codec> void describe(Codec& codec, IntrospectRequest& r) { codec(r.token); }
template <class Codec> void describe(Codec& codec, KickResult& r) { codec(r.told); }

} // namespace maild::daemon
