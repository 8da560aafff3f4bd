#include "daemon/landlock.hpp"

#include "maild/base/unique_fd.hpp"

#include <array>
#include <cerrno>
#include <cstdint>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

// The headers of Debian 12 know ABI 2; these are Linux 6.2, 6.7, 6.10 and 6.12.
constexpr std::uint64_t kFsTruncate = 1ull << 14;
constexpr std::uint64_t kFsIoctlDevice = 1ull << 15;
constexpr std::uint64_t kNetBindTcp = 1ull << 0;
constexpr std::uint64_t kNetConnectTcp = 1ull << 1;
constexpr int kRuleNetPort = 2; // LANDLOCK_RULE_NET_PORT
constexpr std::uint64_t kScopeAbstractUnixSocket = 1ull << 0;
constexpr std::uint64_t kScopeSignal = 1ull << 1;

struct RulesetAttributes { // struct landlock_ruleset_attr of Linux 6.12
    std::uint64_t handled_access_fs = 0;
    std::uint64_t handled_access_net = 0;
    std::uint64_t scoped = 0;
};

struct PortAttributes { // struct landlock_net_port_attr
    std::uint64_t allowed_access = 0;
    std::uint64_t port = 0;
};

std::uint64_t file_rights(int abi) {
    std::uint64_t rights = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1; // ABI 1: the first thirteen
    if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
    if (abi >= 3) rights |= kFsTruncate;
    if (abi >= 5) rights |= kFsIoctlDevice;
    return rights;
}

RulesetAttributes everything(int abi) {
    RulesetAttributes attributes;
    attributes.handled_access_fs = file_rights(abi);
    if (abi >= 4) attributes.handled_access_net = kNetBindTcp | kNetConnectTcp;
    if (abi >= 6) attributes.scoped = kScopeAbstractUnixSocket | kScopeSignal;
    return attributes;
}

// Older kernels want a shorter struct.
std::size_t attributes_size(int abi) {
    if (abi >= 6) return sizeof(RulesetAttributes);
    return abi >= 4 ? 2 * sizeof(std::uint64_t) : sizeof(std::uint64_t);
}

Result<void> allow(int ruleset, const std::string& path, std::uint64_t rights) {
    const UniqueFd target(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!target) return fail_errno(path);
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = target.get();
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return fail_errno("landlock_add_rule " + path);
    }
    return {};
}

Result<void> allow_connecting(int ruleset, std::uint16_t port) {
    const PortAttributes rule{kNetConnectTcp, port};
    if (::syscall(SYS_landlock_add_rule, ruleset, kRuleNetPort, &rule, 0) != 0)
        return fail_errno("landlock_add_rule for a port");
    return {};
}

std::uint64_t directory_rights(int abi) {
    auto rights = std::uint64_t{LANDLOCK_ACCESS_FS_READ_FILE} | LANDLOCK_ACCESS_FS_WRITE_FILE |
                  LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                  LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                  LANDLOCK_ACCESS_FS_MAKE_REG;
    if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER; // rename from one directory to another
    if (abi >= 3) rights |= kFsTruncate;
    return rights;
}

} // namespace

Result<int> restrict_files_and_network(const FileAccess& access) {
    const auto answer =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (answer < 1) return 0; // ENOSYS or EOPNOTSUPP: not built in, or switched off at boot
    const int abi = static_cast<int>(answer);
    const auto attributes = everything(abi);
    const UniqueFd ruleset(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, attributes_size(abi), 0)));
    if (!ruleset) return fail_errno("landlock_create_ruleset");
    for (const auto& directory : access.directories) {
        const auto allowed = allow(ruleset.get(), directory, directory_rights(abi));
        if (!allowed) return std::unexpected(allowed.error());
    }
    for (const auto& file : access.readable) {
        const auto allowed = allow(ruleset.get(), file, LANDLOCK_ACCESS_FS_READ_FILE);
        if (!allowed) return std::unexpected(allowed.error());
    }
    for (const auto port : access.ports) {
        if (abi < 4) break; // this kernel restricts no TCP
        const auto allowed = allow_connecting(ruleset.get(), port);
        if (!allowed) return std::unexpected(allowed.error());
    }
    if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
        return fail_errno("landlock_restrict_self");
    }
    return abi;
}

} // namespace maild::daemon
