#pragma once
// Runs something in a child process: what must not happen to the test itself.

#include <cstdlib>
#include <string>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace maild::test {

struct Ended {
    int exit_code = -1; // -1: killed by a signal
    int signal = 0;
    std::string output; // what it returned
};

// `body()` returns a string, which comes back, or the child dies.
template <class Body> Ended run_forked(Body body) {
    int ends[2];
    if (::pipe(ends) != 0) return {};
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::close(ends[0]);
        const std::string out = body();
        const auto written = ::write(ends[1], out.data(), out.size());
        ::_exit(written == static_cast<ssize_t>(out.size()) ? 0 : 1);
    }
    ::close(ends[1]);
    Ended ended;
    char bytes[4096];
    for (ssize_t size; (size = ::read(ends[0], bytes, sizeof bytes)) > 0;) {
        ended.output.append(bytes, static_cast<std::size_t>(size));
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    if (WIFEXITED(status))
        ended.exit_code = WEXITSTATUS(status);
    else
        ended.signal = WTERMSIG(status);
    return ended;
}

} // namespace maild::test
