#pragma once
// Walking up the DNS for DMARC records (RFC 9989 §4.10).

#include "maild/policy/dmarc.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::dmarc {

// As a name to ask the DNS for, without the dot that may stand at its end; none if it is no domain.
std::optional<std::string> domain_name(std::string_view text);

bool is_at_or_below(std::string_view domain, std::string_view above);
bool have_same_registrable_domain(std::string_view a, std::string_view b);

// What there is at one domain's _dmarc.
struct Place {
    enum class State : std::uint8_t {
        empty,
        record,
        broken, // one record that cannot be read
        many,   // several records, of which none counts
        failed, // the DNS does not answer
    };
    State state = State::empty;
    Record record{};
    std::string text{};
    std::string problem{}; // broken, failed
};

struct Found {
    std::string domain;
    Record record;
    std::string text;
};

struct Walk {
    std::vector<Found> found;   // from the longest name to the shortest
    bool is_incomplete = false; // the DNS did not answer somewhere
};

// The domains to look at: the domain itself, then, if that has eight labels or more, the last
// seven, and up from there. At most kMaxWalk.
std::vector<std::string> walk_targets(std::string_view domain);

// §4.10.2.
std::string organizational_domain(const Walk& walk, std::string_view start);

// Asks the DNS, each name once for all walks of one evaluation, which have 20 seconds together;
// then nothing is answered any more. Belongs to one coroutine.
class Walker {
public:
    explicit Walker(net::Resolver& resolver);

    net::Task<Place> look(std::string domain);
    net::Task<Walk> walk(std::string domain);
    // RFC 9989 §3.2.13: whether the DNS knows the name at all; true if it does not answer.
    net::Task<bool> exists(std::string domain);

private:
    net::Task<net::DnsAnswer> ask(std::string name, net::DnsType type);

    net::Resolver& resolver_;
    std::chrono::steady_clock::time_point deadline_;
    std::map<std::string, Place> places_;
};

} // namespace maild::policy::dmarc
