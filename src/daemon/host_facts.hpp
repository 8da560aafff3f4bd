#pragma once
// What the host knows of itself at one moment, and what of it an admin should see to. Values, made
// in `control` (admin_care.hpp); judging and telling them is pure.

#include "daemon/peer_messages.hpp"
#include "daemon/status.hpp"

#include "maild/auth/ban_list.hpp"
#include "maild/base/clock.hpp"
#include "maild/dnscare/check.hpp"
#include "maild/queue/lease.hpp"
#include "maild/store/admin.hpp"
#include "maild/trace/tally.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

struct DomainFinding {
    std::string domain{};
    dnscare::Finding finding{};
};

struct HostFacts {
    std::string hostname{};
    WallTime now{};
    ServerStatus status{};
    std::optional<store::StoreFigures> store{}; // none: it does not answer
    std::uint64_t min_free = 0;                 // octets, below which no mail is taken
    std::optional<std::vector<CertificateRow>> certificates{}; // likewise, and so on
    std::optional<std::vector<queue::DestinationFigures>> queue{};
    std::optional<std::vector<queue::Suspension>> suspensions{};
    std::optional<std::vector<auth::Ban>> bans{};
    std::optional<std::vector<DomainFinding>> dns{}; // faults and warnings of all domains
    std::vector<std::string> unknown{};              // what could not be found out, in words
};

// Something that an admin should see to. `key` is the same for as long as it lasts, and has no end
// of line in it.
struct Matter {
    std::string key{};
    std::string words{};    // what it is, and what to do
    bool is_urgent = false; // mail or logins suffer now, or will within days
};

// The urgent ones first.
std::vector<Matter> matters_of(const HostFacts& facts);

// Whether what the key speaks of was asked and answered: else nobody knows that it is over.
bool is_known(const HostFacts& facts, std::string_view key);

// Keys of matters that were told, as they are kept: a line each. Total.
using ToldMatters = std::set<std::string>;
ToldMatters parse_told(std::string_view text);
std::string format_told(const ToldMatters& told);
inline constexpr std::size_t kMaxTold = 1'000; // further ones are told again

} // namespace maild::daemon
