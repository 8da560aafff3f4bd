#pragma once
// DMARC aggregate reports (RFC 9990): what a receiver of mail tells the owner of a domain of the
// mail that came with the domain's name. XML to value and back, pure. Read are reports of RFC 9990
// and of RFC 7489 appendix C, with or without namespace, and what is sent instead of them: elements
// in any order, unknown or missing ones, words in any case, wrong charsets. No DTD is read, so no
// entity is expanded. Bounded: the limits below; a report beyond them is refused whole.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"
#include "maild/policy/dkim.hpp"
#include "maild/policy/dmarc.hpp"
#include "maild/policy/spf.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::report {

inline constexpr std::size_t kMaxReport = 32 * 1024 * 1024; // octets, unpacked
inline constexpr std::size_t kMaxRecords = 100'000;
inline constexpr std::size_t kMaxResults = 200'000; // of DKIM, SPF, and reasons: of all records
inline constexpr std::size_t kMaxText = 4096;       // octets of one element; the rest is left out

// What was done (§3.1.1.9); `pass`: DMARC passed, so there was nothing to do. RFC 7489 says `none`.
enum class Disposition : std::uint8_t { none, pass, quarantine, reject };
std::string_view name_of(Disposition disposition);

// Why that is not what the policy asks for (§3.1.6): "local_policy", "mailing_list", …
struct OverrideReason {
    std::string type;
    std::string comment;
    friend auto operator<=>(const OverrideReason&, const OverrideReason&) = default;
};

struct DkimResult {
    std::string domain;   // d=
    std::string selector; // s=
    policy::dkim::Outcome outcome = policy::dkim::Outcome::none;
    std::string comment; // human_result
    friend auto operator<=>(const DkimResult&, const DkimResult&) = default;
};

enum class SpfScope : std::uint8_t { unsaid, helo, mail_from }; // helo: RFC 7489 alone

struct SpfResult {
    std::string domain;
    SpfScope scope = SpfScope::unsaid;
    policy::spf::Outcome outcome = policy::spf::Outcome::none;
    std::string comment;
    friend auto operator<=>(const SpfResult&, const SpfResult&) = default;
};

// Messages of one client that had the same results (§3.1.1.7).
struct AggregateRecord {
    std::string source_ip; // as net::format_ip() writes it, or as it was said if it is no address
    std::uint64_t count = 1;
    Disposition disposition = Disposition::none;
    bool is_dkim_aligned = false;
    bool is_spf_aligned = false;
    std::vector<OverrideReason> reasons;
    std::string header_from;
    std::string envelope_from; // domain; empty: not said, or the null reverse-path
    std::string envelope_to;   // domain; empty: not said
    std::vector<DkimResult> dkim;
    std::vector<SpfResult> spf;

    bool is_aligned() const { return is_dkim_aligned || is_spf_aligned; }
    friend auto operator<=>(const AggregateRecord&, const AggregateRecord&) = default;
};

// The policy's record as the receiver has seen it (§3.1.1.5). None: not said.
struct PublishedPolicy {
    std::string domain; // where it was found
    std::optional<policy::dmarc::Policy> policy;
    std::optional<policy::dmarc::Policy> subdomain_policy; // sp=
    std::optional<policy::dmarc::Policy> absent_policy;    // np=
    std::optional<policy::dmarc::AlignmentMode> dkim_mode;
    std::optional<policy::dmarc::AlignmentMode> spf_mode;
    std::optional<bool> is_testing;
    std::optional<policy::dmarc::Discovery> discovery;
    std::string failure_options; // fo=
    friend bool operator==(const PublishedPolicy&, const PublishedPolicy&) = default;
};

struct AggregateReport {
    std::string organization; // who reports
    std::string email;
    std::string extra_contact;
    std::string report_id;
    WallTime begin{}; // whole seconds; the epoch if they are not said
    WallTime end{};
    std::string error; // of several, joined by "; "
    std::string generator;
    PublishedPolicy policy;
    std::vector<AggregateRecord> records;
    friend bool operator==(const AggregateReport&, const AggregateReport&) = default;
};

// protocol_error: this is no report, and why, for people. too_large: beyond a limit. In what is
// read, domains are lower case and white space is one space.
Result<AggregateReport> parse_aggregate(std::string_view xml);
// As RFC 9990 §3.1.1 orders it. Equal reports give equal octets. What XML cannot hold (controls,
// broken UTF-8) is replaced.
std::string format_aggregate(const AggregateReport& report);

} // namespace maild::report
