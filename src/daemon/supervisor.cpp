#include "daemon/supervisor.hpp"

#include "daemon/log_output.hpp"
#include "daemon/memory_report.hpp"
#include "daemon/notify.hpp"
#include "daemon/privileges.hpp"

#include "maild/base/log.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kHeartbeatCheck = 1000ms;
constexpr auto kUserCheck = 1000ms;
constexpr auto kStatusPause = 100ms; // between two pictures of the processes for control

UniqueFd open_signals() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2, SIGCHLD}) {
        ::sigaddset(&wanted, signal);
    }
    ::sigprocmask(SIG_BLOCK, &wanted, nullptr);
    ::signal(SIGPIPE, SIG_IGN);
    return UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

std::string make_secret() {
    std::array<std::byte, 32> bytes{};
    SystemRandom random;
    random.fill(bytes);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

} // namespace

Supervisor::Supervisor(SupervisorSetup setup)
    : config_(std::move(setup.config)),
      listeners_(std::move(setup.listeners)),
      pid_file_(std::move(setup.pid_file)),
      log_(std::move(setup.log)),
      report_(std::move(setup.report)),
      signals_(open_signals()),
      token_secret_(make_secret()),
      started_(clock_.now()),
      told_(clock_.steady_now()),
      watchdog_(notify::watchdog_interval()),
      watchdog_at_(clock_.steady_now()) {
    // Those that others ask come first, so that what asks them finds them there.
    children_.emplace_back(Role::store, 0, identity_of(config_.users.store), clock_);
    children_.emplace_back(Role::trace, 0, identity_of(config_.users.control), clock_);
    children_.back().set_wanted(config_.trace.is_enabled);
    children_.emplace_back(Role::oauth, 0, identity_of(config_.users.sender), clock_);
    children_.back().set_wanted(config_.oauth.is_enabled());
    children_.emplace_back(Role::resolver, 0, identity_of(config_.users.sender), clock_);
    children_.emplace_back(Role::auth, 0, identity_of(config_.users.auth), clock_);
    for (std::uint32_t i = 0; i < config_.workers; ++i) {
        children_.emplace_back(Role::worker, i, identity_of(config_.users.worker), clock_);
    }
    children_.emplace_back(Role::sender, 0, identity_of(config_.users.sender), clock_);
    children_.back().set_wanted(config_.queue.is_sending);
    children_.emplace_back(Role::control, 0, identity_of(config_.users.control), clock_);
}

int Supervisor::run() {
    log::info("daemon_started", {{"version", MAILD_VERSION},
                                 {"hostname", config_.hostname},
                                 {"workers", config_.workers},
                                 {"memory", config_.memory.limit_bytes},
                                 {"config", config_.file}});
    warn_of_memory(config_);
    while (phase_ != Phase::over) {
        start_due();
        tell_status();
        wait();
        take_signals();
        take_messages();
        keep_time();
    }
    for (const auto& listener : listeners_) remove_socket_file(listener);
    pid_file_.remove();
    log::info("daemon_stopped", {{"exit_code", exit_code_}});
    log::flush();
    return exit_code_;
}

std::chrono::milliseconds Supervisor::until_next_deadline() const {
    const auto now = clock_.steady_now();
    auto next = now + kHeartbeatCheck;
    for (const auto& child : children_) {
        if (child.start_at() && !is_stopping()) next = std::min(next, *child.start_at());
    }
    // While control is not there, nobody waits for news.
    if (has_news_ && has_control()) next = std::min(next, told_ + kStatusPause);
    if (is_stopping()) next = std::min(next, phase_ends_);
    if (watchdog_) next = std::min(next, watchdog_at_);
    return std::max(0ms, std::chrono::ceil<std::chrono::milliseconds>(next - now));
}

void Supervisor::wait() {
    std::vector<pollfd> entries{{signals_.get(), POLLIN, 0}};
    for (const auto& child : children_) {
        if (child.channel_fd() < 0) continue;
        const int events = POLLIN | (child.wants_write() ? POLLOUT : 0);
        entries.push_back({child.channel_fd(), static_cast<short>(events), 0});
    }
    // What woke us does not matter: every channel is asked, and asking does not block.
    ::poll(entries.data(), entries.size(), static_cast<int>(until_next_deadline().count()));
}

void Supervisor::take_signals() {
    signalfd_siginfo facts{};
    while (::read(signals_.get(), &facts, sizeof facts) == sizeof facts) {
        on_signal(static_cast<int>(facts.ssi_signo));
    }
}

void Supervisor::on_signal(int signal) {
    switch (signal) {
    case SIGCHLD: return reap();
    case SIGTERM:
    case SIGINT:
        // The second one is in a hurry.
        return stop(is_stopping() ? 1000ms : config_.limits.drain_time);
    case SIGHUP: {
        const auto reloaded = reload();
        if (!reloaded) log::error("reload_refused", {{"why", reloaded.error().internal}});
        return;
    }
    case SIGUSR1: return reopen_log();
    case SIGUSR2:
        // Seam for the upgrade in place: listeners_ and pid_file_ are what would be handed over.
        log::warning("upgrade_not_available", {{"do", "stop and start instead"}});
        return;
    default: return;
    }
}

void Supervisor::reap() {
    int status = 0;
    for (;;) {
        const pid_t pid = ::waitpid(-1, &status, WNOHANG);
        if (pid <= 0) return;
        if (maildrop_.ended(pid, status)) continue;
        const auto child = std::ranges::find(children_, pid, &Child::pid);
        if (child == children_.end()) continue;
        child->receive(); // its last words say why
        child->ended(status);
        has_news_ = true;
        check_readiness(&*child);
    }
}

void Supervisor::take_messages() {
    for (auto& child : children_) {
        if (child.wants_write()) child.flush();
        const auto messages = child.receive();
        for (const auto& message : messages) {
            if (std::holds_alternative<Pong>(message)) continue;
            if (std::holds_alternative<Crowded>(message)) continue;
            has_news_ = true;
            if (const auto* ask = std::get_if<Ask>(&message)) take_request(child, *ask);
        }
    }
    check_readiness(nullptr);
}

// Only control may ask: the others are closer to the network.
void Supervisor::take_request(Child& child, const Ask& ask) {
    Result<std::string> result;
    if (child.role() != Role::control) {
        log::error("request_refused", {{"role", child.name()}});
        result = fail(Errc::not_permitted, "only control may ask");
    } else if (ask.request == SupervisorRequest::reload) {
        result = reload();
    } else if (ask.request == SupervisorRequest::reopen_logs) {
        reopen_log();
    }
    child.send(Answer{ask.number, result});
    if (result && ask.request == SupervisorRequest::stop) stop(config_.limits.drain_time);
}

void Supervisor::keep_time() {
    for (auto& child : children_) child.check_heartbeat();
    advance_stop();
    tell_crowded();
    look_at_users();
    if (phase_ == Phase::running)
        maildrop_.keep(config_, LogOutput{config_.log.target, config_.log.level}, log_.get());
    const auto now = clock_.steady_now();
    if (!watchdog_ || now < watchdog_at_) return;
    notify::alive();
    watchdog_at_ = now + *watchdog_;
}

// Until all roles were ready once, a role that fails or keeps dying ends the start: whoever waits
// for it hears why. Afterwards nothing that a role does ends the daemon.
void Supervisor::check_readiness(const Child* died) {
    if (phase_ != Phase::starting) return;
    if (died != nullptr && (died->has_failed() || died->is_backing_off())) {
        const auto reason = died->name() + " cannot start: " + died->last_reason();
        log::critical("start_failed", {{"why", reason}});
        report_.failed(exit_code_ = EX_SOFTWARE, reason);
        return stop(1000ms);
    }
    const auto is_as_wanted = [](const Child& child) {
        return child.is_ready() || !child.is_wanted();
    };
    if (!std::ranges::all_of(children_, is_as_wanted)) return;
    phase_ = Phase::running;
    log::info("daemon_ready", {{"processes", children_.size()}});
    report_.ready();
    notify::ready("taking mail");
}

bool Supervisor::has_control() const {
    const auto control = std::ranges::find(children_, Role::control, &Child::role);
    return control != children_.end() && control->is_running();
}

void Supervisor::tell_status() {
    const auto now = clock_.steady_now();
    if (!has_news_ || now < told_ + kStatusPause || !has_control()) return;
    const auto control = std::ranges::find(children_, Role::control, &Child::role);
    TellStatus message;
    auto& status = message.status;
    status.version = MAILD_VERSION;
    status.pid = ::getpid();
    status.started = started_;
    status.is_stopping = is_stopping();
    for (const auto& child : children_)
        if (child.is_wanted() || child.is_running()) status.processes.push_back(child.status());
    control->send(message);
    has_news_ = false;
    told_ = now;
}

// A worker without room leaves connections to the others as long as one of them has some.
void Supervisor::tell_crowded() {
    auto crowded = UINT32_MAX;
    for (const auto& child : children_)
        if (child.role() == Role::worker) crowded &= child.crowded();
    if (crowded == crowded_) return;
    crowded_ = crowded;
    for (auto& child : children_)
        if (child.role() == Role::worker && child.is_running()) child.send(TellCrowded{crowded_});
}

// Users come and go while the daemon runs.
void Supervisor::look_at_users() {
    const auto now = clock_.steady_now();
    if (now < users_looked_at_ + kUserCheck) return;
    users_looked_at_ = now;
    if (!users_.look()) return;
    for (auto& child : children_)
        if (child.role() == Role::worker && child.is_running())
            child.send(TellUsers{users_.users()});
}

void Supervisor::reopen_log() {
    auto opened = open_log(config_.log);
    if (!opened) return log::error("log_not_reopened", {{"detail", opened.error().internal}});
    const LogOutput output{config_.log.target, config_.log.level};
    use_log(output, opened->get());
    log_ = std::move(*opened);
    log::info("log_reopened");
    for (auto& child : children_) {
        if (!child.is_running()) continue;
        child.send(ChangeLog{output}, copy_of(log_));
        if (child.role() == Role::control) give_log_reader(child);
    }
}

} // namespace maild::daemon
