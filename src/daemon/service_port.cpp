#include "daemon/service_port.hpp"

#include "maild/base/log.hpp"
#include "maild/net/spawn.hpp"

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kRefusalTime{2};
constexpr std::chrono::seconds kSettleTime{2};

net::Task<void> refuse(net::Stream stream, std::string words) {
    co_await stream.write(words, kRefusalTime);
    co_await stream.shutdown(kRefusalTime);
}

} // namespace

void ServicePort::start() { net::spawn(io_, accept_loop(shared_from_this()), "accept"); }

net::Task<void> ServicePort::accept_loop(std::shared_ptr<ServicePort> self) {
    while (true) {
        auto socket = co_await self->listener_.accept();
        if (!socket) {
            if (socket.error().code != Errc::closed) {
                log::error("accept_failed", {{"listener", self->config_.endpoint()},
                                             {"error", socket.error().internal}});
            }
            co_return;
        }
        try {
            co_await self->gate_.settle(kSettleTime);
            self->admit(std::move(*socket));
        } catch (const std::exception&
                     error) { // no memory, or epoll is full: this connection ends, no other
            log::error("connection_dropped",
                       {{"listener", self->config_.endpoint()}, {"error", error.what()}});
        }
    }
}

void ServicePort::admit(UniqueFd socket) {
    net::Stream stream(io_, std::move(socket));
    auto pass = gate_.admit(stream.peer().address);
    if (pass) {
        net::spawn(io_, serve_(std::move(stream), std::move(*pass)), "session");
        return;
    }
    log::warning("connection_refused", {{"service", name_of(config_.service)},
                                        {"remote_ip", stream.peer().address},
                                        {"reason", name_of(pass.error().code)}});
    if (config_.tls != TlsMode::implicit)
        net::spawn(io_, refuse(std::move(stream), refusal_), "refuse");
}

} // namespace maild::daemon
