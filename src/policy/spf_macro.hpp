#pragma once
// The macro language of SPF (RFC 7208 §7): syntax and expansion. Pure and linear; whatever a text
// of macros makes, no more of it is kept than kMaxExpansion.

#include "maild/base/cursor.hpp"
#include "maild/net/ip.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace maild::policy::spf {

inline constexpr std::size_t kMaxExpansion = 4096; // octets; a name needs the last 253 of them

// Where a macro-string stands: "c", "r" and "t" are for explanations alone (§7.2).
enum class MacroUse : std::uint8_t { domain, explanation };

// What the letters mean during one check. Local parts that are not ASCII have no expansion.
struct MacroValues {
    std::string local_part;    // "l"
    std::string sender_domain; // "o"
    std::string domain;        // "d"
    net::IpAddress ip;         // "i", "c", "v"
    std::string helo;          // "h"
    std::string validated;     // "p"; "unknown" without one
    std::string receiver;      // "r"
    std::int64_t now = 0;      // "t"
};

// macro-string, to the end of the input.
bool is_macro_string(std::string_view text, MacroUse use);
// explain-string = *( macro-string / SP )
bool is_explain_string(std::string_view text);
// domain-spec = macro-string domain-end
bool is_domain_spec(std::string_view text);
// Whether the validated name of the client is needed.
bool uses_validated_name(std::string_view text);

// Of a text with good syntax. Nothing where the local part is not ASCII and is asked for (RFC 8616
// §4).
std::optional<std::string> expand(std::string_view text, const MacroValues& values);
// As a name to ask for: without a dot at the end, labels taken away on the left until it has 253
// octets (§7.3).
std::optional<std::string> expand_domain(std::string_view text, const MacroValues& values);

} // namespace maild::policy::spf
