#pragma once
// Giving up for good what a role does not need. Irrevocable: after drop_privileges() this process
// has the role's user and groups alone, no capability, and nothing that it executes can gain any.

#include "daemon/messages.hpp"
#include "daemon/status.hpp"

#include "maild/base/error.hpp"

#include <string>

namespace maild::daemon {

// The user that a role is to become: its own where this process is root's and has found it, else
// the one that this process is.
Identity identity_of(const std::string& user);

// setgroups, setresgid, setresuid, each checked, and checked again that root cannot come back; then
// capabilities, NO_NEW_PRIVS, not dumpable, no core files. Without identity.change the user stays,
// and facts.lost says so. Fills in its part of `facts`.
Result<void> drop_privileges(const Identity& identity, SandboxFacts& facts);

// Neither a debugger of the same user nor a core file may see what this process knows: for the
// supervisor, which makes the secret of the tokens, and part of drop_privileges().
Result<void> hide_memory();

// The kernel refuses this process more private memory (RLIMIT_DATA): an allocation fails, and with
// it one session, instead of the whole host.
Result<void> limit_memory(std::uint64_t bytes);

} // namespace maild::daemon
