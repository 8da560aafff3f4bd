#pragma once
// What the division of memory (memory_plan.hpp) took from an admin who has not asked for it: where
// limits.memory is not set, a host with little memory gets less than its settings say. The log
// tells it once, at the start. Pure, but for that.

#include "daemon/config.hpp"

#include <string>

namespace maild::daemon {

// "pool.workers 4 to 2, …": what is less than it would be with memory enough, and how much it is
// now. Empty: nothing, or limits.memory is set.
std::string reduced_by_memory(const Config& config);
// The least with which all works is more than there is, and nobody has set limits.memory.
bool has_too_little_memory(const Config& config);
// Whether processes are to give back at once what they no longer need, which costs some time.
bool saves_memory(const Config& config);
void warn_of_memory(const Config& config);

} // namespace maild::daemon
