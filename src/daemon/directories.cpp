#include "daemon/directories.hpp"

#include "daemon/account.hpp"

#include "maild/base/unique_fd.hpp"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

Result<void> give(int fd, const DirectoryWish& wish) {
    struct stat facts{};
    if (::fstat(fd, &facts) != 0) return fail_errno(wish.path);
    const bool is_its_own = facts.st_uid == wish.uid;
    if (!is_its_own && facts.st_uid != ::geteuid()) {
        return fail(Errc::not_permitted, wish.path + " belongs to " + name_of_user(facts.st_uid) +
                                             "; chown it to " + name_of_user(wish.uid) +
                                             ", with what is in it");
    }
    const bool needs_owner = !is_its_own || facts.st_gid != wish.gid;
    if (needs_owner && ::geteuid() == 0 && ::fchown(fd, wish.uid, wish.gid) != 0) {
        return fail_errno(wish.path);
    }
    if ((facts.st_mode & 07777) != wish.mode && ::fchmod(fd, wish.mode) != 0) {
        return fail_errno(wish.path);
    }
    return {};
}

} // namespace

Result<void> make_directory(const DirectoryWish& wish) {
    const auto slash = wish.path.rfind('/');
    const auto above = wish.path.substr(0, std::max<std::size_t>(slash, 1));
    const auto name = wish.path.substr(slash + 1);
    const UniqueFd parent(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!parent) return fail_errno(above);
    const bool is_new = ::mkdirat(parent.get(), name.c_str(), 0700) == 0;
    if (!is_new && errno != EEXIST) return fail_errno(wish.path);
    // Else a power cut could take away a directory with mail in it that was acknowledged.
    if (is_new && ::fsync(parent.get()) != 0) return fail_errno(above);
    const UniqueFd directory(
        ::openat(parent.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory) return fail_errno(wish.path);
    return give(directory.get(), wish);
}

Result<void> make_directories(const Config& config, bool is_root) {
    const auto mine = Account{{}, ::geteuid(), ::getegid()};
    const auto owner = [&](const std::string& name) {
        return is_root ? find_account(name).value_or(mine) : mine;
    };
    const auto auth = owner(config.users.auth);
    const auto store = owner(config.users.store);
    const auto control = owner(config.users.control);
    const auto& paths = config.paths;
    for (const auto& wish : {DirectoryWish{paths.run, 0755, mine.uid, mine.gid},
                             DirectoryWish{paths.data, 0711, mine.uid, mine.gid},
                             DirectoryWish{paths.directory(), 0700, auth.uid, auth.gid},
                             DirectoryWish{paths.tls(), 0700, auth.uid, auth.gid},
                             DirectoryWish{paths.shards(), 0700, store.uid, store.gid},
                             DirectoryWish{paths.traces(), 0700, control.uid, control.gid}}) {
        const auto made = make_directory(wish);
        if (!made) return made;
    }
    if (!config.local.is_enabled) return {};
    // Everybody may leave mail there, nobody but us look, and nobody remove another's.
    return make_directory({paths.maildrop(), 01733, mine.uid, mine.gid});
}

} // namespace maild::daemon
