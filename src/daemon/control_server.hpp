#pragma once
// The control socket's server in the role `control`: checks who is there, reads requests, runs them
// one after the other for each connection, and logs who changed what. Arguments are never logged
// whole: they may hold a password.

#include "daemon/control_command.hpp"

#include "maild/base/unique_fd.hpp"
#include "maild/net/listener.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace maild::daemon {

class ControlServer {
public:
    explicit ControlServer(ControlReach reach) : reach_(reach) {}

    void listen(UniqueFd socket);
    void stop(); // no further connections; requests in progress go on
    std::size_t busy() const { return busy_; }

private:
    net::Task<void> accept_loop(std::shared_ptr<net::Listener> listener);
    net::Task<void> serve(UniqueFd socket);

    ControlReach reach_;
    std::vector<std::shared_ptr<net::Listener>> listeners_;
    std::size_t open_ = 0; // connections
    std::size_t busy_ = 0; // requests in progress
};

} // namespace maild::daemon
