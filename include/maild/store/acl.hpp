#pragma once
// Access control lists of mailboxes (RFC 4314) as values: rights, for whom, and what they come to
// for one account. Pure. Identifiers are ids of the directory, which its tokens vouch for; names
// are the callers' business. Whoever owns a mailbox has every right, whatever its list says.

#include "maild/base/ids.hpp"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::store {

// RFC 4314 §2.1, one bit each.
struct Rights {
    std::uint16_t bits = 0;

    constexpr bool has(Rights all) const { return (bits & all.bits) == all.bits; }
    constexpr bool has_any(Rights some) const { return (bits & some.bits) != 0; }
    friend constexpr Rights operator|(Rights a, Rights b) {
        return {static_cast<std::uint16_t>(a.bits | b.bits)};
    }
    constexpr Rights without(Rights b) const {
        return {static_cast<std::uint16_t>(bits & ~b.bits)};
    }
    friend constexpr bool operator==(Rights, Rights) = default;
};
inline constexpr Rights kLookup{1 << 0};         // l
inline constexpr Rights kRead{1 << 1};           // r
inline constexpr Rights kKeepSeen{1 << 2};       // s
inline constexpr Rights kWrite{1 << 3};          // w
inline constexpr Rights kInsert{1 << 4};         // i
inline constexpr Rights kPost{1 << 5};           // p, which IMAP does not look at
inline constexpr Rights kCreate{1 << 6};         // k
inline constexpr Rights kDeleteMailbox{1 << 7};  // x
inline constexpr Rights kDeleteMessages{1 << 8}; // t
inline constexpr Rights kExpunge{1 << 9};        // e
inline constexpr Rights kAdminister{1 << 10};    // a
inline constexpr Rights kAllRights{(1 << 11) - 1};
// §4: who has one of these may know that the mailbox is there (MYRIGHTS).
inline constexpr Rights kKnowing =
    kLookup | kRead | kInsert | kCreate | kDeleteMailbox | kAdminister;
// §5.2: who has none of these gets it READ-ONLY.
inline constexpr Rights kChanging = kKeepSeen | kWrite | kInsert | kDeleteMessages | kExpunge;

// "lrs…" with c for k and x, d for t and e (§2.1.1). None: a letter that is no right.
std::optional<Rights> parse_rights(std::string_view letters);
// In one order; with c and d as §2.1.1 asks for them.
std::string format_rights(Rights rights);

// An account, or everybody of the owner's domain.
struct Grantee {
    AccountId account; // zero: anyone …
    DomainId domain;   // … of this domain
    friend auto operator<=>(const Grantee&, const Grantee&) = default;
};
// A mailbox is never shared with the whole host by one word.
inline Grantee anyone_of(DomainId domain) { return {{}, domain}; }

struct AclEntry {
    Grantee who;
    bool is_negative = false; // these are taken away (§2)
    Rights rights;
    friend bool operator==(const AclEntry&, const AclEntry&) = default;
};
using Acl = std::vector<AclEntry>; // without the owner

inline constexpr std::size_t kMaxAclEntries = 100;             // of a mailbox
inline constexpr std::size_t kMaxAclEntriesOfAccount = 10'000; // of all its mailboxes

enum class AclEdit : std::uint8_t { replace, add, remove };
struct AclChange {
    Grantee who; // without domain: anyone is of the owner's, which the store knows
    bool is_negative = false;
    AclEdit edit = AclEdit::replace;
    Rights rights;
};
// The entry's rights after it.
Rights edited(Rights before, const AclChange& change);

// What an account has that is not the owner: all that it is given as itself or as one of `domain`
// (which is the owner's domain too, or zero), less all that is taken away from either.
Rights rights_for(const Acl& acl, AccountId account, DomainId domain);

template <class Codec> void describe(Codec& codec, Rights& r) { codec(r.bits); }
template <class Codec> void describe(Codec& codec, Grantee& g) { codec(g.account, g.domain); }
template <class Codec> void describe(Codec& codec, AclEntry& e) {
    codec(e.who, e.is_negative, e.rights);
}
template <class Codec> void describe(Codec& codec, AclChange& c) {
    codec(c.who, c.is_negative, c.edit, c.rights);
}

} // namespace maild::store
