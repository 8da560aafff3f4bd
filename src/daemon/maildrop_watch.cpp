#include "daemon/maildrop_watch.hpp"

#include "daemon/spawn.hpp"

#include "maild/base/log.hpp"

#include <csignal>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kLook = 1s;
constexpr auto kRetry = 60s;

} // namespace

std::optional<MaildropWatch::Mark> MaildropWatch::look(const std::string& maildrop) {
    struct stat facts{};
    if (::lstat(maildrop.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) return std::nullopt;
    return Mark{facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec};
}

void MaildropWatch::keep(const Config& config, const LogOutput& output, int log) {
    const auto now = clock_.steady_now();
    if (!config.local.is_enabled || pid_ != 0 || now < next_look_) return;
    next_look_ = now + kLook;
    const auto mark = look(config.paths.maildrop());
    const bool is_due = retry_at_ && now >= *retry_at_;
    if (!mark || (mark == seen_ && !is_due)) return;
    seen_ = mark; // before: what comes meanwhile is seen the next time
    start(config, output, log);
}

void MaildropWatch::start(const Config& config, const LogOutput& output, int log) {
    const PickupOption option{.maildrop = config.paths.maildrop(),
                              .socket = config.paths.submit_socket(),
                              .most_octets = config.limits.message_bytes * 2,
                              .log = output};
    const auto pid = spawn_pickup(option, log);
    retry_at_.reset();
    if (pid) {
        pid_ = *pid;
        return;
    }
    retry_at_ = clock_.steady_now() + kRetry;
    log::error("pickup_not_started", {{"detail", pid.error().internal}});
}

bool MaildropWatch::ended(pid_t pid, int wait_status) {
    if (pid != pid_) return false;
    pid_ = 0;
    if (wait_status == 0) return true;
    retry_at_ = clock_.steady_now() + kRetry;
    const bool is_expected = WIFEXITED(wait_status) && (WEXITSTATUS(wait_status) == EX_TEMPFAIL ||
                                                        WEXITSTATUS(wait_status) == EX_UNAVAILABLE);
    if (!is_expected) log::error("pickup_failed", {{"wait_status", wait_status}});
    return true;
}

void MaildropWatch::stop() {
    if (pid_ != 0) ::kill(pid_, SIGTERM);
}

} // namespace maild::daemon
