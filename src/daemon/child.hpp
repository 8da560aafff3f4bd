#pragma once
// The supervisor's view of one process: its channel, its state and its heartbeat. Slots live as
// long as the supervisor; processes come and go in them.

#include "daemon/backoff.hpp"
#include "daemon/channel.hpp"
#include "daemon/messages.hpp"
#include "daemon/status.hpp"

#include "maild/base/clock.hpp"

#include <optional>
#include <string>
#include <vector>

namespace maild::daemon {

class Child {
public:
    Child(Role role, std::uint32_t index, Identity identity, const Clock& clock);

    Role role() const { return status_.role; }
    std::uint32_t index() const { return status_.index; }
    const Identity& identity() const { return identity_; }
    std::string name() const; // "worker-1", "store"
    pid_t pid() const { return status_.pid; }
    bool is_running() const { return status_.pid != 0; }
    bool is_ready() const { return status_.state == ProcessState::ready; }
    bool is_wanted() const { return is_wanted_; }
    const ProcessStatus& status() const { return status_; }
    const std::string& note() const { return note_; } // for the next process here
    // What it has no room for (Crowded); anything while it does not serve.
    std::uint32_t crowded() const { return is_ready() ? crowded_ : UINT32_MAX; }
    std::optional<SteadyTime> start_at() const { return start_at_; }
    bool is_backing_off() const { return backoff_.is_waiting(); }
    // What it said before it died, or how the kernel says that it died.
    const std::string& last_reason() const { return reason_; }

    bool has_failed() const { return has_failed_; } // it said itself that it cannot go on

    // Whether there is to be a process: one that is not wanted and has ended is not started again.
    void set_wanted(bool wanted);
    Result<void> start();
    void try_again_later(); // start() failed: the host is out of processes or memory
    // The process ended with this status of waitpid(2). Sets when to start it again.
    void ended(int wait_status);
    void kill();
    void draining();

    // A child that cannot be told is killed; it will be replaced.
    void send(const SupervisorMessage& message, Descriptors descriptors = {});
    // Everything that it says now, at most a few at a time so that none can keep the supervisor
    // busy. One that says nonsense, or too much, is killed.
    std::vector<ChildMessage> receive();
    int channel_fd() const { return channel_ ? channel_->fd() : -1; }
    bool wants_write() const { return channel_ && channel_->wants_write(); }
    void flush();

    // Asks for a sign of life every ten seconds; kills it when none came for thirty, or when it was
    // not ready in time.
    void check_heartbeat();

private:
    void take(const ChildMessage& message);
    void set_state(ProcessState state);
    void distrust(std::string_view why);

    Identity identity_;
    const Clock& clock_;
    ProcessStatus status_;
    std::optional<Channel> channel_;
    Backoff backoff_;
    std::string reason_;
    std::string note_;
    std::uint32_t crowded_ = 0;
    bool has_reason_ = false;
    bool has_failed_ = false;
    bool is_wanted_ = true;
    bool is_condemned_ = false; // killed, and not seen to end yet
    SteadyTime started_;
    std::optional<SteadyTime> start_at_;
    std::uint64_t ping_ = 0;
    SteadyTime pinged_;
    SteadyTime answered_;
    SteadyTime closed_;
    SteadyTime counting_since_;
    unsigned said_ = 0;
};

} // namespace maild::daemon
