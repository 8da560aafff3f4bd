#pragma once
// `mailctl message verify`: the checks of module policy, asked from the command line. The parts
// that do not depend on a terminal or the network.

#include "control/session.hpp"

#include "maild/base/clock.hpp"
#include "maild/policy/spf.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace maild::control {

// "1700000000" or "2023-11-14T22:13:20Z" (RFC 3339, UTC only).
std::optional<WallTime> parse_verify_time(std::string_view text);

// The client that --ip, --helo and --mail-from describe; invalid_argument says what is wrong.
Result<policy::spf::Client> verified_client(const Session& session);

} // namespace maild::control
