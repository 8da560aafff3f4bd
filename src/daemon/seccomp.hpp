#pragma once
// seccomp: which system calls a role may make; any other ends the process at once (SIGSYS), and the
// supervisor says which role fell. The lists are what the role's code needs and no more; see
// seccomp.cpp.

#include "maild/base/error.hpp"

namespace maild::daemon {

enum class SystemCalls : std::uint8_t {
    sockets,     // what comes over descriptors that it was given: no file, no new socket, no thread
    files,       // and files, and threads: no socket at all
    connections, // and new IP sockets, connected from here, threads, and files to be read
    lookups,     // and such sockets with a port of their own: UDP from anywhere
};

// Needs NO_NEW_PRIVS. Errc::unavailable where the kernel, or this build (sanitizers), has none.
Result<void> restrict_system_calls(SystemCalls allowed);

} // namespace maild::daemon
