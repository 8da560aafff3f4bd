#pragma once
// What the first parent hears over a pipe from the daemon that it forked: ready, or why not. Until
// then whoever started maild waits, so that an exit code of 0 means that mail is taken.

#include "maild/base/error.hpp"
#include "maild/base/unique_fd.hpp"

#include <string>
#include <string_view>

namespace maild::daemon {

class StartupReport {
public:
    StartupReport() = default; // to nobody: in the foreground
    explicit StartupReport(UniqueFd pipe) : pipe_(std::move(pipe)) {}

    void ready();
    void failed(int exit_code, std::string_view reason);

private:
    UniqueFd pipe_;
};

struct StartupOutcome {
    int exit_code = 0;
    std::string reason; // empty when ready
};

// In the first parent: waits for the report or for the pipe's end (the daemon died).
StartupOutcome await_startup(UniqueFd pipe);

// The sysexits code for an error that keeps the daemon from running.
int exit_code_for(Errc code);

} // namespace maild::daemon
