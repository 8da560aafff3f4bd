#pragma once
// What becomes of a message by what is known of its sender: the domains' policies (RFC 7208 §8.4,
// RFC 9989 §5.3 and §7), as far as this host follows them. Pure.

#include "maild/policy/message.hpp"
#include "maild/policy/spf.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy {

// How much a domain's word counts here.
struct LocalPolicy {
    bool rejects_spf_fail = false; // of MAIL FROM or HELO, also where DMARC passes
    bool enforces_dmarc = true;
    // Where the DNS does not tell a policy, or whether what would satisfy it is there: the message
    // is to come again (451). Else it is accepted, unless the policy is known and says otherwise.
    bool defers_without_dns = true;
    // ARC (RFC 8617 §7.2): whose seal on top of a chain that passes outweighs a DMARC failure, if
    // it says that DMARC passed there. Lower case, A-labels.
    std::vector<std::string> trusted_sealers{};
};

enum class Disposition : std::uint8_t { accept, quarantine, reject, defer };
std::string_view name_of(Disposition disposition);

struct Decision {
    enum class By : std::uint8_t { nothing, spf, dmarc };
    Disposition disposition = Disposition::accept;
    By by = By::nothing;        // whose policy it is, for all but `accept`
    std::string reason{};       // for people
    std::string overruled_by{}; // the sealer because of whom a DMARC failure was let pass
};

// Without `spf` (a client whose address is not known) nothing is held against it.
Decision decide(const LocalPolicy& policy, const std::optional<spf::SessionReport>& spf,
                const MessageReport& message);

} // namespace maild::policy
