#include "daemon/service_port.hpp"

#include "maild/base/log.hpp"
#include "maild/net/proxy_header.hpp"
#include "maild/net/spawn.hpp"

#include <utility>

namespace maild::daemon {
namespace {

constexpr std::chrono::seconds kRefusalTime{2};
constexpr std::chrono::seconds kSettleTime{2};
// A proxy says whom it speaks for in its first segment; one may get lost and come again.
constexpr std::chrono::seconds kIntroductionTime{5};
constexpr std::size_t kMaxIntroducing = 1000;

std::string reason_of(const auth::RateRefusal& refusal) {
    if (!refusal.rate) return "connections of the address";
    return refusal.is_of_network ? "connections a minute of the network"
                                 : "connections a minute of the address";
}

} // namespace

void ServicePort::start() {
    listener_.set_leaving(handling_.leaves);
    net::spawn(io_, accept_loop(shared_from_this()), "accept");
}

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
            co_await self->handling_.gate.settle(kSettleTime);
            self->take(std::move(*socket));
        } catch (const std::exception&
                     error) { // no memory, or epoll is full: this connection ends, no other
            log::error("connection_dropped",
                       {{"listener", self->config_.endpoint()}, {"error", error.what()}});
        }
    }
}

void ServicePort::take(UniqueFd socket) {
    net::Stream stream(io_, std::move(socket));
    if (!handling_.is_proxy(stream.peer().address)) return admit(std::move(stream));
    if (handling_.gate.coming() >= kMaxIntroducing) {
        log::warning("proxy_refused", {{"listener", config_.endpoint()},
                                       {"remote_ip", stream.peer().address},
                                       {"reason", "too many connections without a header"}});
        return;
    }
    net::Gate::Coming coming(handling_.gate);
    net::spawn(io_, introduce(shared_from_this(), std::move(stream), std::move(coming)),
               "proxy_header");
}

// Whatever is no header ends without a word: what stands there speaks another protocol.
net::Task<void> ServicePort::introduce(std::shared_ptr<ServicePort> self, net::Stream stream,
                                       net::Gate::Coming coming) {
    const auto proxy = stream.peer().address;
    const auto taken = co_await net::take_proxy_header(stream, kIntroductionTime);
    if (!taken) {
        log::warning("proxy_refused", {{"listener", self->config_.endpoint()},
                                       {"remote_ip", proxy},
                                       {"error", name_of(taken.error().code)},
                                       {"reason", taken.error().internal}});
        co_return;
    }
    log::debug("proxy_connected", {{"listener", self->config_.endpoint()},
                                   {"proxy_ip", proxy},
                                   {"remote_ip", stream.peer().address}});
    {
        const auto gone = std::move(coming);
    }
    co_await self->handling_.gate.settle(kSettleTime);
    self->admit(std::move(stream));
}

void ServicePort::admit(net::Stream stream) {
    const auto service = static_cast<std::uint8_t>(config_.service);
    const auto from = handling_.meter.counted(stream.peer().address);
    auto pass = handling_.gate.admit(stream.peer().address, stream.peer().uid);
    if (!pass) {
        if (from) handling_.meter.note_turned_away(service, *from);
        std::string reason(pass.error().internal);
        net::spawn(io_, turn_away(shared_from_this(), std::move(stream), std::move(reason)),
                   "refuse");
        return;
    }
    if (!from) {
        net::spawn(io_, handling_.serve(std::move(stream), std::move(*pass)), "session");
        return;
    }
    ClientMeter::Presence presence(handling_.meter, service, *from);
    net::spawn(
        io_,
        serve_counted(shared_from_this(), std::move(stream), std::move(*pass), std::move(presence)),
        "session");
}

// One of a client that is counted, for as long as it is there.
net::Task<void> ServicePort::serve_counted(std::shared_ptr<ServicePort> self, net::Stream stream,
                                           net::Gate::Pass pass, ClientMeter::Presence presence) {
    const auto refusal = co_await self->handling_.meter.arrive(presence);
    if (!refusal) {
        co_await self->handling_.serve(std::move(stream), std::move(pass));
        co_return;
    }
    // Neither the gate nor the others wait for it to take its leave.
    {
        const auto gone = std::move(pass);
    }
    {
        const auto gone = std::move(presence);
    }
    auto reason = reason_of(*refusal);
    co_await turn_away(std::move(self), std::move(stream), std::move(reason));
}

net::Task<void> ServicePort::turn_away(std::shared_ptr<ServicePort> self, net::Stream stream,
                                       std::string reason) {
    const auto& config = self->config_;
    log::warning("connection_refused", {{"service", name_of(config.service)},
                                        {"remote_ip", stream.peer().address},
                                        {"reason", reason}});
    if (config.tls == TlsMode::implicit) co_return;
    co_await stream.write(self->handling_.refusal, kRefusalTime);
    co_await stream.shutdown(kRefusalTime);
}

} // namespace maild::daemon
