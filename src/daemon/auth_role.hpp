#pragma once
// The role `auth`: knows the domains, accounts and passwords, and holds the private keys.
//
// Runs as: maild-auth.   May touch: directory.db, the certificate it made for itself, its sockets
// to the other roles. Never touches: the network, mail.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_auth();

} // namespace maild::daemon
