#pragma once
// What a server offers in its reply to EHLO or LHLO (RFC 5321 §4.1.1.1). Forgotten and asked anew
// behind STARTTLS (RFC 3207 §4.2). An offer whose parameters are broken is no offer; unknown ones
// are passed over.

#include "maild/relay/reply.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::relay {

inline constexpr std::size_t kMaxMechanisms = 32; // of AUTH; more are left out

struct Capabilities {
    std::string name;                   // how the server calls itself, cleaned; for people alone
    bool is_extended = false;           // it knows EHLO
    bool pipelining = false;            // RFC 2920
    bool eight_bit_mime = false;        // RFC 6152
    bool smtputf8 = false;              // RFC 6531
    bool starttls = false;              // RFC 3207
    bool dsn = false;                   // RFC 3461
    bool chunking = false;              // RFC 3030
    bool binary_mime = false;           // RFC 3030, with CHUNKING alone
    bool requiretls = false;            // RFC 8689
    bool enhanced_status_codes = false; // RFC 2034
    bool size = false;                  // RFC 1870
    std::optional<std::uint64_t> most_octets; // of SIZE; none: no fixed limit
    std::vector<std::string> mechanisms;      // of AUTH (RFC 4954), upper case
    // LIMITS, RFC 9422
    std::optional<std::uint64_t> most_transactions; // MAILMAX, of a session
    std::optional<std::uint64_t> most_recipients;   // RCPTMAX, of a transaction
    std::optional<std::uint64_t> most_domains;      // RCPTDOMAINMAX, of a transaction
    // DELIVERBY, RFC 2852: the shortest time that it takes; 0: any
    std::optional<std::chrono::seconds> deliver_by;
    bool mt_priority = false; // RFC 6710
    // FUTURERELEASE, RFC 4865: the longest interval
    std::optional<std::chrono::seconds> future_release;

    bool has_mechanism(std::string_view upper_case) const;
};

// `reply`: a positive one to EHLO or LHLO.
Capabilities parse_capabilities(const Reply& reply);
// Of a server that knows nothing but HELO.
Capabilities without_extensions(const Reply& reply);

} // namespace maild::relay
