#include "daemon/privileges.hpp"

#include "daemon/account.hpp"

#include <array>
#include <cerrno>
#include <grp.h>
#include <linux/capability.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

// Needs CAP_SETPCAP, so root only; a capability that this kernel does not know ends the row.
Result<void> empty_bounding_set() {
    for (int capability = 0; capability < 64; ++capability) {
        if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
        if (errno == EINVAL) return {};
        return fail_errno("PR_CAPBSET_DROP");
    }
    return {};
}

Result<void> become(const Identity& identity) {
    const gid_t gid = identity.gid;
    if (::setgroups(1, &gid) != 0) return fail_errno("setgroups");
    if (::setresgid(gid, gid, gid) != 0) return fail_errno("setresgid");
    if (::setresuid(identity.uid, identity.uid, identity.uid) != 0) return fail_errno("setresuid");
    return {};
}

// A kernel or a container may say yes and do otherwise: believe what it says now, and try.
Result<void> check_became(const Identity& identity) {
    uid_t user[3] = {};
    gid_t group[3] = {};
    ::getresuid(&user[0], &user[1], &user[2]);
    ::getresgid(&group[0], &group[1], &group[2]);
    for (int i = 0; i < 3; ++i) {
        if (user[i] != identity.uid || group[i] != identity.gid) {
            return fail(Errc::not_permitted, "the user did not change");
        }
    }
    if (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setgid(0) == 0 || ::setegid(0) == 0) {
        return fail(Errc::not_permitted, "root came back");
    }
    return {};
}

using CapabilitySets = std::array<__user_cap_data_struct, 2>;

Result<CapabilitySets> capabilities() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    CapabilitySets sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) return fail_errno("capget");
    return sets;
}

Result<void> empty_capabilities(SandboxFacts& facts) {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const CapabilitySets none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0) return fail_errno("capset");
    const auto left = capabilities();
    if (!left) return std::unexpected(left.error());
    for (const auto& set : *left) {
        if ((set.effective | set.permitted | set.inheritable) != 0) {
            return fail(Errc::not_permitted, "capabilities are left");
        }
    }
    facts.no_capabilities = true;
    return {};
}

Result<void> never_again(SandboxFacts& facts) {
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail_errno("PR_SET_NO_NEW_PRIVS");
    facts.no_new_privileges = ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
    return hide_memory();
}

} // namespace

// Both: a program that takes core files over a pipe gets them whatever the limit says (core(5)).
Result<void> hide_memory() {
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return fail_errno("PR_SET_DUMPABLE");
    const rlimit none{0, 0};
    if (::setrlimit(RLIMIT_CORE, &none) != 0) return fail_errno("RLIMIT_CORE");
    return {};
}

Identity identity_of(const std::string& user) {
    const auto account = ::geteuid() == 0 ? find_account(user) : std::nullopt;
    if (account) return {account->name, account->uid, account->gid, true};
    return {name_of_user(::geteuid()), ::geteuid(), ::getegid(), false};
}

Result<void> drop_privileges(const Identity& identity, SandboxFacts& facts) {
    if (identity.change) {
        auto done = empty_bounding_set();
        if (done) done = become(identity);
        if (done) done = check_became(identity);
        if (!done) return done;
        facts.own_user = true;
    } else {
        facts.lost += "no user of its own (not started by root); ";
    }
    const auto emptied = empty_capabilities(facts);
    if (!emptied) return emptied;
    return never_again(facts);
}

Result<void> limit_memory(std::uint64_t bytes) {
    const rlimit limit{bytes, bytes};
    if (::setrlimit(RLIMIT_DATA, &limit) != 0) return fail_errno("RLIMIT_DATA");
    return {};
}

} // namespace maild::daemon
