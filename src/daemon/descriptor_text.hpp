#pragma once
// Files that another process has opened for a role.

#include "maild/base/error.hpp"

#include <cstddef>
#include <string>

namespace maild::daemon {

// To its end; too_large beyond the limit.
Result<std::string> read_all(int fd, std::size_t limit = 1024 * 1024);

} // namespace maild::daemon
