#pragma once
// The steps by which a command becomes a daemon (DESIGN §2), each a function of its name;
// program.cpp calls them in order.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <cstdint>
#include <vector>

namespace maild::daemon {

// First of all: descriptors 0–2 that are closed become /dev/null, lest a socket or a database takes
// their numbers and is written to as standard error.
void fill_standard_descriptors();

// What the shell or init left open beyond 0–2 and systemd's sockets: noted before we open anything.
std::vector<int> inherited_descriptors();

// As many descriptors as the hard limit allows (root: as many as `wanted`); how many there are now.
std::uint64_t raise_descriptor_limit(std::uint64_t wanted);

// Forks. In the first parent it does not return: it waits for the report of the daemon, says why
// not where it has to, and exits. In the child: the pipe for that report.
Result<UniqueFd> fork_first();

// Files are made with the modes that we say, and never more.
void set_umask();

// A session of its own, then a child that is not its leader: no terminal can ever become its
// controlling one.
Result<void> leave_session();

// Keeps no file system busy.
Result<void> change_to_safe_directory();

// /dev/null on 0, 1 and 2, and nothing left of what was inherited.
Result<void> redirect_standard_descriptors();
void close_descriptors(const std::vector<int>& descriptors);

} // namespace maild::daemon
