#pragma once
// One listening socket as a worker serves it: accepts, lets a proxy say whom it speaks for, admits
// through the service's gate and by what its address may open on the whole host, and starts the
// protocol's coroutine. Who is refused is told so in the protocol's words, where it speaks first in
// plain text.

#include "daemon/client_meter.hpp"
#include "daemon/role.hpp"

#include "maild/net/gate.hpp"
#include "maild/net/listener.hpp"
#include "maild/net/stream.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace maild::daemon {

class ServicePort : public std::enable_shared_from_this<ServicePort> {
public:
    // Serves one admitted connection; asked anew for each, so that a reload holds for the next one.
    using Serve = std::function<net::Task<void>(net::Stream stream, net::Gate::Pass pass)>;

    struct Handling {
        net::Gate& gate;    // outlives the port,
        ClientMeter& meter; // as this does
        std::string refusal;
        Serve serve;
        // Whether who connects from there must say for whom; asked anew for each, too.
        std::function<bool(std::string_view address)> is_proxy;
        // Whether what comes is another worker's to take; null: never.
        std::function<bool()> leaves = {};
    };

    ServicePort(boost::asio::io_context& io, Listener listener, Handling handling)
        : io_(io),
          config_(std::move(listener.config)),
          listener_(io, std::move(listener.socket)),
          handling_(std::move(handling)) {}

    void start(); // keeps itself alive until stop()
    void stop() { listener_.stop(); }
    const ListenerConfig& config() const { return config_; }

private:
    static net::Task<void> accept_loop(std::shared_ptr<ServicePort> self);
    static net::Task<void> introduce(std::shared_ptr<ServicePort> self, net::Stream stream,
                                     net::Gate::Coming coming);
    void take(UniqueFd socket);
    void admit(net::Stream stream);
    static net::Task<void> serve_counted(std::shared_ptr<ServicePort> self, net::Stream stream,
                                         net::Gate::Pass pass, ClientMeter::Presence presence);
    static net::Task<void> turn_away(std::shared_ptr<ServicePort> self, net::Stream stream,
                                     std::string reason);

    boost::asio::io_context& io_;
    ListenerConfig config_;
    net::Listener listener_;
    Handling handling_;
};

} // namespace maild::daemon
