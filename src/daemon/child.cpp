#include "daemon/child.hpp"

#include "daemon/spawn.hpp"

#include "maild/base/log.hpp"

#include <csignal>
#include <cstring>
#include <sys/wait.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kHeartbeat = 10s;
constexpr auto kHeartbeatMissing = 30s;
constexpr auto kStartTime = 5min;
constexpr auto kEndTime = 5s; // from closing its channel to the end
constexpr unsigned kMessagesAtOnce = 16;
constexpr unsigned kMessagesInAPeriod = 1000; // a correct role says some ten
constexpr auto kPeriod = 10s;

std::string describe_end(int wait_status) {
    if (WIFEXITED(wait_status)) return "exit code " + std::to_string(WEXITSTATUS(wait_status));
    const int signal = WTERMSIG(wait_status);
    std::string out = "signal " + std::to_string(signal);
    if (const char* name = ::sigabbrev_np(signal)) out += std::string(" (SIG") + name + ")";
    if (signal == SIGSYS) out += ": a system call that its sandbox forbids";
    return out;
}

} // namespace

Child::Child(Role role, std::uint32_t index, Identity identity, const Clock& clock)
    : identity_(std::move(identity)), clock_(clock) {
    status_.role = role;
    status_.index = index;
    status_.user = identity_.name;
    set_state(ProcessState::waiting);
    start_at_ = clock.steady_now();
}

std::string Child::name() const {
    const std::string out(name_of(role()));
    return role() == Role::worker ? out + "-" + std::to_string(index()) : out;
}

void Child::set_state(ProcessState state) {
    status_.state = state;
    status_.since = clock_.now();
}

void Child::set_wanted(bool wanted) {
    if (wanted == is_wanted_) return;
    is_wanted_ = wanted;
    if (is_running()) return; // ended() looks again
    start_at_ = wanted ? std::optional(clock_.steady_now()) : std::nullopt;
}

Result<void> Child::start() {
    auto pair = Channel::create_pair();
    if (!pair) return std::unexpected(pair.error());
    const auto pid = spawn_role(role(), index(), std::move(pair->second));
    if (!pid) return std::unexpected(pid.error());
    channel_.emplace(std::move(pair->first));
    status_.pid = *pid;
    status_.sandbox = {};
    status_.text.clear();
    set_state(ProcessState::starting);
    start_at_.reset();
    has_reason_ = has_failed_ = is_condemned_ = false;
    started_ = pinged_ = answered_ = counting_since_ = clock_.steady_now();
    said_ = 0;
    crowded_ = 0;
    log::info("role_started", {{"role", name()}, {"role_pid", *pid}});
    return {};
}

void Child::try_again_later() { start_at_ = clock_.steady_now() + 1s; }

void Child::ended(int wait_status) {
    const auto now = clock_.steady_now();
    const auto how = describe_end(wait_status);
    if (!has_reason_) reason_ = how;
    const bool expected = status_.state == ProcessState::draining && wait_status == 0;
    // One that was told to make room for its successor has done nothing wrong.
    const auto pause =
        expected ? std::chrono::milliseconds(0) : backoff_.after_death(started_, now);
    start_at_ = is_wanted_ ? std::optional(now + pause) : std::nullopt;
    log::write(expected ? log::Level::info : log::Level::error, "role_ended",
               {{"role", name()},
                {"role_pid", status_.pid},
                {"how", how},
                {"reason", reason_},
                {"restart_in_ms", pause.count()}});
    channel_.reset();
    status_.pid = 0;
    status_.text = reason_;
    ++status_.restarts;
    set_state(ProcessState::waiting);
}

void Child::kill() {
    if (is_running()) ::kill(pid(), SIGKILL);
}

void Child::draining() { set_state(ProcessState::draining); }

// Once: SIGKILL is never lost, but a process that hangs in the kernel (a disk that does not answer)
// ends only when the kernel lets it go.
void Child::distrust(std::string_view why) {
    if (is_condemned_) return;
    is_condemned_ = true;
    log::error("role_killed", {{"role", name()}, {"role_pid", status_.pid}, {"why", why}});
    reason_ = why;
    has_reason_ = true;
    kill();
}

void Child::send(const SupervisorMessage& message, Descriptors descriptors) {
    if (!channel_) return;
    const auto sent = channel_->send({encode_message(message), std::move(descriptors)});
    if (sent || sent.error().code == Errc::closed) return; // SIGCHLD tells the rest
    distrust("cannot be told: " + sent.error().internal);
}

void Child::flush() {
    if (!channel_) return;
    const auto flushed = channel_->flush();
    if (!flushed && flushed.error().code != Errc::closed) distrust(flushed.error().internal);
}

std::vector<ChildMessage> Child::receive() {
    std::vector<ChildMessage> out;
    const auto now = clock_.steady_now();
    if (now - counting_since_ > kPeriod) {
        counting_since_ = now;
        said_ = 0;
    }
    for (unsigned i = 0; channel_ && i < kMessagesAtOnce; ++i) {
        const auto packet = channel_->receive(0);
        if (!packet && packet.error().code == Errc::busy) break;
        if (!packet && packet.error().code == Errc::closed) {
            channel_.reset(); // it ends; SIGCHLD follows, or check_heartbeat() finds out
            closed_ = now;
            break;
        }
        const auto message = packet ? decode_child_message(packet->bytes)
                                    : Result<ChildMessage>(std::unexpected(packet.error()));
        if (!message || ++said_ > kMessagesInAPeriod) {
            distrust(message ? "it says too much" : "it says what no role says");
            channel_.reset();
            closed_ = now;
            break;
        }
        take(*message);
        out.push_back(*message);
    }
    return out;
}

void Child::take(const ChildMessage& message) {
    if (const auto* sandboxed = std::get_if<Sandboxed>(&message)) {
        status_.sandbox = sandboxed->facts;
    } else if (std::holds_alternative<Ready>(message)) {
        if (status_.state != ProcessState::starting) return;
        answered_ = clock_.steady_now();
        set_state(ProcessState::ready);
        log::info("role_ready", {{"role", name()}, {"role_pid", status_.pid}});
    } else if (const auto* pong = std::get_if<Pong>(&message)) {
        if (pong->number == ping_) answered_ = clock_.steady_now();
    } else if (const auto* text = std::get_if<StatusText>(&message)) {
        status_.text = text->text;
    } else if (const auto* note = std::get_if<Note>(&message)) {
        note_ = note->bytes;
    } else if (const auto* crowded = std::get_if<Crowded>(&message)) {
        crowded_ = crowded->services;
    } else if (const auto* failed = std::get_if<Failed>(&message)) {
        reason_ = std::string(name_of(failed->reason.code)) + ": " + failed->reason.internal;
        has_reason_ = has_failed_ = true;
    }
}

void Child::check_heartbeat() {
    if (!is_running()) return;
    const auto now = clock_.steady_now();
    if (channel_ && status_.state == ProcessState::starting) {
        if (now - started_ > kStartTime) distrust("it was not ready in five minutes");
        return;
    }
    if (!channel_ && now - closed_ > kEndTime)
        return distrust("it closed its channel and lives on");
    if (now - answered_ > kHeartbeatMissing) return distrust("no heartbeat for 30 s");
    if (now - pinged_ < kHeartbeat) return;
    pinged_ = now;
    send(Ping{++ping_});
}

} // namespace maild::daemon
