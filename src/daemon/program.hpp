#pragma once
// maild from its command line to its exit code: the supervisor, or with --role one of its children.

#include "daemon/role.hpp"

namespace maild::daemon {

int run_program(int argc, char** argv, RoleFactory factory);

} // namespace maild::daemon
