#pragma once
// The supervisor's part in taking up what the command sendmail left in the maildrop: it looks once
// a second whether something has changed there, and starts `maild --pickup`, which does the work.

#include "daemon/config.hpp"
#include "daemon/messages.hpp"

#include "maild/base/clock.hpp"

#include <optional>
#include <sys/types.h>

namespace maild::daemon {

class MaildropWatch {
public:
    explicit MaildropWatch(const Clock& clock) : clock_(clock) {}

    // To be called often. `log` is the descriptor behind `output`.
    void keep(const Config& config, const LogOutput& output, int log);
    // True: that was the process that takes mail up.
    bool ended(pid_t pid, int wait_status);
    void stop(); // it finishes the file that it is at

private:
    struct Mark { // of the directory; any name that comes or goes changes it
        std::int64_t seconds = 0;
        std::int64_t nanoseconds = 0;
        friend bool operator==(const Mark&, const Mark&) = default;
    };
    static std::optional<Mark> look(const std::string& maildrop);
    void start(const Config& config, const LogOutput& output, int log);

    const Clock& clock_;
    std::optional<Mark> seen_;
    SteadyTime next_look_{};
    std::optional<SteadyTime> retry_at_; // something has to wait
    pid_t pid_ = 0;
};

} // namespace maild::daemon
