#pragma once
// What TLS towards a destination's host was like, for who tells its owner (RFC 8460): one such for
// each connection on which TLS was tried, or could not be.

#include "maild/relay/tls_report.hpp"

#include <compare>
#include <string>
#include <vector>

namespace maild::sender {

struct TlsSession {
    std::string domain{};                // of the recipients, A-labels, lower case
    std::string policy_type{};           // "tlsa", "sts", "no-policy-found" (§4.4)
    std::string policy_domain{};         // the domain; with DANE the host (§1.1)
    std::vector<std::string> policy{};   // its text: lines, or TLSA records
    std::vector<std::string> mx_hosts{}; // that an STS policy names
    relay::TlsResult result = relay::TlsResult::success;
    std::string reason{};     // words for people; empty: success
    std::string sending_ip{}; // empty: there was no connection
    std::string host{};       // as the MX record has it
    std::string receiving_ip{};
    friend auto operator<=>(const TlsSession&, const TlsSession&) = default;
};

class TlsSink {
public:
    virtual ~TlsSink() = default;
    virtual void met(TlsSession session) = 0; // never blocks, never fails
};

} // namespace maild::sender
