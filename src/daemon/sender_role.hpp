#pragma once
// The role `sender`: sends what waits in the queue to other hosts, and tells senders what became of
// it. There is such a process only where [queue] sending is on.
//
// Runs as: users.sender.   May touch: other hosts, on the ports of the queue, of its routes and of
// HTTPS (MTA-STS); passwords of routes, read before the sandbox; its sockets to store, auth
// (whom a reverse-path leads to), resolver and trace, and the one on which
// `control` asks it to try a way. Never touches: files, keys, mail that does
// not go out. Whoever has taken it over can read what waits to be sent, say that it was sent or
// refused, and deliver reports to those whom `auth` names for an address.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_sender();

} // namespace maild::daemon
