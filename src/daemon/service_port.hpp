#pragma once
// One listening socket as a worker serves it: accepts, admits through the service's gate, and
// starts the protocol's coroutine. Whom the gate refuses is told so in the protocol's words, where
// it speaks first in plain text.

#include "daemon/role.hpp"

#include "maild/net/gate.hpp"
#include "maild/net/listener.hpp"
#include "maild/net/stream.hpp"

#include <functional>
#include <memory>
#include <string>

namespace maild::daemon {

class ServicePort : public std::enable_shared_from_this<ServicePort> {
public:
    // Serves one admitted connection; asked anew for each, so that a reload holds for the next one.
    using Serve = std::function<net::Task<void>(net::Stream stream, net::Gate::Pass pass)>;

    // `gate` outlives the port.
    ServicePort(boost::asio::io_context& io, Listener listener, net::Gate& gate,
                std::string refusal, Serve serve)
        : io_(io),
          config_(std::move(listener.config)),
          listener_(io, std::move(listener.socket)),
          gate_(gate),
          refusal_(std::move(refusal)),
          serve_(std::move(serve)) {}

    void start(); // keeps itself alive until stop()
    void stop() { listener_.stop(); }
    const ListenerConfig& config() const { return config_; }

private:
    static net::Task<void> accept_loop(std::shared_ptr<ServicePort> self);
    void admit(UniqueFd socket);

    boost::asio::io_context& io_;
    ListenerConfig config_;
    net::Listener listener_;
    net::Gate& gate_;
    std::string refusal_;
    Serve serve_;
};

} // namespace maild::daemon
