#include "daemon/role_process.hpp"

#include "daemon/log_output.hpp"
#include "daemon/memory_report.hpp"
#include "daemon/privileges.hpp"
#include "daemon/sandbox.hpp"

#include "maild/base/ensure.hpp"
#include "maild/base/log.hpp"
#include "maild/base/thread_name.hpp"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <malloc.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

namespace maild::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto kOrphanGrace = 5s;       // to finish what was acknowledged
constexpr unsigned kOrphanSeconds = 10; // then the kernel ends this process, whatever it does
constexpr std::size_t kMaxAsked = 64;
// Octets at once from which malloc asks the kernel, and gives back to it; and what it keeps beyond.
constexpr int kMapFrom = 256 * 1024;
constexpr int kKeepFree = 512 * 1024;
constexpr int kArenas = 2; // threads of one process share them

// SIGTERM comes from the kernel when the supervisor died (or from an admin's hand): the event loop
// sees the end of the channel; this is for a loop that is stuck.
void on_terminate(int) { ::alarm(kOrphanSeconds); }

void set_signals() {
    struct sigaction action{};
    action.sa_handler = on_terminate;
    ::sigaction(SIGTERM, &action, nullptr);
    action.sa_handler = SIG_IGN;
    // A terminal's ^C and a signal to the whole group are the supervisor's to act on.
    for (const int ignored : {SIGPIPE, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
        ::sigaction(ignored, &action, nullptr);
    }
}

// Left to itself malloc learns from each large piece that is freed to keep such pieces, up to
// 32 MiB, and gives each thread an arena of its own: mallopt(3). Where memory is plenty, that is
// faster.
void set_allocator() {
    ::mallopt(M_MMAP_THRESHOLD, kMapFrom);
    ::mallopt(M_TRIM_THRESHOLD, kKeepFree);
    ::mallopt(M_ARENA_MAX, kArenas);
}

bool wait_for(int fd, short events, int milliseconds) {
    pollfd entry{fd, events, 0};
    while (::poll(&entry, 1, milliseconds) < 0) {
        if (errno != EINTR) return false;
    }
    return entry.revents != 0;
}

} // namespace

RoleProcess::RoleProcess(Channel channel, RoleFactory factory)
    : channel_(std::move(channel)), factory_(factory) {}

RoleProcess::~RoleProcess() {
    if (watch_.is_open()) watch_.release(); // the channel owns it
}

int RoleProcess::run() {
    set_signals();
    try {
        auto done = meet_supervisor();
        if (done && saves_memory(config())) set_allocator();
        if (done) done = lock_in();
        if (done) done = start();
        if (done)
            serve();
        else
            fail(done.error());
    } catch (const std::exception& error) {
        fail(Error{Errc::internal, std::string("exception: ") + error.what()});
    }
    if (program_ && !program_->has_threads()) io_.drop();
    program_.reset();
    log::flush();
    return exit_code_;
}

Result<RoleProcess::Given> RoleProcess::next_message() {
    auto packet = channel_.receive(kMaxDescriptors);
    if (!packet) return std::unexpected(packet.error());
    auto message = decode_supervisor_message(packet->bytes);
    if (!message) return std::unexpected(message.error());
    return Given{std::move(*message), std::move(packet->descriptors)};
}

// Hello, then what there is to give at start, then Begin.
Result<void> RoleProcess::meet_supervisor() {
    for (;;) {
        auto given = next_message();
        if (!given && given.error().code == Errc::busy) {
            wait_for(channel_.fd(), POLLIN, -1);
            continue;
        }
        if (!given) return std::unexpected(given.error());
        if (std::holds_alternative<Begin>(given->message)) return {};
        auto* hello = std::get_if<Hello>(&given->message);
        if (hello == nullptr) {
            first_.push_back(std::move(*given));
            continue;
        }
        if (given->descriptors.size() != 2) {
            return maild::fail(Errc::protocol_error, "Hello without descriptors");
        }
        hello_ = std::move(*hello);
        lock_ = std::move(given->descriptors[1]);
        change_log(hello_.log, std::move(given->descriptors[0]));
    }
}

Result<void> RoleProcess::lock_in() {
    const auto name = std::string(name_of(role())) +
                      (role() == Role::worker ? "-" + std::to_string(index()) : "");
    log::set_process(name);
    name_thread("maild-" + name);
    program_ = factory_(role());
    if (!program_) return maild::fail(Errc::internal, "no program for this role");
    auto loaded = preload_libraries();
    if (!loaded) return loaded;
    SandboxFacts facts;
    auto done = drop_privileges(hello_.identity, facts);
    // Changing the user switched it off.
    if (done) ::prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
    if (done) done = program_->prepare(config());
    if (done) done = enter_sandbox(role(), config(), facts);
    if (!done) return done;
    if (facts.lost.ends_with("; ")) facts.lost.resize(facts.lost.size() - 2);
    log::info("sandbox_entered", {{"user", hello_.identity.name},
                                  {"landlock_abi", facts.landlock_abi},
                                  {"seccomp", facts.seccomp},
                                  {"lost", facts.lost}});
    send(Sandboxed{std::move(facts)});
    return {};
}

Result<void> RoleProcess::start() {
    auto started = program_->start(*this);
    if (!started) return started;
    auto given = std::move(first_);
    first_.clear();
    for (auto& [message, descriptors] : given) take(message, descriptors);
    return {};
}

void RoleProcess::serve() {
    watch_.assign(channel_.fd());
    watch_channel();
    io_.run();
}

void RoleProcess::watch_channel() {
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [this](const boost::system::error_code& error) {
                          if (!error) take_messages();
                      });
}

void RoleProcess::take_messages() {
    for (;;) {
        auto given = next_message();
        if (given) {
            take(given->message, given->descriptors);
            continue;
        }
        if (given.error().code == Errc::busy) return watch_channel();
        return orphaned();
    }
}

void RoleProcess::take(SupervisorMessage& message, Descriptors& descriptors) {
    const auto has = [&](std::size_t count) { return descriptors.size() == count; };
    if (auto* give = std::get_if<GiveListener>(&message); give != nullptr && has(1)) {
        program_->on_listener({std::move(give->config), std::move(descriptors[0])});
    } else if (auto* removed = std::get_if<RemoveListener>(&message)) {
        program_->on_listener_removed(removed->config);
    } else if (auto* peer = std::get_if<GivePeer>(&message); peer != nullptr && has(1)) {
        program_->on_peer(
            {peer->role, peer->index, peer->use, peer->we_ask, std::move(descriptors[0])});
    } else if (auto* pair = std::get_if<GiveCertificate>(&message); pair != nullptr && has(2)) {
        program_->on_certificate({std::move(descriptors[0]), std::move(descriptors[1]),
                                  pair->number, pair->count, pair->is_own, std::move(pair->file),
                                  std::move(pair->names)});
    } else if (std::holds_alternative<GiveClientAuthorities>(message) && has(1)) {
        program_->on_client_authorities(std::move(descriptors[0]));
    } else if (std::holds_alternative<GiveIssuerFiles>(message) && has(2)) {
        program_->on_issuer_files({std::move(descriptors[0]), std::move(descriptors[1])});
    } else if (auto* reload = std::get_if<Reload>(&message)) {
        hello_.config = std::move(reload->config);
        program_->on_reload();
    } else if (auto* log = std::get_if<ChangeLog>(&message); log != nullptr && has(1)) {
        change_log(log->log, std::move(descriptors[0]));
    } else if (std::holds_alternative<GiveLogReader>(message) && has(1)) {
        program_->on_log_reader(std::move(descriptors[0]));
    } else if (auto* told = std::get_if<TellUsers>(&message)) {
        program_->on_users(std::move(told->users));
    } else if (auto* crowded = std::get_if<TellCrowded>(&message)) {
        program_->on_crowded(crowded->services);
    } else if (auto* ping = std::get_if<Ping>(&message)) {
        send(Pong{ping->number});
    } else if (auto* drain = std::get_if<Drain>(&message)) {
        program_->on_drain(drain->grace);
    } else if (auto* status = std::get_if<TellStatus>(&message)) {
        program_->on_status(status->status);
    } else if (auto* answer = std::get_if<Answer>(&message)) {
        answered(*answer);
    }
}

// The supervisor died: finish what was acknowledged, take nothing new, and make room for the next.
void RoleProcess::orphaned() {
    log::warning("supervisor_gone", {{"grace_seconds", kOrphanGrace.count()}});
    ::alarm(kOrphanSeconds);
    program_->on_drain(kOrphanGrace);
}

void RoleProcess::change_log(const LogOutput& output, UniqueFd descriptor) {
    use_log(output, descriptor.get());
    log_ = std::move(descriptor); // only now: the old one was in use until here
}

void RoleProcess::send(const ChildMessage& message) {
    const auto sent = channel_.send({encode_message(message), {}});
    if (sent && channel_.wants_write()) send_rest();
}

// When the socket takes more. Before serve() there is no loop: then it goes with the next message.
void RoleProcess::send_rest() {
    if (!watch_.is_open() || is_watching_write_) return;
    is_watching_write_ = true;
    watch_.async_wait(boost::asio::posix::stream_descriptor::wait_write,
                      [this](const boost::system::error_code& error) {
                          is_watching_write_ = false;
                          if (!error && channel_.flush() && channel_.wants_write()) send_rest();
                      });
}

void RoleProcess::ready() {
    if (is_ready_) return;
    is_ready_ = true;
    send(Ready{});
}

void RoleProcess::set_status(std::string_view text) {
    send(StatusText{std::string(text.substr(0, kMaxStatusText))});
}

void RoleProcess::tell_crowded(std::uint32_t services) { send(Crowded{services}); }

void RoleProcess::leave_note(std::string bytes) { send(Note{std::move(bytes)}); }

void RoleProcess::fail(const Error& reason) {
    log::critical("role_failed", {{"error", name_of(reason.code)}, {"detail", reason.internal}});
    send(Failed{reason});
    if (channel_.wants_write() && wait_for(channel_.fd(), POLLOUT, 1000)) {
        const auto told = channel_.flush();
        if (!told) log::error("supervisor_not_told", {{"detail", told.error().internal}});
    }
    exit_code_ = EX_SOFTWARE;
    io_.stop();
}

void RoleProcess::finished() { io_.stop(); }

void RoleProcess::ask_supervisor(SupervisorRequest request,
                                 std::function<void(Result<std::string>)> done) {
    if (asked_.size() >= kMaxAsked) return done(maild::fail(Errc::busy, "too many requests"));
    const auto number = ++last_asked_;
    asked_.emplace(number, std::move(done));
    send(Ask{number, request});
}

void RoleProcess::answered(const Answer& answer) {
    auto found = asked_.extract(answer.number);
    if (!found.empty()) found.mapped()(answer.result);
}

int run_role(Role role, std::uint32_t index, RoleFactory factory) {
    int type = 0;
    socklen_t size = sizeof type;
    if (::getsockopt(kChannelDescriptor, SOL_SOCKET, SO_TYPE, &type, &size) != 0 ||
        type != SOCK_SEQPACKET) {
        std::fprintf(stderr, "maild: --role is for the supervisor, which starts maild itself\n");
        return EX_USAGE;
    }
    RoleProcess process(Channel(UniqueFd(kChannelDescriptor)), factory);
    const int code = process.run();
    ensure(process.role() == role && process.index() == index, "role of the command line");
    return code;
}

} // namespace maild::daemon
