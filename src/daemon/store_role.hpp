#pragma once
// The role `store`: keeps the mail (DESIGN §3).
//
// Runs as: maild-store.   May touch: the shards, its sockets to workers and control.
// Never touches: the network, private keys, password hashes.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_store();

} // namespace maild::daemon
