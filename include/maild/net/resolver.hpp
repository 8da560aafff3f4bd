#pragma once
// Questions to the DNS (RFC 1035) as the policies ask them, and what an answer says. CNAMEs are
// followed by whoever implements this (RFC 1034 §3.6.2): an answer holds the records at their end.
// Names are labels joined by dots without one at the end, any octet but NUL in a label, and ASCII
// case does not count; U-labels are the caller's to convert. Implementations: DnsResolver
// (dns_resolver.hpp), and for tests one in memory. One thread; outlives its lookups.

#include "maild/net/ip.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::net {

inline constexpr std::size_t kMaxDnsName = 253;     // octets as text, RFC 1035 §2.3.4
inline constexpr std::size_t kMaxDnsLabel = 63;     // octets, RFC 1035 §2.3.4
inline constexpr std::size_t kMaxDnsRecords = 1000; // of one answer; what goes beyond is left out

enum class DnsType : std::uint16_t {
    a = 1,
    cname = 5,
    ptr = 12,
    mx = 15,
    txt = 16,
    aaaa = 28,
    srv = 33,
    tlsa = 52,
    caa = 257,
};

struct DnsQuestion {
    std::string name;
    DnsType type = DnsType::a;
    friend bool operator==(const DnsQuestion&, const DnsQuestion&) = default;
};

enum class DnsStatus : std::uint8_t {
    found,             // there are records
    no_data,           // the name is there, records of this type are not (RFC 2308 §2.2)
    no_such_name,      // RCODE 3, and names that cannot be asked for
    temporary_failure, // any other RCODE, no answer in time, CNAMEs in a circle
    bogus,             // DNSSEC says that it is forged (RFC 4035 §4.3)
};

struct MxRecord {
    std::uint16_t preference = 0;
    std::string exchange; // empty: the root, a null MX (RFC 7505)
    friend bool operator==(const MxRecord&, const MxRecord&) = default;
};

// Only the list that goes with the question's type is filled.
struct DnsAnswer {
    DnsStatus status = DnsStatus::temporary_failure;
    bool is_secure = false;           // validated from the root's key on (RFC 4035)
    std::chrono::seconds ttl{0};      // how long this may be believed
    std::vector<IpAddress> addresses; // A, AAAA
    std::vector<std::string> names;   // PTR, CNAME
    // TXT, the strings of a record joined (RFC 7208 §3.3); TLSA, the record data as it is on the
    // wire (RFC 6698 §2.1); SRV as "priority weight port target" (RFC 2782), without a dot at the
    // end, "." for the root; CAA as "flags tag value" (RFC 8659 §4.1), the value as it is.
    std::vector<std::string> texts;
    std::vector<MxRecord> exchanges; // MX, in their order
    std::string problem;             // why there is no answer, for people

    bool is_void() const {
        return status == DnsStatus::no_data || status == DnsStatus::no_such_name;
    }
    bool failed() const {
        return status == DnsStatus::temporary_failure || status == DnsStatus::bogus;
    }
};

class Resolver {
public:
    virtual ~Resolver() = default;
    // Never longer than `timeout`. A name that is none (is_dns_name) does not exist.
    virtual Task<DnsAnswer> lookup(DnsQuestion question, std::chrono::milliseconds timeout) = 0;
};

// Whether it can be asked for: labels of 1 to 63 octets, 253 altogether, no NUL. One dot at the end
// is allowed.
bool is_dns_name(std::string_view name);

// What to ask for the names of an address: "1.2.0.192.in-addr.arpa" (RFC 1035 §3.5), or its nibbles
// below "ip6.arpa" (RFC 3596 §2.5).
std::string reverse_name(const IpAddress& address);

std::string_view name_of(DnsType type);     // "TXT"
std::string_view name_of(DnsStatus status); // "no such name"

} // namespace maild::net
