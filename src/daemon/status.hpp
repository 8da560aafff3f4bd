#pragma once
// Which processes run and how well they are locked in: kept by the supervisor, shown by `mailctl
// server status`.

#include "maild/base/clock.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace maild::daemon {

enum class Role : std::uint8_t { worker, auth, oauth, store, control, resolver, trace, sender };

std::string_view name_of(Role role); // "worker"

// What the kernel granted to a role; what it lacks is said, and the role runs without (DESIGN §2).
struct SandboxFacts {
    bool own_user = false; // setresuid to the role's user, and it cannot come back
    bool no_new_privileges = false;
    bool no_capabilities = false;  // effective, permitted, inheritable and ambient sets are empty
    std::int32_t landlock_abi = 0; // 0: not there
    bool seccomp = false;
    std::string lost; // in words, empty when nothing is missing
};

enum class ProcessState : std::uint8_t {
    starting,
    ready,
    draining,
    waiting
}; // waiting: died, back-off runs

std::string_view name_of(ProcessState state);

struct ProcessStatus {
    Role role = Role::worker;
    std::uint32_t index = 0;
    std::int32_t pid = 0; // 0 while waiting
    std::string user;
    ProcessState state = ProcessState::starting;
    WallTime since;             // of the state
    std::uint32_t restarts = 0; // since the daemon started
    std::string text;           // what the role says of itself, or why it died last
    SandboxFacts sandbox;
};

struct ServerStatus {
    std::string version;
    std::int32_t pid = 0; // the supervisor
    WallTime started;
    bool is_stopping = false;
    std::vector<ProcessStatus> processes;
};

} // namespace maild::daemon
