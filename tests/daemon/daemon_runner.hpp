#pragma once
// Starts daemon_double with a configuration of its own, speaks to it, and ends it with the test.

#include "support/temp_dir.hpp"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <map>
#include <poll.h>
#include <sstream>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace maild::test {

struct Run {
    int exit_code = -1;
    std::string output; // both standard output and standard error
};

inline Run run_command(const std::string& command) {
    Run run;
    FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
    char bytes[4096];
    while (const auto size = std::fread(bytes, 1, sizeof bytes, pipe))
        run.output.append(bytes, size);
    const int status = ::pclose(pipe);
    run.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
}

// Asks again until it holds; the time-out is only for what is broken.
inline bool eventually(const std::function<bool()>& holds,
                       std::chrono::seconds limit = std::chrono::seconds(20)) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!holds()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        ::poll(nullptr, 0, 10);
    }
    return true;
}

class DaemonRunner {
public:
    struct Process {
        int pid = 0;
        std::string state;
        int restarts = 0;
        std::string user;
        std::string rest;
    };

    DaemonRunner() {
        ::chmod(dir_.path().c_str(), 0755);
        for (const char* name : {"/data", "/run", "/log"}) {
            ::mkdir((dir_.path() + name).c_str(), 0755);
            ::chmod((dir_.path() + name).c_str(), 0755);
        }
        configure();
    }
    ~DaemonRunner() {
        const int pid = supervisor();
        if (pid <= 0) return;
        ::kill(pid, SIGTERM);
        ::kill(pid, SIGTERM);
        if (!eventually([&] { return ::kill(pid, 0) != 0; })) ::kill(pid, SIGKILL);
    }

    void configure(const std::string& hostname = "mx.example.org", const std::string& more = {},
                   const std::string& socket = "lmtp.sock") {
        std::ofstream(config())
            << "hostname = \"" << hostname << "\"\n[[listener]]\nservice = \"lmtp\"\n"
            << "path = \"" << run() << "/" << socket << "\"\nmode = \"0666\"\n"
            << "[paths]\ndata = \"" << dir_.path() << "/data\"\nrun = \"" << run()
            << "\"\n[log]\nto = \"" << log_file() << "\"\n[pool]\nworkers = 2\n"
            << "[users]\ncontrol = \"mail\"\nworker = \"nobody\"\nauth = \"daemon\"\n"
            << "store = \"bin\"\nsender = \"news\"\n"
            << more;
    }
    std::string config() const { return dir_ / "maild.toml"; }
    std::string run() const { return dir_ / "run"; }
    std::string log_file() const { return dir_ / "log/maild.log"; }
    const TempDir& dir() const { return dir_; }

    Run start(const std::string& options = {}) {
        return run_command(std::string(MAILD_DAEMON_DOUBLE) + " --config " + config() + " " +
                           options);
    }
    int supervisor() const {
        std::ifstream in(run() + "/maild.pid");
        int pid = 0;
        in >> pid;
        return pid;
    }
    std::string log() const {
        std::ifstream in(log_file());
        std::ostringstream out;
        out << in.rdbuf();
        return out.str();
    }
    // What the socket says, "" when nobody listens or answers.
    std::string ask(const std::string& socket, const std::string& line = {}) const {
        const int fd = connect(socket);
        if (fd < 0) return {};
        if (!line.empty()) ::send(fd, line.data(), line.size(), MSG_NOSIGNAL);
        const auto out = answer(fd);
        ::close(fd);
        return out;
    }
    int connect(const std::string& socket) const {
        const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        const auto path = run() + "/" + socket;
        path.copy(address.sun_path, sizeof address.sun_path - 1);
        if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
        ::close(fd);
        return -1;
    }
    static std::string answer(int fd) {
        std::string out;
        char bytes[4096];
        pollfd entry{fd, POLLIN, 0};
        while (::poll(&entry, 1, 10'000) == 1) {
            const auto size = ::recv(fd, bytes, sizeof bytes, 0);
            if (size <= 0) break;
            out.append(bytes, static_cast<std::size_t>(size));
        }
        return out;
    }
    std::string control(const std::string& line) const { return ask("control.sock", line); }
    // "worker 0" → …, as control was told last.
    std::map<std::string, Process> processes() const {
        std::map<std::string, Process> out;
        std::istringstream in(control("status"));
        for (std::string line; std::getline(in, line);) {
            std::istringstream fields(line);
            std::string role;
            std::string index;
            Process p;
            fields >> role >> index >> p.pid >> p.state >> p.restarts >> p.user;
            std::getline(fields, p.rest);
            out[role + " " + index] = p;
        }
        return out;
    }
    // The process was replaced by one that is ready.
    bool is_replaced(const std::string& name, int old_pid) const {
        return eventually([&] {
            auto all = processes();
            return all[name].pid != old_pid && all[name].state == "ready";
        });
    }

private:
    TempDir dir_;
};

} // namespace maild::test
