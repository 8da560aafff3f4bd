#pragma once
// One URI of rua=, in DMARC's records and in those of TLS reports.

#include "maild/report/outgoing.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace maild::report {

// "mailto:" addr-spec (RFC 6068, of which nothing else has a sense here), and a size.
std::optional<Destination> destination_of(std::string_view uri);
bool is_known(const std::vector<Destination>& all, const mail::Address& address);

} // namespace maild::report
