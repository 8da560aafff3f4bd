#pragma once
// Where the log goes: opened once by the supervisor, written by every process through the same
// descriptor.

#include "daemon/messages.hpp"

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

namespace maild::daemon {

// A file opened for appending (mode 0640, never through a symbolic link), standard error's copy, or
// a datagram socket for the system's log.
Result<UniqueFd> open_log(const LogSettings& settings);

// The same file, to be read; none where the log is no file.
UniqueFd open_log_reader(const LogSettings& settings);

// From now on this process logs there. `descriptor` is borrowed and stays open until the next call.
void use_log(const LogOutput& output, int descriptor);

} // namespace maild::daemon
