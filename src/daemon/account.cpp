#include "daemon/account.hpp"

#include <array>
#include <pwd.h>

namespace maild::daemon {

std::optional<Account> find_account(const std::string& name) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16 * 1024> buffer{};
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0) return {};
    if (found == nullptr) return {};
    return Account{name, found->pw_uid, found->pw_gid};
}

std::string name_of_user(uid_t uid) {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16 * 1024> buffer{};
    ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found);
    return found == nullptr ? std::to_string(uid) : std::string(found->pw_name);
}

} // namespace maild::daemon
