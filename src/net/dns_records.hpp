#pragma once
// Record data as the wire has it (RFC 1035 §3.3), uncompressed, and names as libunbound wants them.
// Pure, total, bounded by what is given.

#include "maild/net/resolver.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::net {

// Labels joined by dots; the root is empty. Nothing for what is no name, and for names with a dot
// or NUL inside a label, which this form cannot tell from others. Takes the name from `wire`.
std::optional<std::string> take_wire_name(std::string_view& wire);

// Adds one record's data to the list of its type; false when it is malformed.
bool append_record(DnsAnswer& answer, DnsType type, std::string_view rdata);

// In the form of zone files (RFC 1035 §5.1): what is not a letter, digit, "-" or "_" as \DDD.
std::string escape_name(std::string_view name);

} // namespace maild::net
