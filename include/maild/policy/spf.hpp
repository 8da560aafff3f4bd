#pragma once
// SPF (RFC 7208): whether a domain's owner lets this client send with the domain's name. All that
// is asked of the world goes through net::Resolver; the rest is computed here. Limits of §4.6.4: 10
// terms that look something up, 2 of them in vain, 10 hosts of an MX, 10 names of an address, 20
// seconds for all. Domains are given in A-labels; a local part may be UTF-8, which no macro of it
// can match (RFC 8616 §4). Coroutines of one thread; what is passed by reference outlives them.

#include "maild/base/clock.hpp"
#include "maild/net/resolver.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::policy::spf {

// §2.6; in the RFC's words, as they stand in header fields too.
enum class Outcome : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
enum class Identity : std::uint8_t { helo, mail_from }; // §2.3, §2.4

std::string_view name_of(Outcome outcome);

// Who asks, and for how long.
struct Verifier {
    net::Resolver& resolver;
    const Clock& clock;
    std::string receiver; // this host's name, macro "r" and Received-SPF; may be empty
    std::chrono::milliseconds lookup_timeout = std::chrono::seconds(5); // one question
    std::chrono::milliseconds timeout = std::chrono::seconds(20);       // §4.6.4, all of them
};

// What check_host() is asked (§4.1).
struct Query {
    net::IpAddress ip;         // a mapped IPv4 address is an IPv4 address (§5)
    std::string domain;        // whose record decides
    std::string local_part;    // of <sender>, decoded; empty: "postmaster" (§4.3)
    std::string sender_domain; // of <sender>
    std::string helo;          // as the client said it; macro "h"
};

struct Report {
    Outcome outcome = Outcome::none;
    Identity identity = Identity::mail_from;
    std::string domain;    // that was checked
    std::string mechanism; // that matched, as it is written; "default" without (§9.1)
    std::string problem;   // why there is no better outcome; empty if there is
    std::optional<std::string> explanation; // of the domain's owner, for `fail` (§6.2); ASCII
};

net::Task<Report> check_host(const Verifier& verifier, Query query);

// A client as SMTP meets it. The reverse-path is empty or "local-part@domain", decoded.
struct Client {
    net::IpAddress ip;
    std::string helo;
    std::string local_part; // of the reverse-path
    std::string domain;     // of the reverse-path; empty: the null reverse-path
};

struct SessionReport {
    Report helo;
    std::optional<Report>
        mail_from; // none with a null reverse-path: then HELO stands for it (§2.4)

    // HELO first, as §2.3 recommends: its `fail` decides, everything else is MAIL FROM's to say.
    const Report& decisive() const;
    // What DMARC looks at (RFC 7489 §4.1): MAIL FROM whatever HELO says.
    const Report& of_mail_from() const { return mail_from ? *mail_from : helo; }
};

// Both identities, HELO first. The limit of time holds for both together.
net::Task<SessionReport> check_session(const Verifier& verifier, Client client);

// The field of §9.1 with its line end, folded. Whatever the values hold, it is one field of that
// grammar; the envelope's UTF-8 stays (RFC 6532 §3.2).
std::string format_received(const Report& report, const Client& client, std::string_view receiver);

} // namespace maild::policy::spf
