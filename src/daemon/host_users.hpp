#pragma once
// Users of this host as /etc/passwd (passwd(5)) names them. Workers can open no file, so the
// supervisor reads it and tells them. Users of other sources (LDAP, NIS) have no names here.

#include "maild/base/clock.hpp"
#include "maild/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace maild::daemon {

inline constexpr std::size_t kMaxHostUsers = 4'000; // the rest have no names
inline constexpr std::size_t kMaxUserName = 32;     // useradd(8)

struct HostUser {
    std::uint32_t uid = 0;
    std::string name;
    friend bool operator==(const HostUser&, const HostUser&) = default;
};

// Those with names that can stand in an address: [0-9A-Za-z_][0-9A-Za-z._-]*. Total.
std::vector<HostUser> parse_users(std::string_view passwd);

class HostUsers {
public:
    // Of several names of one uid the first is taken.
    void set(std::vector<HostUser> users);
    std::string name_of(std::uint32_t uid) const; // "uid-1000" for one that is not known
    bool has(std::string_view name) const { return names_.contains(std::string(name)); }

private:
    std::unordered_map<std::uint32_t, std::string> by_uid_;
    std::unordered_set<std::string> names_;
};

// Looks whether the file is another one, and reads it then.
class UserFile {
public:
    explicit UserFile(std::string path) : path_(std::move(path)) {}
    // True: users() is new. A file that cannot be read leaves what was there.
    bool look();
    const std::vector<HostUser>& users() const { return users_; }

private:
    struct Mark { // of the file that was read
        std::uint64_t device = 0;
        std::uint64_t inode = 0;
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        std::int64_t size = -1;
        friend bool operator==(const Mark&, const Mark&) = default;
    };
    std::string path_;
    Mark mark_;
    std::vector<HostUser> users_;
};

} // namespace maild::daemon
