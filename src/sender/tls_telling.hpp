#pragma once
// From what TLS towards a host was like to what its owner is told of it (RFC 8460). Pure.

#include "maild/net/client_tls.hpp"
#include "maild/relay/mta_sts.hpp"
#include "maild/relay/tls_policy.hpp"
#include "maild/sender/tls_session.hpp"

#include <optional>
#include <string>

namespace maild::sender {

// Of one connection.
struct TlsMet {
    const relay::TlsFacts& facts;
    const relay::TlsDecision& decision; // with a refusal there was no connection
    std::string sending_ip{};
    bool is_offered = false; // STARTTLS was
    bool is_done = false;    // the handshake
    net::TlsVerdict verdict{};
    std::string words{}; // of what went wrong
};

// Without the host's address. `fault`: why no newer policy of MTA-STS could be had. None: the host
// was left alone for a reason that is not its owner's, like REQUIRETLS.
std::optional<TlsSession> session_of(const TlsMet& met,
                                     const std::optional<relay::StsFault>& fault);

} // namespace maild::sender
