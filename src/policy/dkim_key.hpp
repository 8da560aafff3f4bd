#pragma once
// Key records (RFC 6376 §3.6.1, RFC 8463 §4), and whether one fits a signature (§6.1.2).

#include "policy/dkim_signature.hpp"

#include "maild/policy/dkim.hpp"

#include <string_view>

namespace maild::policy::dkim {

struct KeyRecord {
    KeyKind kind = KeyKind::rsa;
    std::string key;                // p=, decoded; empty: revoked
    bool takes_sha256 = true;       // h=
    bool is_for_mail = true;        // s=
    bool is_testing = false;        // t=y
    bool wants_same_domain = false; // t=s
};

// None: what is wrong with the record, for people.
std::expected<KeyRecord, std::string> parse_key_record(std::string_view text);

struct SigningDomainKey {
    EvpKey key;
    unsigned bits = 0;
    bool is_testing = false;
};
// Why there is no key: the outcome that it means, and words.
struct KeyProblem {
    Outcome outcome = Outcome::permerror;
    std::string reason;
};
// The key for a signature out of what the DNS said.
std::expected<SigningDomainKey, KeyProblem>
usable_key(const Signature& signature, const KeyAnswer& answer, const Options& options);

} // namespace maild::policy::dkim
