#pragma once
// What can be measured, one function for each mode; each prints its lines.

#include "bench/load/measurement.hpp"

#include "maild/net/task.hpp"

namespace maild::bench {

struct Load {
    boost::asio::io_context& io;
    const Options& options;
    const Servers& servers;
    bool has_failed = false;
};

net::Task<void> deliver(Load& load);
net::Task<void> log_in(Load& load);
net::Task<void> shake_hands(Load& load);
net::Task<void> append(Load& load);
net::Task<void> run_commands(Load& load);
net::Task<void> retrieve(Load& load);
net::Task<void> idle(Load& load);
net::Task<void> hold_tls(Load& load);

void print(Load& load, Measurement& measurement);

} // namespace maild::bench
