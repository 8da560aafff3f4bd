#include "daemon/program.hpp"

#include "daemon/config_file.hpp"
#include "daemon/detach.hpp"
#include "daemon/directories.hpp"
#include "daemon/listeners.hpp"
#include "daemon/log_output.hpp"
#include "daemon/options.hpp"
#include "daemon/pickup_program.hpp"
#include "daemon/pid_file.hpp"
#include "daemon/privileges.hpp"
#include "daemon/rebuild_program.hpp"
#include "daemon/role_process.hpp"
#include "daemon/startup_report.hpp"
#include "daemon/supervisor.hpp"

#include "maild/base/log.hpp"

#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <sysexits.h>
#include <unistd.h>
#include <utility>

namespace maild::daemon {
namespace {

// Descriptors beside the clients' connections: listeners, channels, logs.
constexpr std::uint64_t kOwnDescriptors = 1024;

int complain(int exit_code, const std::string& text) {
    std::fprintf(stderr, "maild: %s\n", text.c_str());
    return exit_code;
}

// The daemon's directory is / later on.
std::string absolute(const std::string& file) {
    char* resolved = ::realpath(file.c_str(), nullptr);
    if (resolved == nullptr) return file;
    std::string out(resolved);
    std::free(resolved);
    return out;
}

std::expected<Config, int> validate_configuration(const Options& options) {
    const auto file = options.config.empty() ? default_config_file() : options.config;
    auto loaded = load_config(absolute(file));
    if (!loaded) {
        std::fputs(format_faults(file, loaded.error()).c_str(), stderr);
        return std::unexpected(EX_CONFIG);
    }
    if (loaded->log.target == LogSettings::Target::standard_error && !options.foreground &&
        !options.check && options.rebuild.empty()) {
        return std::unexpected(complain(EX_CONFIG, file + ": log.to is \"stderr\", which a daemon "
                                                          "does not have\n    use --foreground, or "
                                                          "log to \"syslog\" or a file"));
    }
    if (options.no_listeners) loaded->listeners.clear();
    return std::move(*loaded);
}

struct Opened {
    PidFile pid_file;
    std::vector<Listener> listeners;
};

// The lock first, so that a second start says who runs and not that a port is taken.
Result<Opened> open_listening_sockets(const Config& config) {
    const auto made = make_directories(config, ::geteuid() == 0);
    if (!made) return std::unexpected(made.error());
    auto pid_file = PidFile::lock(config.paths.lock_file(), config.paths.pid_file());
    if (!pid_file) return std::unexpected(pid_file.error());
    auto inherited = inherited_sockets();
    auto wanted = config.listeners;
    wanted.push_back(control_listener(config));
    auto listeners = open_listeners(wanted, socket_owner(config), inherited);
    if (!listeners) return std::unexpected(listeners.error());
    for (const auto& socket : inherited) {
        log::warning("inherited_socket_closed", {{"descriptor", socket.get()}});
    }
    return Opened{std::move(*pid_file), std::move(*listeners)};
}

Result<UniqueFd> open_logs(const Config& config) {
    auto log = open_log(config.log);
    if (!log) return log;
    use_log(LogOutput{config.log.target, config.log.level}, log->get());
    log::set_process("supervisor");
    return log;
}

Result<void> detach(const std::vector<int>& inherited) {
    auto done = leave_session();
    if (done) done = change_to_safe_directory();
    if (done) done = redirect_standard_descriptors();
    if (done) close_descriptors(inherited);
    return done;
}

int enter_loop(Config config, Opened opened, UniqueFd log, StartupReport report) {
    const auto wanted = config.limits.connections + kOwnDescriptors;
    const auto descriptors = raise_descriptor_limit(wanted);
    if (descriptors < wanted) {
        log::warning("few_descriptors",
                     {{"have", descriptors},
                      {"want", wanted},
                      {"do", "raise LimitNOFILE or limits.connections falls short"}});
    }
    log::set_process("supervisor"); // forked since
    const auto hidden = hide_memory();
    if (!hidden) log::warning("memory_not_hidden", {{"detail", hidden.error().internal}});
    Supervisor supervisor({std::move(config), std::move(opened.listeners),
                           std::move(opened.pid_file), std::move(log), std::move(report)});
    return supervisor.run();
}

// Every step of DESIGN §2 in its order.
int become_daemon(const Options& options) {
    const auto inherited = inherited_descriptors();
    auto config = validate_configuration(options);
    if (!config) return config.error();
    if (options.check) {
        std::fputs(summary(*config).c_str(), stdout);
        std::fputs(certificate_summary(*config, SystemClock().now()).c_str(), stdout);
        return EX_OK;
    }
    if (!options.rebuild.empty()) return rebuild_shards(*config, options.rebuild);
    auto opened = open_listening_sockets(*config);
    if (!opened) return complain(exit_code_for(opened.error().code), opened.error().internal);

    StartupReport report;
    if (!options.foreground) {
        auto pipe = fork_first();
        if (!pipe) return complain(EX_OSERR, pipe.error().internal);
        report = StartupReport(std::move(*pipe));
    }
    set_umask();
    auto log = open_logs(*config);
    Result<void> done;
    if (!log) done = std::unexpected(log.error());
    if (done) done = options.foreground ? change_to_safe_directory() : detach(inherited);
    if (done) done = opened->pid_file.write();
    if (!done) {
        const int code = exit_code_for(done.error().code);
        report.failed(code, done.error().internal);
        return options.foreground ? complain(code, done.error().internal) : code;
    }
    return enter_loop(std::move(*config), std::move(*opened), std::move(*log), std::move(report));
}

} // namespace

int run_program(int argc, char** argv, RoleFactory factory) {
    fill_standard_descriptors();
    ::signal(SIGPIPE, SIG_IGN);
    const auto count = argc > 0 ? static_cast<std::size_t>(argc - 1) : 0;
    const auto options = parse_options(std::span<const char* const>(argv + 1, count));
    if (!options) return complain(EX_USAGE, options.error() + "\n" + kUsage);
    if (options->role) return run_role(options->role->role, options->role->index, factory);
    if (options->pickup) return run_pickup(*options->pickup);
    if (options->help) std::fputs(kUsage, stdout);
    if (options->version) std::puts("maild " MAILD_VERSION);
    if (options->help || options->version) return EX_OK;
    return become_daemon(*options);
}

} // namespace maild::daemon
