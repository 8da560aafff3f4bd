#pragma once
// What the owner of a domain wants to know of his own records beyond what a verifier of one message
// asks: everything that could be asked, not what this client would lead to.

#include "maild/net/resolver.hpp"
#include "maild/net/task.hpp"

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::spf {

// What the record says of whom nothing in it has matched (RFC 7208 §4.7, §5.1).
enum class Ending : std::uint8_t { none, pass, neutral, softfail, fail, redirect };

struct Audit {
    std::vector<std::string> records; // of SPF, at the domain itself
    std::string fault;                // of syntax, there or in a record that it includes
    std::vector<std::string> missing; // names whose record is included, and that have none (§5.2)
    int lookups = 0;                  // terms that look something up, §4.6.4: 10 at most
    std::vector<std::string> in_vain; // of them those that find nothing, §4.6.4: two at most
    std::vector<std::string> for_all; // what passes for every client: "all", "ip4:0.0.0.0/0"
    bool uses_ptr = false;            // §5.5: should not be published
    bool is_incomplete = false;       // the DNS did not answer somewhere
    Ending ending = Ending::none;
};

inline constexpr int kMaxAuditedLookups = 40; // what goes beyond is not looked at

// Follows all includes and the redirect. Terms with macros count and are not followed: what they
// look up depends on the client. The resolver outlives the task.
net::Task<Audit> audit(net::Resolver& resolver, std::string domain);

} // namespace maild::policy::spf

namespace maild::policy::dkim {

// Of a key record (RFC 6376 §3.6.1) what does not depend on the key.
struct KeyTraits {
    bool is_revoked = false; // p= is empty
    bool is_testing = false; // t=y
    bool is_for_mail = true; // s=
    bool takes_sha256 = true;
};
// None: what is wrong with the record, for people.
std::expected<KeyTraits, std::string> key_traits(std::string_view record);

} // namespace maild::policy::dkim
