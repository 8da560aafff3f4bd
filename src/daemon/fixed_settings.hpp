#pragma once
// What a reload cannot change, because it is fixed for the life of the processes, or was divided
// among them at the start (memory_plan.hpp).

#include "daemon/config.hpp"

#include <string>

namespace maild::daemon {

// Such a setting keeps its value in `next`; the log is told which, and so is the admin by what
// comes back: a sentence, or nothing.
std::string keep_fixed(const Config& now, Config& next);

} // namespace maild::daemon
