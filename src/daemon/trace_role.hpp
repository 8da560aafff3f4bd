#pragma once
// The role `trace`: keeps what workers say of each mail transaction, and finds it again for
// `mailctl`. There is such a process only where [trace] is on.
//
// Runs as: maild.   May touch: DATA/trace, its sockets to workers and control.
// Never touches: the network, mail, keys. Without it mail goes its way, and is not remembered.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_trace();

} // namespace maild::daemon
