#pragma once
// TLS reports (RFC 8460): what those who send mail to a domain tell its owner of the TLS that they
// met, or missed. JSON to value and back, pure. Unknown members are passed over and missing ones
// are empty; numbers may be strings. Bounded: the limits below, and kMaxText (aggregate.hpp) for
// each string; a report beyond them is refused whole.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxTlsReport = 8 * 1024 * 1024; // octets, unpacked
inline constexpr std::size_t kMaxTlsPolicies = 10'000;
inline constexpr std::size_t kMaxTlsFailures = 100'000; // of all policies
inline constexpr std::size_t kMaxTlsStrings = 100'000;  // of policy-string and mx-host, of all

// Sessions that failed in the same way (§4.4 failure-details).
struct TlsFailure {
    std::string result_type{}; // §4.3: "certificate-expired", …
    std::string sending_mta_ip{};
    std::string receiving_mx_hostname{};
    std::string receiving_mx_helo{};
    std::string receiving_ip{};
    std::uint64_t sessions = 0;
    std::string additional_information{}; // a URI
    std::string failure_reason_code{};
    friend bool operator==(const TlsFailure&, const TlsFailure&) = default;
};

// What was met where one policy was in force.
struct TlsPolicyReport {
    std::string type;              // "tlsa", "sts" or "no-policy-found"
    std::vector<std::string> text; // policy-string
    std::string domain;            // policy-domain, lower case
    std::vector<std::string> mx_hosts;
    std::uint64_t successful_sessions = 0;
    std::uint64_t failed_sessions = 0;
    std::vector<TlsFailure> failures;
    friend bool operator==(const TlsPolicyReport&, const TlsPolicyReport&) = default;
};

struct TlsReport {
    std::string organization; // who reports
    std::string contact;
    std::string report_id;
    WallTime begin{}; // whole seconds; the epoch if they are not said
    WallTime end{};
    std::vector<TlsPolicyReport> policies;
    friend bool operator==(const TlsReport&, const TlsReport&) = default;
};

// protocol_error: this is no report, and why, for people. too_large: beyond a limit.
Result<TlsReport> parse_tls(std::string_view json);
// As §4.4 orders it. Equal reports give equal octets. Broken UTF-8 is replaced.
std::string format_tls(const TlsReport& report);

// What a result type (§4.3) means for whoever runs the receiving host, and what to do; one
// sentence.
std::string_view advice_for(std::string_view result_type);

} // namespace maild::report
