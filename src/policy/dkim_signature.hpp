#pragma once
// The fields DKIM-Signature (RFC 6376 §3.5), ARC-Message-Signature and ARC-Seal (RFC 8617 §4.1),
// taken apart and checked as far as they alone tell. Views point into the field's body.

#include "policy/dkim_crypto.hpp"
#include "policy/dkim_tags.hpp"

#include "maild/policy/dkim_body.hpp"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::dkim {

inline constexpr std::size_t kMaxSignedFields = 2000; // names in h=

// Why a field is not worth a look at its key.
enum class Fault : std::uint8_t {
    syntax,      // cannot be understood: RFC 8601 §2.7.1 says neutral
    requirement, // understood, but the RFC forbids it: permerror
    historic,    // rsa-sha1 (RFC 8301 §3.1): policy
};
struct Refusal {
    Fault fault = Fault::syntax;
    std::string reason;
};

struct Signature {
    KeyKind key_kind = KeyKind::rsa;
    std::string algorithm; // as written, "rsa-sha256"
    std::string signature; // b=, decoded
    std::string body_hash; // bh=, decoded
    Canonicalization header_canonicalization = Canonicalization::simple;
    Canonicalization body_canonicalization = Canonicalization::simple;
    bool names_canonicalization = false;  // there is a c=
    std::string domain;                   // d=, lower case, A-labels
    std::string selector;                 // s=, likewise
    std::string identity;                 // i=, decoded; "@" and the domain where there is none
    std::vector<std::string_view> fields; // h=
    std::optional<std::uint64_t> length;  // l=
    std::optional<std::uint64_t> expires; // x=
    std::string start;                    // the first octets of b=, RFC 6008 §4
    unsigned instance = 0;                // ARC: i=
    std::string chain_status;             // ARC-Seal: cv=, lower case
    // Where in the body b='s value stands, white space included.
    std::size_t value_begin = 0;
    std::size_t value_end = 0;

    std::string key_name() const { return selector + "._domainkey." + domain; } // §3.6.2.1
};

using SignatureResult = std::expected<Signature, Refusal>;
SignatureResult parse_dkim_signature(std::string_view body);
SignatureResult parse_arc_message_signature(std::string_view body);
SignatureResult parse_arc_seal(std::string_view body);

// RFC 8617 §4.2.1: 1 to 50.
std::optional<unsigned> parse_instance(std::string_view value);

} // namespace maild::policy::dkim
