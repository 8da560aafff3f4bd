#pragma once
// Asks the issuer of [oauth] about access tokens, for auth. There is such a process only where
// [oauth] is configured.
// Runs as: users.sender. May touch: connections to the issuer, names (DNS, /etc/hosts), its client
// secret. Never touches: any other file, passwords, keys, mail. What it says of a token is
// believed: whoever has taken it over can log in as anybody.

#include "daemon/role.hpp"

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_oauth();

} // namespace maild::daemon
