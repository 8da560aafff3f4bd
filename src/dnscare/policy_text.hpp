#pragma once
// Texts that a domain publishes, one place for who writes them and who looks for them.

#include "dnscare/certificate.hpp"

#include "maild/base/encoding.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace maild::dnscare {

inline constexpr std::string_view kSpfRecord = "v=spf1 mx -all";    // RFC 7208 §4.5
inline constexpr std::string_view kHostSpfRecord = "v=spf1 a -all"; // of a host's name

// RFC 9989 §4.7. All mail of the domain is signed here, and SPF says that no other host has any.
inline std::string dmarc_record(const std::string& domain) {
    return "v=DMARC1; p=quarantine; rua=mailto:postmaster@" + domain;
}
inline std::string tls_report_record(const std::string& domain) { // RFC 8460 §3
    return "v=TLSRPTv1; rua=mailto:postmaster@" + domain;
}

enum class StsMode : std::uint8_t { testing, enforce };
inline constexpr std::uint64_t kStsAge = 604'800; // a week

// RFC 8461 §3.2.
inline std::string sts_policy(const std::string& host, StsMode mode) {
    return std::string("version: STSv1\r\nmode: ") +
           (mode == StsMode::testing ? "testing" : "enforce") + "\r\nmx: " + host +
           "\r\nmax_age: " + std::to_string(kStsAge) + "\r\n";
}
// Another one for each policy, so that nobody forgets to change it (§3.1).
inline std::string sts_id(std::string_view policy) {
    constexpr std::size_t kDigits = 16;
    return hex_encode(sha256(policy)).substr(0, kDigits);
}
// Whoever honours the policy wants a certificate that names the MX and comes from an authority
// (§4.1).
inline bool wants_sts(const Certificate& certificate, std::string_view host) {
    return !certificate.is_self_signed && certificate.has_name(host);
}

} // namespace maild::dnscare
