#pragma once
// Whether the client's address has a name that has this address: "iprev" of RFC 8601 §3. Says that
// somebody has cared for the DNS of a host, and nothing of what it sends. Bounded: 10 names of an
// address, each asked for its addresses, eight at a time; 20 seconds for all.

#include "maild/net/resolver.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace maild::policy::iprev {

inline constexpr std::size_t kMaxNames = 10; // of an address, that are looked at

// RFC 8601 §2.7.3.
enum class Outcome : std::uint8_t {
    pass,
    fail,      // there are names, and none of them has the address
    temperror, // the DNS does not answer
    permerror, // the address has no name
};
std::string_view name_of(Outcome outcome);

struct Verdict {
    Outcome outcome = Outcome::permerror;
    std::string reason{}; // for people
    net::IpAddress ip{};
    // In lower case: of a pass the first name that has the address, else the first that it has;
    // empty if it has none.
    std::string name{};
};

// The resolver outlives the task.
net::Task<Verdict> check(net::Resolver& resolver, net::IpAddress ip);

} // namespace maild::policy::iprev
