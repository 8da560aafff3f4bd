#include "daemon/detach.hpp"

#include "daemon/startup_report.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

[[noreturn]] void leave_to_daemon(UniqueFd report) {
    const auto outcome = await_startup(std::move(report));
    if (!outcome.reason.empty()) std::fprintf(stderr, "maild: %s\n", outcome.reason.c_str());
    ::_exit(outcome.exit_code);
}

} // namespace

void fill_standard_descriptors() {
    int fd = ::open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO) fd = ::open("/dev/null", O_RDWR);
    if (fd > STDERR_FILENO) ::close(fd);
}

std::vector<int> inherited_descriptors() {
    std::vector<int> out;
    const int first = SD_LISTEN_FDS_START + std::max(0, ::sd_listen_fds(0));
    DIR* directory = ::opendir("/proc/self/fd");
    if (directory == nullptr) return out;
    while (const dirent* entry = ::readdir(directory)) {
        int fd = -1;
        const char* end = entry->d_name + std::strlen(entry->d_name);
        if (std::from_chars(entry->d_name, end, fd).ptr != end) continue;
        if (fd >= first && fd != ::dirfd(directory)) out.push_back(fd);
    }
    ::closedir(directory);
    return out;
}

std::uint64_t raise_descriptor_limit(std::uint64_t wanted) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_max < wanted) {
        const rlimit more{wanted, wanted};
        if (::setrlimit(RLIMIT_NOFILE, &more) == 0) return wanted;
    }
    const rlimit most{limit.rlim_max, limit.rlim_max};
    return ::setrlimit(RLIMIT_NOFILE, &most) == 0 ? limit.rlim_max : limit.rlim_cur;
}

Result<UniqueFd> fork_first() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return fail_errno("pipe");
    UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("fork");
    if (pid == 0) return write_end;
    write_end.reset();
    leave_to_daemon(std::move(read_end));
}

void set_umask() { ::umask(0077); }

Result<void> leave_session() {
    if (::setsid() < 0) return fail_errno("setsid");
    const pid_t pid = ::fork();
    if (pid < 0) return fail_errno("fork");
    if (pid > 0) ::_exit(EX_OK); // the leader; the first parent waits for the pipe, not for it
    return {};
}

Result<void> change_to_safe_directory() {
    if (::chdir("/") != 0) return fail_errno("chdir /");
    return {};
}

Result<void> redirect_standard_descriptors() {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!null) return fail_errno("/dev/null");
    for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::dup2(null.get(), fd) < 0) return fail_errno("dup2");
    }
    return {};
}

void close_descriptors(const std::vector<int>& descriptors) {
    for (const int fd : descriptors) ::close(fd);
}

} // namespace maild::daemon
