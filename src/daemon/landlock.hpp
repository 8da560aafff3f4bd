#pragma once
// Landlock: the kernel takes from this process every file but those below a few directories, and
// TCP, and signals to others, as far as its version can (ABI 1 files, 3 truncation, 4 TCP, 6
// signals and abstract sockets).

#include "maild/base/error.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace maild::daemon {

struct FileAccess {
    std::vector<std::string> directories; // all that files and directories need, but not execute
    std::vector<std::string> readable;    // single files, and what lies below directories
    std::vector<std::uint16_t> ports{};   // TCP may be connected to these, at any host
};

// The ABI in force afterwards; 0 where the kernel has none. Needs NO_NEW_PRIVS. All threads that
// are created later inherit it.
Result<int> restrict_files_and_network(const FileAccess& access);

} // namespace maild::daemon
