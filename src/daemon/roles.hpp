#pragma once
// Every role's program, by name.

#include "daemon/role.hpp"

#include <memory>

namespace maild::daemon {

std::unique_ptr<RoleProgram> make_role(Role role);

} // namespace maild::daemon
