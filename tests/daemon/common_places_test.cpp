// Two workers with one listening socket, and what the supervisor makes of their words.
#include "daemon/common_places.hpp"
#include "daemon/fake_context.hpp"
#include "daemon/service_port.hpp"
#include "daemon/worker_limits.hpp"
#include "support/fake_clock.hpp"
#include "support/streams.hpp"
#include "support/tls_client.hpp"

#include "maild/base/log.hpp"
#include "maild/net/sockets.hpp"
#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <memory>
#include <unistd.h>

namespace maild::daemon {
namespace {

constexpr std::uint32_t kPlaces = 40; // of each worker

// Of addresses that auth, which is not here, is not asked about.
constexpr std::string_view kNewcomer = "127.0.0.66";

// Has logged in at once, and stays; but the newcomer never does, and makes room.
net::Task<void> greet(net::Stream stream, net::Gate::Pass pass) {
    co_await stream.write("welcome\r\n", std::chrono::seconds(20));
    if (stream.peer().address == kNewcomer) {
        net::Event told;
        pass.on_stop([&told](net::StopReason) { told.notify(); });
        co_await told.wait(std::chrono::seconds(60));
        co_return;
    }
    pass.set_account(AccountId(1), "ada@example.org", {});
    std::string rest;
    co_await stream.read_append(rest, 1, std::chrono::seconds(60));
}

class Worker {
public:
    Worker(boost::asio::io_context& io, const Clock& clock, UniqueFd socket)
        : context(io), auth_line_(io, "auth", {}), meter_(auth_line_, {}) {
        context.settings.workers = 2;
        context.settings.limits.connections = 2 * kPlaces;
        context.settings.memory.connections = UINT32_MAX;
        places.emplace(context);
        gate = std::make_unique<net::Gate>("imap", gate_limits(context.settings), clock);
        ListenerConfig config;
        config.service = Service::imap;
        config.address = "127.0.0.1";
        places->open(Service::imap, *gate);
        net::spawn(io, places->keep_telling(), "crowded");
        port_ = std::make_shared<ServicePort>(
            io, Listener{std::move(config), std::move(socket)},
            ServicePort::Handling{.gate = *gate,
                                  .meter = meter_,
                                  .refusal = "go away\r\n",
                                  .serve = greet,
                                  .is_proxy = [this](std::string_view) { return has_proxy; },
                                  .leaves = [this] { return places->leaves(Service::imap); }});
    }
    void start() { port_->start(); }
    void stop() { port_->stop(); }

    FakeContext context;
    std::optional<CommonPlaces> places;
    std::unique_ptr<net::Gate> gate;
    bool has_proxy = false;

private:
    ipc::Client auth_line_;
    ClientMeter meter_;
    std::shared_ptr<ServicePort> port_;
};

class CommonPlacesTest : public testing::Test {
protected:
    CommonPlacesTest() {
        log::to_nowhere();
        auto socket = net::bind_tcp("127.0.0.1", 0).value();
        port_ = net::local_port(socket.get());
        second.emplace(io, clock_, UniqueFd(::dup(socket.get())));
        first.emplace(io, clock_, std::move(socket));
        first->start();
    }
    ~CommonPlacesTest() override {
        first->stop();
        second->stop();
        clients_.clear();
        test::run_until(io, [this] { return first->gate->count() + second->gate->count() == 0; });
        log::to_descriptor(STDERR_FILENO);
    }

    // The greeting of one more client; it stays if it is welcome.
    std::string come() {
        auto client = test::connect_loopback(port_);
        auto greeting = hear(client);
        if (greeting == "welcome\r\n") clients_.push_back(std::move(client));
        return greeting;
    }
    std::string hear(const UniqueFd& client) {
        std::string greeting;
        test::run_until(io, [&] {
            supervise();
            greeting += test::receive_available(client.get());
            return greeting.ends_with("\n");
        });
        return greeting;
    }
    // As a proxy; it stays, and has not said yet for whom it is.
    const UniqueFd& approach() { return clients_.emplace_back(test::connect_loopback(port_)); }
    static void introduce(const UniqueFd& client, std::string_view address) {
        test::send_all(client.get(), "PROXY TCP4 " + std::string(address) + " 127.0.0.1 4 143\r\n");
    }
    void supervise() {
        const auto crowded = first->context.crowded & second->context.crowded;
        first->places->on_crowded(crowded);
        second->places->on_crowded(crowded);
    }

    boost::asio::io_context io;
    std::optional<Worker> first, second;
    std::deque<UniqueFd> clients_;

private:
    test::FakeClock clock_;
    std::uint16_t port_ = 0;
};

// However unevenly they came: the first had the socket for itself for a while.
TEST_F(CommonPlacesTest, OneThatIsFullLeavesConnectionsToAnotherWithRoom) {
    for (std::uint32_t i = 0; i + 1 < kPlaces; ++i) ASSERT_EQ(come(), "welcome\r\n") << i;
    EXPECT_EQ(first->gate->count(), kPlaces - 1);
    second->start();
    for (std::uint32_t i = 0; i + 1 < kPlaces; ++i) ASSERT_EQ(come(), "welcome\r\n") << i;
    EXPECT_EQ(first->gate->count() + second->gate->count(), 2 * kPlaces - 2);
    EXPECT_GE(second->gate->count(), kPlaces - 2);
    // Now neither has more than its last place, and when both have taken that, the host is full.
    EXPECT_EQ(come(), "welcome\r\n");
    EXPECT_EQ(come(), "welcome\r\n");
    EXPECT_EQ(come(), "go away\r\n");
    EXPECT_EQ(first->gate->count(), kPlaces);
    EXPECT_EQ(second->gate->count(), kPlaces);
}

TEST_F(CommonPlacesTest, OneThatHasRoomAgainTakesConnectionsAgain) {
    second->start();
    for (std::uint32_t i = 0; i < 2 * kPlaces; ++i) ASSERT_EQ(come(), "welcome\r\n") << i;
    EXPECT_EQ(come(), "go away\r\n");
    for (int i = 0; i < 10; ++i) clients_.pop_front();
    test::run_until(
        io, [this] { return first->gate->count() + second->gate->count() == 2 * kPlaces - 10; });
    for (int i = 0; i < 10; ++i) ASSERT_EQ(come(), "welcome\r\n") << i;
    EXPECT_EQ(come(), "go away\r\n");
}

// What connects is counted as soon as it is taken, or the first had taken them all.
TEST_F(CommonPlacesTest, OneThatIsAboutToBeFullLeavesConnectionsOfAProxyToAnother) {
    first->has_proxy = second->has_proxy = true;
    for (std::uint32_t i = 0; i < kPlaces * 3 / 2; ++i) approach();
    test::run_until(io, [this] { return first->gate->coming() >= kPlaces / 2; });
    while (io.poll() > 0) supervise();
    second->start();
    for (const auto& client : clients_) introduce(client, "127.0.0.2");
    for (const auto& client : clients_) EXPECT_EQ(hear(client), "welcome\r\n");
    EXPECT_EQ(first->gate->count() + second->gate->count(), kPlaces * 3 / 2);
    EXPECT_EQ(first->gate->coming() + second->gate->coming(), 0U);
}

// The last place was taken while its header was on the way.
TEST_F(CommonPlacesTest, WhoComesThroughAProxyWaitsForANewcomerToLeave) {
    first->context.settings.workers = 1;
    first->context.settings.limits.connections = kPlaces;
    first->places->on_reload();
    for (std::uint32_t i = 0; i + 1 < kPlaces; ++i) ASSERT_EQ(come(), "welcome\r\n") << i;
    first->has_proxy = true;
    const auto& slow = approach();
    test::run_until(io, [this] { return first->gate->coming() == 1; });
    const auto& newcomer = approach();
    introduce(newcomer, kNewcomer);
    ASSERT_EQ(hear(newcomer), "welcome\r\n");
    EXPECT_EQ(first->gate->count(), kPlaces);
    introduce(slow, "127.0.0.2");
    EXPECT_EQ(hear(slow), "welcome\r\n");
    EXPECT_EQ(first->gate->count(), kPlaces);
}

// One that is not told of the others, as the only one of a host is not, never waits for them.
TEST_F(CommonPlacesTest, TheOnlyWorkerRefusesAtOnce) {
    first->context.settings.workers = 1;
    first->context.settings.limits.connections = kPlaces;
    first->places->on_reload();
    for (std::uint32_t i = 0; i < kPlaces; ++i) ASSERT_EQ(come(), "welcome\r\n") << i;
    EXPECT_EQ(come(), "go away\r\n");
}

} // namespace
} // namespace maild::daemon
