#pragma once
// The locked PID file: who runs, and that nobody runs twice. Two locks on it. flock(2) belongs to
// the open file, which every process of the daemon holds a copy of, so it is free only when the
// last of them has ended. The record lock belongs to the supervisor alone, and the kernel says its
// PID: a stale number in the file misleads nobody.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <string>
#include <sys/types.h>

namespace maild::daemon {

class PidFile {
public:
    // Waits a bounded time for the last processes of a daemon whose supervisor died. Errc::busy
    // when another one runs: the text says which PID.
    static Result<PidFile> lock(const std::string& path);
    PidFile(PidFile&&) = default;
    PidFile& operator=(PidFile&&) = default;

    // In the process that stays: writes its PID.
    Result<void> write();
    // A copy for a child: keeps the lock, can neither read nor write anything else.
    Result<UniqueFd> copy_of_lock() const;
    void remove();

private:
    PidFile(std::string path, UniqueFd content, UniqueFd lock)
        : path_(std::move(path)), content_(std::move(content)), lock_(std::move(lock)) {}

    std::string path_;
    UniqueFd content_; // for writing; closing any descriptor of the file drops the record lock
    UniqueFd lock_;    // for reading, so that a child that holds a copy cannot change the number
};

} // namespace maild::daemon
