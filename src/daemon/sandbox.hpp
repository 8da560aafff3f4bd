#pragma once
// The walls around one role, from the outside in: its own user, then Landlock, then seccomp. What
// the kernel lacks is said in the facts and the log, and the role runs without it (DESIGN §2).
//
//   role      files below                 system calls
//   worker    none                        sockets
//   control   none                        sockets
//   auth      DATA/directory, DATA/tls    files, threads
//   oauth     resolv.conf, hosts (read)   new IP sockets (TCP: port 53 and the issuer's), threads
//   resolver  resolv.conf, anchor (read) new IP sockets (TCP: the name servers' ports), threads
//   store     DATA/shard                  files, threads

#include "daemon/config.hpp"
#include "daemon/status.hpp"

#include "maild/base/error.hpp"

namespace maild::daemon {

// Loads what libraries would otherwise open at their first use, when they may not any more:
// OpenSSL's configuration and random state, ICU's converters, the time zone.
Result<void> preload_libraries();

// Whether the file of that name is another one than when the sandbox was entered, which it does not
// know: only a new process can read it.
bool is_forbidden(const char* file);

// Behind drop_privileges(). One way only; threads made later are inside, earlier ones are not.
Result<void> enter_sandbox(Role role, const Config& config, SandboxFacts& facts);

} // namespace maild::daemon
