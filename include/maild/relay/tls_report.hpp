#pragma once
// How the TLS of a session turned out, in the words of TLS reports (RFC 8460 §4.3): facts for
// whoever gathers them.

#include <cstdint>
#include <string_view>

namespace maild::relay {

enum class TlsResult : std::uint8_t {
    success,
    starttls_not_supported,
    certificate_host_mismatch,
    certificate_expired,
    certificate_not_trusted,
    validation_failure,
    tlsa_invalid,
    dnssec_invalid,
    dane_required,
    sts_policy_fetch_error,
    sts_policy_invalid,
    sts_webpki_invalid,
};
std::string_view name_of(TlsResult result); // "certificate-expired"; success: "success"

} // namespace maild::relay
