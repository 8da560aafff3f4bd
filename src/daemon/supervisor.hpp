#pragma once
// The first process: starts the roles, gives them what they need, starts again what died, and ends
// them in order. One thread, one poll(2) loop.
// Runs as: root. May touch: listeners, configuration, log files, its children. Never touches:
// network bytes, mail, keys (it opens key files for auth, and does not read them).

#include "daemon/child.hpp"
#include "daemon/host_users.hpp"
#include "daemon/listeners.hpp"
#include "daemon/maildrop_watch.hpp"
#include "daemon/pid_file.hpp"
#include "daemon/startup_report.hpp"

#include "maild/base/clock.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

struct SupervisorSetup {
    Config config;
    std::vector<Listener> listeners; // mailctl's among them
    PidFile pid_file;
    UniqueFd log;
    StartupReport report;
};

class Supervisor {
public:
    // Signals are blocked from here on and read from a descriptor.
    explicit Supervisor(SupervisorSetup setup);

    // Until everything has ended; the exit code.
    int run();

private:
    enum class Phase : std::uint8_t { starting, running, ending_workers, ending_rest, over };

    // supervisor.cpp: the loop
    void wait();
    std::chrono::milliseconds until_next_deadline() const;
    void take_signals();
    void on_signal(int signal);
    void reap();
    void take_messages();
    void take_request(Child& child, const Ask& ask);
    void keep_time();
    void check_readiness(const Child* died);
    bool has_control() const;
    void tell_status();
    void tell_crowded();
    void look_at_users();
    void reopen_log();

    // supervisor_start.cpp: starting processes and connecting them
    void start_due();
    void begin(Child& child);
    void connect_all(const std::vector<Child*>& started);
    void connect(Child& asking, Child& answering, PeerUse use);
    void give_certificates(Child& auth);
    void give_client_authorities(Child& auth);
    void give_issuer_files(Child& oauth);
    void give_log_reader(Child& control);
    Descriptors copy_of(const UniqueFd& descriptor);

    // supervisor_stop.cpp: ending them
    void stop(std::chrono::milliseconds grace);
    void drain(Phase phase, std::chrono::milliseconds grace);
    void advance_stop();
    bool is_ending(const Child& child) const;
    bool is_stopping() const { return phase_ >= Phase::ending_workers; }

    // supervisor_reload.cpp
    Result<std::string> reload();
    Result<std::string> apply(Config next);
    void begin_anew(Child& child, std::chrono::milliseconds grace);
    void change_listeners(const Config& next, std::vector<Listener> opened);

    SystemClock clock_;
    Config config_;
    std::vector<Listener> listeners_;
    PidFile pid_file_;
    UniqueFd log_;
    StartupReport report_;
    UniqueFd signals_;
    std::string token_secret_;
    std::vector<Child> children_;
    Phase phase_ = Phase::starting;
    SteadyTime phase_ends_;
    int exit_code_ = 0;
    WallTime started_;
    bool has_news_ = true; // for control's picture of us
    SteadyTime told_;
    std::uint32_t crowded_ = 0; // what no worker has room for
    UserFile users_{"/etc/passwd"};
    SteadyTime users_looked_at_{};
    MaildropWatch maildrop_{clock_};
    std::optional<std::chrono::microseconds> watchdog_;
    SteadyTime watchdog_at_;
};

} // namespace maild::daemon
