#pragma once
// A user of this host, looked up before privileges are dropped: later, nothing may open the files
// and sockets of the name service.

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>

namespace maild::daemon {

struct Account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
};

std::optional<Account> find_account(const std::string& name);
std::string name_of_user(uid_t uid); // the number when it has no name

} // namespace maild::daemon
