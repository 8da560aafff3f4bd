#pragma once
// SASLprep (RFC 4013) as a profile for stored strings: a password as SCRAM's keys are made of it.

#include <string>
#include <string_view>

namespace maild::auth {

// What the profile does not allow (prohibited or unassigned characters, mixed directions) comes
// back as it is: such a password can still be used where both ends take its octets.
std::string sasl_prep(std::string_view password);

} // namespace maild::auth
