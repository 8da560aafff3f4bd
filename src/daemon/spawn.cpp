#include "daemon/spawn.hpp"

#include "daemon/role_process.hpp"

#include <array>
#include <csignal>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>
#include <vector>

namespace maild::daemon {
namespace {

// What systemd told the supervisor is not for its children.
std::vector<char*> child_environment() {
    constexpr std::array<std::string_view, 7> kSecret{
        "NOTIFY_SOCKET=", "LISTEN_FDS=",    "LISTEN_PID=", "LISTEN_FDNAMES=",
        "WATCHDOG_PID=",  "WATCHDOG_USEC=", "LD_PRELOAD="};
    std::vector<char*> out;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        bool keep = true;
        for (const auto name : kSecret) keep = keep && !text.starts_with(name);
        if (keep) out.push_back(*entry);
    }
    out.push_back(nullptr);
    return out;
}

void reset_signals() {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    for (int signal = 1; signal < NSIG; ++signal) ::sigaction(signal, &action, nullptr);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Between fork and exec: only what needs no memory of its own.
[[noreturn]] void become_role(int channel, pid_t parent, char* const* arguments,
                              char* const* environment) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (::getppid() != parent) ::_exit(EX_OSERR); // it died before the signal was set
    if (channel == kChannelDescriptor)
        ::fcntl(channel, F_SETFD, 0);
    else if (::dup2(channel, kChannelDescriptor) < 0)
        ::_exit(EX_OSERR);
    ::syscall(SYS_close_range, kChannelDescriptor + 1, ~0u, 0);
    reset_signals();
    ::execve("/proc/self/exe", arguments, environment);
    ::_exit(EX_OSERR);
}

Result<pid_t> spawn(std::vector<std::string> words, int channel) {
    words.insert(words.begin(), "maild");
    std::vector<char*> arguments;
    for (auto& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto environment = child_environment();
    const pid_t parent = ::getpid();
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("fork");
    if (pid == 0) become_role(channel, parent, arguments.data(), environment.data());
    return pid;
}

} // namespace

Result<pid_t> spawn_role(Role role, std::uint32_t index, UniqueFd channel) {
    return spawn({"--role", std::string(name_of(role)), "--index", std::to_string(index)},
                 channel.get());
}

Result<pid_t> spawn_pickup(const PickupOption& option, int log) {
    return spawn(format_pickup(option), log);
}

} // namespace maild::daemon
