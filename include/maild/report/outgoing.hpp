#pragma once
// The aggregate reports that this host owes to others (RFC 9990 §3): from what DMARC found of each
// message to a report for each domain, whom it may be sent to, and the mail that brings it. Pure
// but for the questions of §4. Reports hold domains and clients, never a localpart.

#include "maild/mail/address.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/resolver.hpp"
#include "maild/policy/disposition.hpp"
#include "maild/report/aggregate.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxReportedDomains = 10'000;
inline constexpr std::size_t kMaxReportedRecords = 500'000; // of all domains; kMaxRecords of each
// Of all that is kept for a period: domains' records and what was seen. Names are the senders' to
// choose, and may be long.
inline constexpr std::size_t kMaxReportedOctets = 64 * 1024 * 1024;
inline constexpr std::size_t kMaxSignatures = 100; // of one record, §3.1.3
inline constexpr std::size_t kMaxDestinations = 5; // of one domain, asked for and allowed

// One message as DMARC saw it.
struct DmarcFact {
    WallTime time{};
    net::IpAddress source{};
    std::string author;        // domain in From
    std::string envelope_from; // domain
    std::string record_domain; // where the policy was found; empty: there is none to report to
    std::string record;        // its text
    bool is_dkim_aligned = false;
    bool is_spf_aligned = false;
    Disposition disposition = Disposition::none;
    std::vector<OverrideReason> reasons;
    std::vector<DkimResult> dkim;
    std::optional<SpfResult> spf;
};

// What is known of a message at its reception, and what was done with it.
struct SeenMessage {
    WallTime time{};
    net::IpAddress source{};
    std::string envelope_from{}; // domain
    const policy::MessageReport& report;
    const policy::spf::Report* spf = nullptr; // of MAIL FROM
    const policy::Decision& decision;
};
// None for a message that will come again, and one of which DMARC could not tell: neither is a
// result.
std::optional<DmarcFact> fact_of(SeenMessage seen);

struct Reporter {
    std::string organization;
    std::string email;
    std::string extra_contact;
    std::string submitter; // this host's domain
};

struct Period {
    WallTime begin{};
    WallTime end{}; // does not belong to it
};

struct DomainReport {
    AggregateReport report;
    std::string record; // the policy's text, which says whom to send it to
};

// Adds up the facts of one period.
class Aggregator {
public:
    Aggregator(Reporter reporter, Period period)
        : reporter_(std::move(reporter)), period_(period) {}

    // Those of another time, or whose policy asks for no report, are passed over.
    void add(const DmarcFact& fact);
    // In the order of the domains; of a policy that changed, what was seen last (§3.3).
    std::vector<DomainReport> reports() const;

    struct Size {
        std::string domain;
        std::uint64_t messages = 0;
        std::uint64_t records = 0;
    };
    std::vector<Size> sizes() const; // those with most messages first
    // One of them, so that not all have to be in memory once more.
    std::optional<DomainReport> report(const std::string& domain) const;

private:
    struct Domain {
        WallTime seen{};
        std::string record;
        std::map<AggregateRecord, std::uint64_t> counts; // by the record with a count of 0
        std::uint64_t left_out = 0;                      // messages beyond a limit
    };
    AggregateReport report_of(const std::string& name, const Domain& domain) const;
    bool take_room(std::size_t octets); // false, and nothing changes, when there is no more
    Domain* domain_of(const DmarcFact& fact);
    void see_policy(Domain& domain, const DmarcFact& fact);

    Reporter reporter_;
    Period period_;
    std::map<std::string, Domain> domains_;
    std::size_t records_ = 0;
    std::size_t octets_ = 0; // that domains_ takes, about
};

struct Destination {
    mail::Address address;
    std::optional<std::uint64_t> most_octets; // "!10m" behind the URI
};

// mailto: URIs of rua=, in their order.
std::vector<Destination> destinations_of(std::string_view record);

struct VerifiedDestinations {
    std::vector<Destination> allowed;
    bool is_undecided = false;        // the DNS did not answer for one at least: try again later
    std::vector<std::string> refused; // addresses
};
// §4: who is of another organization has to agree, in its own DNS. `domain`: where the policy was
// found. The resolver outlives the task.
net::Task<VerifiedDestinations> verify_destinations(net::Resolver& resolver, std::string domain,
                                                    std::vector<Destination> destinations);

// A report as it is sent: its XML in gzip.
struct PackedReport {
    std::string domain;
    std::string id; // that of the same domain and period is always the same
    WallTime begin{};
    WallTime end{}; // belongs to it
    std::string gzip;
};
PackedReport pack_report(const AggregateReport& report);

template <class Codec> void describe(Codec& codec, PackedReport& r) {
    codec(r.domain, r.id, r.begin, r.end, r.gzip);
}

// §3.5.2, without a signature; lines end with CRLF. Equal arguments give equal octets.
std::string format_report_mail(const PackedReport& report, const Reporter& reporter,
                               const mail::Address& to, WallTime date);

} // namespace maild::report
