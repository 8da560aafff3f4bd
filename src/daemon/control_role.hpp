#pragma once
// The role `control`: answers mailctl, by asking the others.
//
// Runs as: maild.   May touch: the control socket, its sockets to auth, store, trace, workers
// and supervisor; reads the log through a descriptor that it is given. Never touches: any other
// file, mail bodies, private keys, the network.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_control();

} // namespace maild::daemon
