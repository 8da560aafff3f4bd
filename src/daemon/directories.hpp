#pragma once
// The directories that Maild needs, made with the right owner and mode before any role runs. No
// symbolic link is followed, and none that another user could have planted is taken.

#include "daemon/config.hpp"

#include "maild/base/error.hpp"

#include <cstdint>
#include <string>
#include <sys/types.h>

namespace maild::daemon {

struct DirectoryWish {
    std::string path;
    mode_t mode = 0700;
    uid_t uid = 0;
    gid_t gid = 0;
};

// Makes it, or sees to it that what is there is a directory of this owner and mode. One that root
// left behind half made is given to its owner; one of anybody else is not_permitted.
Result<void> make_directory(const DirectoryWish& wish);

// run, data, and each role's part of data.
Result<void> make_directories(const Config& config, bool is_root);

} // namespace maild::daemon
