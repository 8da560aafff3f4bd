#pragma once
// When a password may cross the wire (RFC 8314 §3: under TLS). One rule for all protocols.

#include <cstdint>

namespace maild::auth {

// `auth.plaintext` of the configuration.
enum class PlaintextPolicy : std::uint8_t {
    never,    // only under TLS
    loopback, // also from this host itself: for trials and local tools
};

constexpr bool allows_password(PlaintextPolicy policy, bool is_tls, bool is_loopback) {
    return is_tls || (is_loopback && policy == PlaintextPolicy::loopback);
}

} // namespace maild::auth
