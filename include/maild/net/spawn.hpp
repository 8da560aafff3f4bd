#pragma once
// Starting coroutines and handing work to a worker's thread.

#include "maild/net/task.hpp"

#include <functional>
#include <string>
#include <vector>

namespace maild::net {

// Runs `task` beside everything else on `io`. An exception that leaves it is logged under `name`
// and ends only it. What the task refers to must live as long as it runs: pass values or
// shared_ptr.
void spawn(boost::asio::io_context& io, Task<void> task, std::string name);

// All of them at once, beside each other; done when the last one is. The first exception that
// leaves one is thrown then.
Task<void> all(std::vector<Task<void>> tasks);

// Lets everybody else on this thread who is ready go first.
Task<void> yield();

// From any thread: `job` runs on io's thread, soon, never inside this call.
void post(boost::asio::io_context& io, std::move_only_function<void()> job);

} // namespace maild::net
