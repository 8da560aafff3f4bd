#pragma once
// Where mail for an address goes: the rewriting rules alone, over an abstract lookup, so that
// delivery, `mailctl address resolve` and the tests' doubles cannot differ. For each address, the
// first rule that has an answer:
//   domain-alias   the domain means another one of ours
//   account        an account's own address, or another of its addresses
//   alias          exactly this localpart
//   subaddress     without "+detail" (RFC 5233 §4): an account, which is told the detail, or an
//   alias alias-pattern  '*' stands for any run of characters; the pattern with most other
//   characters wins catch-all      of the domain postmaster     postmaster and abuse go to the
//   host's postmaster (RFC 5321 §4.5.1, RFC 2142 §4)
// Aliases are followed breadth first, so that the depth of an address is its least one; one that
// was seen already is not followed again, which ends every loop. Pure: same lookups, same result.
// Localparts are compared in one canonical form (see canonical_localpart); RFC 5321 §2.4 leaves
// that to us.

#include "maild/base/error.hpp"
#include "maild/base/ids.hpp"
#include "maild/directory/directory.hpp"
#include "maild/mail/address.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::directory {

// Aliases one behind the other; more is alias_loop.
inline constexpr std::size_t kMaxAliasDepth = 10;
inline constexpr std::size_t kMaxTargets = 1'000; // distinct; more is too_many_targets
// Addresses looked at for one resolution; also too_many_targets.
inline constexpr std::size_t kMaxExpansions = 4'000;

// ASCII letters in lower case, the rest in NFC (RFC 6532 §3.1); other case is left as it is.
std::string canonical_localpart(std::string_view localpart);
// Both parts canonical. invalid_argument when `text` is no address.
Result<mail::Address> canonical_address(std::string_view text);

// Whether `localpart` matches `pattern`, in which '*' stands for any run of characters, also none.
// Time is at most pattern × localpart.
bool matches_pattern(std::string_view pattern, std::string_view localpart);

// What the rules ask; every name is canonical. Localparts are decoded (without quotes).
class Lookup {
public:
    struct Domain {
        DomainId id;
        bool is_disabled = false;
        std::string subaddress_separator;
        std::string catch_all; // addr-spec, empty without
    };
    struct Account {
        AccountId id;
        bool is_disabled = false;
    };
    using Targets = std::vector<std::string>; // addr-specs, in the order in which they were added

    virtual ~Lookup() = default;
    virtual Result<std::optional<Domain>> find_domain(const std::string& name) = 0;
    // The domain meant.
    virtual Result<std::optional<std::string>> find_domain_alias(const std::string& name) = 0;
    virtual Result<std::optional<Account>> find_address(DomainId domain,
                                                        const std::string& localpart) = 0;
    virtual Result<Targets> find_alias(DomainId domain,
                                       const std::string& localpart_or_pattern) = 0;
    // Localparts with '*'.
    virtual Result<std::vector<std::string>> list_patterns(DomainId domain) = 0;
    virtual Result<std::string> postmaster() = 0; // addr-spec, empty without
};

struct LocalHit {
    AccountId account;
    std::string detail;
};
struct RelayHit {
    std::string address;
};

// Like Resolution, before the accounts' grants are made.
struct Route {
    Verdict verdict = Verdict::no_such_user;
    std::vector<LocalHit> local; // distinct accounts, the first detail that led there
    std::vector<RelayHit> relay; // distinct addresses
    std::vector<Step> steps;
};

// `address` as in Directory::resolve(). One that does not parse is no_such_user. Mail is accepted
// as soon as one target can be reached; an alias's other targets that cannot are left out and stand
// in `steps`. Errors are the lookup's own.
Result<Route> find_route(Lookup& lookup, std::string_view address);

} // namespace maild::directory
