#pragma once
// A new process for a role: forked, and executed anew from the binary that runs now, so that no two
// roles share an address-space layout and none inherits the supervisor's memory.

#include "daemon/options.hpp"
#include "daemon/status.hpp"

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <cstdint>
#include <sys/types.h>

namespace maild::daemon {

// `maild --role NAME --index N` with `channel` as descriptor 3 and nothing else beyond 0–2, default
// signals, and SIGTERM when the supervisor dies.
Result<pid_t> spawn_role(Role role, std::uint32_t index, UniqueFd channel);
// `maild --pickup …` likewise, with the log as descriptor 3.
Result<pid_t> spawn_pickup(const PickupOption& option, int log);

} // namespace maild::daemon
