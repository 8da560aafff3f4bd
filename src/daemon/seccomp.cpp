#include "daemon/seccomp.hpp"

#include <seccomp.h>

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <linux/sched.h>
#include <memory>
#include <span>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#else
constexpr bool kIsSanitized = false;
#endif

// SCMP_A0 and its like leave the second value to be guessed.
constexpr scmp_arg_cmp equals(unsigned int argument, scmp_datum_t value) {
    return {.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value, .datum_b = 0};
}

// Memory, time, signals to itself, and descriptors that it has. mmap and mprotect are below: never
// with PROT_EXEC.
constexpr std::array kEverybody{SCMP_SYS(brk),
                                SCMP_SYS(munmap),
                                SCMP_SYS(mremap),
                                SCMP_SYS(madvise),
                                SCMP_SYS(futex),
                                SCMP_SYS(rseq),
                                SCMP_SYS(set_robust_list),
                                SCMP_SYS(sched_yield),
                                SCMP_SYS(getrandom),
                                SCMP_SYS(clock_gettime),
                                SCMP_SYS(clock_getres),
                                SCMP_SYS(gettimeofday),
                                SCMP_SYS(time),
                                SCMP_SYS(clock_nanosleep),
                                SCMP_SYS(nanosleep),
                                SCMP_SYS(alarm),
                                SCMP_SYS(getrusage),
                                SCMP_SYS(rt_sigaction),
                                SCMP_SYS(rt_sigprocmask),
                                SCMP_SYS(rt_sigreturn),
                                SCMP_SYS(sigaltstack),
                                SCMP_SYS(restart_syscall),
                                SCMP_SYS(exit),
                                SCMP_SYS(exit_group),
                                SCMP_SYS(getpid),
                                SCMP_SYS(gettid),
                                SCMP_SYS(getppid),
                                SCMP_SYS(getuid),
                                SCMP_SYS(geteuid),
                                SCMP_SYS(getgid),
                                SCMP_SYS(getegid),
                                SCMP_SYS(uname),
                                SCMP_SYS(read),
                                SCMP_SYS(readv),
                                SCMP_SYS(write),
                                SCMP_SYS(writev),
                                SCMP_SYS(close),
                                SCMP_SYS(fcntl),
                                SCMP_SYS(fstat),
                                SCMP_SYS(lseek),
                                SCMP_SYS(dup),
                                SCMP_SYS(recvmsg),
                                SCMP_SYS(recvfrom),
                                SCMP_SYS(getsockopt),
                                SCMP_SYS(setsockopt),
                                SCMP_SYS(getsockname),
                                SCMP_SYS(getpeername),
                                SCMP_SYS(epoll_create1),
                                SCMP_SYS(epoll_ctl),
                                SCMP_SYS(epoll_wait),
                                SCMP_SYS(epoll_pwait),
                                SCMP_SYS(epoll_pwait2),
                                SCMP_SYS(poll),
                                SCMP_SYS(ppoll),
                                SCMP_SYS(eventfd2),
                                SCMP_SYS(timerfd_create),
                                SCMP_SYS(timerfd_settime)};

// A large message body travels to the store as a sealed memfd (ipc::Blob).
constexpr std::array kSockets{SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(recvmmsg),
                              SCMP_SYS(memfd_create)};

// What SQLite and the packs do below the directories that Landlock left.
constexpr std::array kFiles{SCMP_SYS(open),
                            SCMP_SYS(openat),
                            SCMP_SYS(stat),
                            SCMP_SYS(lstat),
                            SCMP_SYS(newfstatat),
                            SCMP_SYS(statx),
                            SCMP_SYS(statfs),
                            SCMP_SYS(fstatfs),
                            SCMP_SYS(access),
                            SCMP_SYS(faccessat),
                            SCMP_SYS(readlink),
                            SCMP_SYS(readlinkat),
                            SCMP_SYS(getcwd),
                            SCMP_SYS(getdents64),
                            SCMP_SYS(pread64),
                            SCMP_SYS(pwrite64),
                            SCMP_SYS(preadv),
                            SCMP_SYS(pwritev),
                            SCMP_SYS(preadv2),
                            SCMP_SYS(pwritev2),
                            SCMP_SYS(fdatasync),
                            SCMP_SYS(fsync),
                            SCMP_SYS(sync_file_range),
                            SCMP_SYS(ftruncate),
                            SCMP_SYS(truncate),
                            SCMP_SYS(fallocate),
                            SCMP_SYS(fadvise64),
                            SCMP_SYS(copy_file_range),
                            SCMP_SYS(unlink),
                            SCMP_SYS(unlinkat),
                            SCMP_SYS(rename),
                            SCMP_SYS(renameat),
                            SCMP_SYS(renameat2),
                            SCMP_SYS(mkdir),
                            SCMP_SYS(mkdirat),
                            SCMP_SYS(rmdir),
                            SCMP_SYS(fchmod),
                            SCMP_SYS(fchmodat),
                            SCMP_SYS(fchown),
                            SCMP_SYS(utimensat),
                            SCMP_SYS(flock),
                            SCMP_SYS(umask),
                            SCMP_SYS(sched_getaffinity),
                            SCMP_SYS(memfd_create)};

// Connections that are opened here, and how libc finds addresses for them: by UDP (RFC 1035), which
// Landlock does not know, and files.
constexpr std::array kConnections{SCMP_SYS(connect), SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg),
                                  SCMP_SYS(newfstatat), SCMP_SYS(statx)};

// Asked for by libc, which has another way where the kernel has none: an error, not death. clone3
// hides its flags behind a pointer that a filter cannot read; clone shows them.
constexpr std::array kNotThere{SCMP_SYS(clone3), SCMP_SYS(faccessat2), SCMP_SYS(openat2)};

class Filter {
public:
    Filter() : context_(::seccomp_init(SCMP_ACT_KILL_PROCESS), &::seccomp_release) {}

    void allow(std::span<const int> calls) {
        for (const int call : calls) add(SCMP_ACT_ALLOW, call, {});
    }
    void allow_where(int call, scmp_arg_cmp condition) {
        add(SCMP_ACT_ALLOW, call, {&condition, 1});
    }
    void answer(int call, int error) {
        add(SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, {});
    }
    void answer_where(int call, int error, scmp_arg_cmp condition) {
        add(SCMP_ACT_ERRNO(static_cast<unsigned>(error)), call, {&condition, 1});
    }
    Result<void> load() {
        if (error_ == 0) error_ = ::seccomp_load(context_.get());
        if (error_ == 0) return {};
        return fail_errno("seccomp", -error_);
    }

private:
    void add(std::uint32_t action, int call, std::span<const scmp_arg_cmp> conditions) {
        if (context_ == nullptr) error_ = -ENOMEM;
        if (error_ != 0) return;
        error_ =
            ::seccomp_rule_add_array(context_.get(), action, call,
                                     static_cast<unsigned>(conditions.size()), conditions.data());
    }

    std::unique_ptr<void, decltype(&::seccomp_release)> context_;
    int error_ = 0;
};

void allow_memory_without_execution(Filter& filter) {
    const auto not_executable = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    filter.allow_where(SCMP_SYS(mmap), not_executable);
    filter.allow_where(SCMP_SYS(mprotect), not_executable);
}

void allow_some_of(Filter& filter) {
    filter.allow_where(SCMP_SYS(ioctl), equals(1, FIONBIO));
    filter.allow_where(SCMP_SYS(ioctl), equals(1, FIONREAD));
    filter.allow_where(SCMP_SYS(prctl), equals(0, PR_SET_NAME));
    filter.allow_where(SCMP_SYS(prlimit64), equals(2, 0)); // ask, not set
    // abort() sends itself a signal; others get none.
    const auto self = static_cast<scmp_datum_t>(::getpid());
    filter.allow_where(SCMP_SYS(tgkill), equals(0, self));
}

// Not what would connect without connect(2): a listener that was shut down takes a TCP fast open to
// anywhere. And a listener is shared with every worker and the supervisor: shut down for reading,
// it would be deaf for all of them.
void allow_talk_on_what_is_connected(Filter& filter) {
    filter.allow_where(SCMP_SYS(sendto), SCMP_A3(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
    filter.allow_where(SCMP_SYS(sendmsg), SCMP_A2(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
    filter.allow_where(SCMP_SYS(shutdown), equals(1, SHUT_WR));
}

void allow_threads(Filter& filter) {
    filter.allow_where(SCMP_SYS(clone), SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
}

// libunbound sends each question from a port of its own choice, speaks with its thread over pairs
// of sockets, and its event library wakes itself by a pipe.
constexpr std::array kLookups{SCMP_SYS(bind), SCMP_SYS(pipe2)};

void allow_connections(Filter& filter) {
    filter.allow(kConnections);
    filter.allow_where(SCMP_SYS(socket), equals(0, AF_INET));
    filter.allow_where(SCMP_SYS(socket), equals(0, AF_INET6));
    // getaddrinfo() would ask the kernel which addresses this host has, and goes on without.
    filter.answer_where(SCMP_SYS(socket), EAFNOSUPPORT, equals(0, AF_NETLINK));
    filter.answer_where(SCMP_SYS(socket), EAFNOSUPPORT, equals(0, AF_UNIX));
    constexpr scmp_datum_t kWriting = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
    filter.allow_where(SCMP_SYS(openat), SCMP_A2(SCMP_CMP_MASKED_EQ, kWriting, O_RDONLY));
    allow_threads(filter);
}

} // namespace

Result<void> restrict_system_calls(SystemCalls allowed) {
    if (kIsSanitized) return fail(Errc::unavailable, "this is a sanitizer's build");
    Filter filter;
    filter.allow(kEverybody);
    allow_memory_without_execution(filter);
    allow_some_of(filter);
    allow_talk_on_what_is_connected(filter);
    for (const int call : kNotThere) filter.answer(call, ENOSYS);
    if (allowed == SystemCalls::sockets) {
        filter.allow(kSockets);
    } else if (allowed == SystemCalls::connections) {
        allow_connections(filter);
    } else if (allowed == SystemCalls::lookups) {
        allow_connections(filter);
        filter.allow(kLookups);
        // libunbound tries it for each question by TCP, and after EPIPE connects as others do.
        filter.answer_where(SCMP_SYS(sendmsg), EPIPE,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, MSG_FASTOPEN));
        filter.allow_where(SCMP_SYS(socketpair), equals(0, AF_UNIX));
    } else {
        filter.allow(kFiles);
        filter.allow_where(SCMP_SYS(setpriority), equals(0, PRIO_PROCESS)); // threads that can wait
        allow_threads(filter);
    }
    return filter.load();
}

} // namespace maild::daemon
