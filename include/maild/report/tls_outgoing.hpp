#pragma once
// The TLS reports that this host owes to others (RFC 8460): from what sessions with their hosts
// were like to a report for each domain, whom its record wants it sent to, and the mail that brings
// it. Pure. Reports hold hosts, addresses of hosts and policies, and nothing of a message.

#include "maild/report/outgoing.hpp"
#include "maild/report/tls.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxReportedTlsFailures = 100'000; // different ones, of all domains
inline constexpr std::size_t kMaxReportedPolicies = 100;        // of one domain

inline constexpr std::string_view kTlsSuccess = "success"; // else a result type of §4.3

// Sessions that went the same way, while one policy was in force.
struct TlsSessionFact {
    WallTime time{};
    std::string domain{};        // for which there was mail: its record is asked
    std::string policy_type{};   // "tlsa", "sts", "no-policy-found"
    std::string policy_domain{}; // whose policy it is; with DANE the host's (§1.1)
    std::vector<std::string> policy{};
    std::vector<std::string> mx_hosts{}; // that the policy names
    std::string result{};
    std::string reason{}; // words of ours
    std::string sending_ip{};
    std::string receiving_host{};
    std::string receiving_ip{};
    std::uint64_t sessions = 1;
};

// Adds up the facts of one period. Beyond the limits failures are counted and not told one by one;
// policies and domains are left out.
class TlsAggregator {
public:
    TlsAggregator(Reporter reporter, Period period)
        : reporter_(std::move(reporter)), period_(period) {}

    void add(const TlsSessionFact& fact); // those of another time are passed over
    // Sessions as messages, those with most first.
    std::vector<Aggregator::Size> sizes() const;
    std::optional<TlsReport> report(const std::string& domain) const;

private:
    using PolicyKey = std::tuple<std::string, std::string, std::vector<std::string>,
                                 std::vector<std::string>>; // type, domain, text, MX hosts
    using FailureKey = std::tuple<std::string, std::string, std::string, std::string,
                                  std::string>; // result, sending IP, host, its IP, reason
    struct Policy {
        std::uint64_t succeeded = 0;
        std::uint64_t failed = 0;
        std::map<FailureKey, std::uint64_t> failures;
    };
    using Domain = std::map<PolicyKey, Policy>;
    Domain* domain_of(const std::string& name);
    Policy* policy_of(Domain& domain, const TlsSessionFact& fact);
    bool take_room(std::size_t octets);

    Reporter reporter_;
    Period period_;
    std::map<std::string, Domain> domains_;
    std::size_t failures_ = 0;
    std::size_t octets_ = 0; // that domains_ takes, about
};

// §3: the one record that there is among the texts at _smtp._tls; of several there is none.
struct TlsDestinations {
    std::vector<Destination> mail{};
    std::vector<std::string> others{}; // URIs that are no mailto:
};
TlsDestinations tls_destinations_of(std::span<const std::string> texts);

PackedReport pack_report(const TlsReport& report, std::string domain);

// §5.3, without a signature; lines end with CRLF. Equal arguments give equal octets. It says that
// it is to be delivered whatever is wrong with TLS (RFC 8689 §5): that may be what it tells.
std::string format_tls_report_mail(const PackedReport& report, const Reporter& reporter,
                                   const mail::Address& to, WallTime date);

} // namespace maild::report
