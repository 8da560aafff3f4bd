#pragma once
// Who runs, and that nobody runs twice. The PID file has a record lock, which belongs to the
// supervisor alone, and whose holder the kernel names: a stale number in the file misleads nobody.
// The lock file beside it has a flock(2), which belongs to the open file; every process of the
// daemon holds a copy of that, so it is free only when the last of them has ended.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>

namespace maild::daemon {

class PidFile {
public:
    // Waits a bounded time for the last processes of a daemon whose supervisor died. Errc::busy
    // when another one runs: the text says which PID.
    static Result<PidFile> lock(const std::string& lock_path, const std::string& pid_path);

    // In the process that stays: writes its PID.
    Result<void> write();
    // A copy for a child, which can do nothing with it but hold it.
    Result<UniqueFd> copy_of_lock() const;
    void remove(); // the PID file; the lock file stays for ever, so that all lock the same one

private:
    PidFile(std::string path, UniqueFd pid, UniqueFd lock)
        : path_(std::move(path)), pid_(std::move(pid)), lock_(std::move(lock)) {}

    std::string path_;
    UniqueFd pid_; // the only descriptor of that file: closing any drops the record lock
    UniqueFd lock_;
};

} // namespace maild::daemon
