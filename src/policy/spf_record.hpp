#pragma once
// An SPF record (RFC 7208 §4.5, §4.6.1, §12) as a value. Pure; every error of syntax anywhere in it
// condemns the whole (§4.6).

#include "maild/base/cursor.hpp"
#include "maild/net/ip.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace maild::policy::spf {

// Far above what §3.4 recommends (450 octets); the DNS itself could carry 64 KiB.
inline constexpr std::size_t kMaxRecord = 16 * 1024;

enum class Qualifier : std::uint8_t { pass, fail, softfail, neutral };
enum class Mechanism : std::uint8_t { all, include, a, mx, ptr, ip4, ip6, exists };

struct Directive {
    Qualifier qualifier = Qualifier::pass;
    Mechanism mechanism = Mechanism::all;
    std::string domain_spec;   // empty: <domain>
    net::IpAddress network;    // ip4, ip6
    unsigned ip4_prefix = 32;  // ip4, a, mx
    unsigned ip6_prefix = 128; // ip6, a, mx
    std::string text;          // as written, without the qualifier
};

struct Record {
    std::vector<Directive> directives;
    std::optional<std::string> redirect;    // domain-spec
    std::optional<std::string> explanation; // domain-spec
};

// Whether a TXT record is one of SPF at all: "v=spf1" and then a space or nothing (§4.5).
bool is_record(std::string_view text);

Result<Record, SyntaxError> parse_record(std::string_view text);

} // namespace maild::policy::spf
