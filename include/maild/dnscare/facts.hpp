#pragma once
// What this host knows of itself and a domain, as far as the DNS is to tell it: all that
// wanted_records() and check() start from. A value that `control` makes and `mailctl` gets as JSON.

#include "maild/base/error.hpp"
#include "maild/net/ip.hpp"
#include "maild/policy/dkim_private_key.hpp"

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::dnscare {

inline constexpr std::size_t kMaxFacts = 1000; // entries of each list in JSON; more are refused

enum class KeyUse : std::uint8_t {
    waiting, // it signs once its record is there
    signing,
    retired, // mail under way needs its record
};

struct DkimKey {
    std::string name; // of its TXT record
    policy::dkim::Algorithm algorithm = policy::dkim::Algorithm::rsa_sha256;
    std::string public_key; // as p= has it
    KeyUse use = KeyUse::waiting;

    std::string record() const { return policy::dkim::key_record(algorithm, public_key); }
};

// What clients find here (RFC 6186, RFC 8314).
struct Service {
    std::string name; // of the SRV record, without the underscore: "imaps"
    std::uint16_t port = 0;
};

// A certificate with the names that it is for: those of [[tls.certificates]] of the configuration,
// and the host's own.
struct NamedCertificate {
    std::vector<std::string> names{}; // who asks for one of them gets it (SNI); "*.example.net" too
    std::string chain{};              // PEM, leaf first
};

// What https://mta-sts.DOMAIN/.well-known/mta-sts.txt gives as the domain's policy (RFC 8461 §3.3)
// to whoever fetches it as other hosts do.
struct ServedPolicy {
    std::string fault{}; // empty: none; else "fetch", "certificate" or "text"
    std::string words{}; // what is wrong, for people
    // Where nothing is:
    std::string mode{};        // "enforce", "testing" or "none"
    std::uint64_t max_age = 0; // seconds
    std::vector<std::string> mx{};
};

// Names are A-labels in lower case, without a dot at the end.
struct DomainFacts {
    std::string domain;
    std::string host; // this one's name, as it says it with EHLO
    std::uint64_t accounts = 0;
    // Under which this host is reached and sends; those of a family of which there is none here
    // are believed to be what the DNS says.
    std::vector<net::IpAddress> addresses{};
    std::vector<DkimKey> keys{};
    std::vector<Service> services{};
    std::string certificate{}; // for whoever asks for none of the names below: PEM, leaf first
    std::vector<NamedCertificate> certificates{};
    std::optional<ServedPolicy> policy{}; // none: nobody has looked

    // Which of them others meet under a name, chosen as net::ServerNames does; null: none.
    const NamedCertificate* named_certificate(std::string_view name) const;
    const std::string& certificate_for(std::string_view name) const;
};

// Others can reach it: of no private network (RFC 1918, RFC 6598, RFC 3927, RFC 4193, RFC 4291
// §2.5.6), and not this host's own.
bool is_public(const net::IpAddress& address);

boost::json::object to_json(const DomainFacts& facts);
Result<DomainFacts> facts_from_json(const boost::json::value& json);

} // namespace maild::dnscare
