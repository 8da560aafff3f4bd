// maild_load: a load generator for mail servers, and a meter of what the load costs them.
#include "bench/load/modes.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <sys/resource.h>

namespace maild::bench {

void print(Load& load, Measurement& measurement) {
    measurement.print();
    load.has_failed |= measurement.has_failed();
}

namespace {

net::Task<void> print_memory(Load& load) {
    Measurement measurement(load.options, load.servers);
    measurement.finish();
    measurement.add("kib", static_cast<double>(load.servers.proportional_kib()));
    measurement.add("processes", static_cast<double>(load.servers.processes()));
    print(load, measurement);
    co_return;
}

struct Mode {
    std::string_view name;
    net::Task<void> (*run)(Load& load);
};
constexpr Mode kModes[] = {
    {"deliver", deliver}, {"login", log_in},        {"handshake", shake_hands},
    {"append", append},   {"imap", run_commands},   {"pop3", retrieve},
    {"idle", idle},       {"memory", print_memory}, {"tls", hold_tls}};

void allow_many_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

int run(const Mode& mode, const Options& options) {
    allow_many_descriptors();
    std::signal(SIGPIPE, SIG_IGN);
    log::to_nowhere();
    const Servers servers(options.charged);
    boost::asio::io_context io;
    Load load{io, options, servers};
    net::spawn(io, mode.run(load), "load");
    io.run();
    return load.has_failed ? 1 : 0;
}

} // namespace
} // namespace maild::bench

int main(int argc, char** argv) {
    using namespace maild::bench;
    Options options;
    const auto fault = parse_options(argc, argv, options);
    const auto mode = std::ranges::find(kModes, options.mode, &Mode::name);
    if (!fault.empty() || mode == std::end(kModes)) {
        if (options.mode != "--help")
            std::fprintf(stderr, "%s\n", fault.empty() ? "unknown mode" : fault.c_str());
        std::fputs(usage().c_str(), options.mode == "--help" ? stdout : stderr);
        return options.mode == "--help" ? 0 : 64;
    }
    return run(*mode, options);
}
