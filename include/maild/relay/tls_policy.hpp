#pragma once
// How a host is to be spoken to: what DANE (RFC 7672), MTA-STS (RFC 8461), REQUIRETLS (RFC 8689)
// and our own route ask for, made into one decision with a reason for people. Pure.
//
// Precedence: a message's "TLS-Required: No" lets everything pass (RFC 8689 §3). A route's own
// demand is the least there is. DANE stands above MTA-STS (RFC 8461 §2), of which a policy in mode
// enforce stands above what is left: TLS if it is offered, with any certificate (RFC 7435).

#include "maild/net/client_tls.hpp"
#include "maild/relay/dane.hpp"
#include "maild/relay/mta_sts.hpp"
#include "maild/relay/outcome.hpp"
#include "maild/relay/tls_report.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::relay {

// What a route asks for.
enum class TlsDemand : std::uint8_t {
    off,           // never: for servers that cannot
    opportunistic, // if it is offered
    encrypted,     // always, with any certificate
    verified,      // always, with a certificate that an authority vouches for
};
std::string_view name_of(TlsDemand demand);
std::optional<TlsDemand> parse_tls_demand(std::string_view text);

enum class TlsLevel : std::uint8_t {
    none,
    opportunistic,
    encrypted,
    verified, // by an authority, because the route or REQUIRETLS wants it
    sts,      // by an authority, for a host that the domain's policy names
    dane,
};
std::string_view name_of(TlsLevel level);

struct TlsFacts {
    std::string domain; // the next hop's: the recipient's, or a route's host
    std::string host;
    bool is_mx_secure = false; // of the destination
    TlsDemand demand = TlsDemand::opportunistic;
    Dane dane{};
    std::optional<StsPolicy> sts{};
    bool requires_tls = false; // REQUIRETLS, and the reverse-path is not null
    bool tls_optional = false; // TLS-Required: No
};

struct TlsDecision {
    TlsLevel level = TlsLevel::opportunistic;
    std::string why; // "DANE: 2 TLSA records"
    // This host may not be used: why, and nothing below counts.
    std::optional<Outcome> refusal{};
    net::TlsExpectation expectation{}; // for ClientTls::expecting(), with host as the name
    // Whose policy a TLS report tells of it (RFC 8460 §4.4): "tlsa", "sts", "no-policy-found".
    std::string_view policy_type = "no-policy-found";
    // MTA-STS in mode testing: what would have failed is reported, and passes.
    bool is_testing = false;

    // Plain text is no way out.
    bool is_mandatory() const { return level > TlsLevel::opportunistic; }
};

TlsDecision decide_tls(const TlsFacts& facts);

// What a handshake was in a report's words. `is_offered`: STARTTLS was.
TlsResult result_of(const TlsDecision& decision, bool is_offered, bool is_done,
                    const net::TlsVerdict& verdict);

// What is to be said where the decision cannot be kept: the server offers no STARTTLS, say.
Outcome tls_failure(const TlsDecision& decision, const TlsFacts& facts, std::string words);

} // namespace maild::relay
