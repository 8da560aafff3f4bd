#include "daemon/pid_file.hpp"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/time.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

// Longer than an orphaned role may live (role_process.cpp).
constexpr unsigned kWaitSeconds = 20;

pid_t holder_of(int fd) {
    struct flock lock{};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    if (::fcntl(fd, F_GETLK, &lock) != 0 || lock.l_type == F_UNLCK) return 0;
    return lock.l_pid;
}

// flock(2) that gives up: SIGALRM interrupts it, again and again, so that no moment is missed.
class Alarm {
public:
    Alarm() {
        struct sigaction action{};
        action.sa_handler = [](int) {};
        ::sigaction(SIGALRM, &action, &before_);
        set({{1, 0}, {0, 100'000}});
    }
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm() {
        set({});
        ::sigaction(SIGALRM, &before_, nullptr);
    }

private:
    static void set(const itimerval& value) { ::setitimer(ITIMER_REAL, &value, nullptr); }
    struct sigaction before_{};
};

Result<void> take_lock(int lock, int pid_file, const std::string& path) {
    if (::flock(lock, LOCK_EX | LOCK_NB) == 0) return {};
    if (errno != EWOULDBLOCK) return fail_errno(path);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(kWaitSeconds);
    const Alarm alarm;
    while (std::chrono::steady_clock::now() < deadline) {
        const auto holder = holder_of(pid_file);
        if (holder != 0) {
            return fail(Errc::busy, "maild runs already, as PID " + std::to_string(holder));
        }
        if (::flock(lock, LOCK_EX) == 0) return {};
        if (errno != EINTR) return fail_errno(path);
    }
    return fail(Errc::busy, path + " is locked: another maild starts, or its last processes "
                                   "have not ended");
}

} // namespace

Result<PidFile> PidFile::lock(const std::string& lock_path, const std::string& pid_path) {
    UniqueFd pid(
        ::open(pid_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0644));
    if (!pid) return fail_errno(pid_path);
    UniqueFd lock(
        ::open(lock_path.c_str(), O_RDONLY | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0600));
    if (!lock) return fail_errno(lock_path);
    const auto taken = take_lock(lock.get(), pid.get(), lock_path);
    if (!taken) return std::unexpected(taken.error());
    // Whoever held the lock may have removed the PID file while we waited; now nobody does.
    pid.reset(::open(pid_path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0644));
    if (!pid) return fail_errno(pid_path);
    return PidFile(pid_path, std::move(pid), std::move(lock));
}

Result<void> PidFile::write() {
    struct flock record{};
    record.l_type = F_WRLCK;
    record.l_whence = SEEK_SET;
    if (::fcntl(pid_.get(), F_SETLK, &record) != 0) return fail_errno(path_);
    const auto text = std::to_string(::getpid()) + "\n";
    if (::ftruncate(pid_.get(), 0) != 0 ||
        ::pwrite(pid_.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())) {
        return fail_errno(path_);
    }
    return {};
}

Result<UniqueFd> PidFile::copy_of_lock() const {
    UniqueFd copy(::fcntl(lock_.get(), F_DUPFD_CLOEXEC, 3));
    if (!copy) return fail_errno(path_);
    return copy;
}

void PidFile::remove() { ::unlink(path_.c_str()); }

} // namespace maild::daemon
