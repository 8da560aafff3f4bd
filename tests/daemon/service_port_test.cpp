// Clients of one port behind a proxy, so that each has an address of its own, and `auth` that
// counts them.

#include "daemon/rate_service.hpp"
#include "daemon/service_port.hpp"
#include "support/fake_clock.hpp"
#include "support/streams.hpp"

#include "maild/base/log.hpp"

#include <gtest/gtest.h>

#include <array>
#include <deque>
#include <netinet/in.h>

namespace maild::daemon {
namespace {

using test::FakeClock;
using test::SeededRandom;

constexpr std::uint32_t kMostOpen = 2;

auth::ClientLimits two_of_an_address() {
    auth::ClientLimits limits;
    limits.connections = kMostOpen;
    return limits;
}

// A session that greets and then waits for its client to go.
net::Task<void> greet(net::Stream stream, [[maybe_unused]] net::Gate::Pass pass) {
    co_await stream.write("welcome\r\n", std::chrono::seconds(20));
    std::string rest;
    co_await stream.read_append(rest, 1, std::chrono::seconds(20));
}

class ServicePortTest : public testing::Test {
protected:
    ServicePortTest() {
        log::to_nowhere();
        auto worker = net::socket_pair().value();
        auth_line_.attach(std::move(worker.first));
        server_.attach(std::move(worker.second), ipc::PeerRole::worker, 0);
        auto admin = net::socket_pair().value();
        admin_line_.attach(std::move(admin.first));
        server_.attach(std::move(admin.second), ipc::PeerRole::control, 0);

        ListenerConfig config;
        config.service = Service::imap;
        config.address = "127.0.0.1";
        auto socket = net::bind_tcp(config.address, 0).value();
        port_number_ = net::local_port(socket.get());
        port_ = std::make_shared<ServicePort>(
            io_, Listener{std::move(config), std::move(socket)},
            ServicePort::Handling{.gate = gate_,
                                  .meter = meter_,
                                  .refusal = "go away\r\n",
                                  .serve = greet,
                                  .is_proxy = [](std::string_view) { return true; }});
        port_->start();
    }
    ~ServicePortTest() override {
        port_->stop();
        clients_.clear();
        test::run_until(io_, [this] { return gate_.sessions().empty(); });
        log::to_descriptor(STDERR_FILENO);
    }

    // What a client at this address is greeted with; it stays.
    std::string knock(const std::string& address) {
        UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port_number_);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(client.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
        test::send_all(client.get(), "PROXY TCP4 " + address + " 127.0.0.1 4000 143\r\n");
        std::string greeting;
        test::run_until(io_, [&] {
            std::array<char, 64> bytes{};
            const auto count = ::recv(client.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (count > 0) greeting.append(bytes.data(), static_cast<std::size_t>(count));
            return greeting.ends_with('\n');
        });
        clients_.push_back(std::move(client));
        return greeting;
    }
    auth::ClientRates::Counter open_connections() {
        const auto report =
            test::finish(io_, admin_line_.call<RateReport>(kListRates, ipc::Nothing{},
                                                           std::chrono::seconds(20)));
        return report.value().counters.front();
    }

    FakeClock clock_;
    SeededRandom random_{1};
    boost::asio::io_context io_;
    RateService rates_{clock_, random_, two_of_an_address()};
    ipc::Server server_{io_,
                        "auth",
                        [this](std::shared_ptr<ipc::Connection> connection,
                               ipc::Request request) -> net::Task<void> {
                            rates_.handle(*connection, request);
                            co_return;
                        },
                        {}};
    ipc::Client auth_line_{io_, "auth", {}};
    ipc::Client admin_line_{io_, "auth", {}};
    ClientMeter meter_{auth_line_, two_of_an_address()};
    net::Gate gate_{"imap", {.sessions = 4, .sessions_per_peer = kMostOpen}, clock_};
    std::uint16_t port_number_ = 0;
    std::shared_ptr<ServicePort> port_;
    std::deque<UniqueFd> clients_;
};

// Its gate sees by itself that the client has them all, and `auth` is not asked.
TEST_F(ServicePortTest, TellsAuthWhomOneWorkerAloneTurnedAway) {
    EXPECT_EQ(knock("203.0.113.1"), "welcome\r\n");
    EXPECT_EQ(knock("203.0.113.1"), "welcome\r\n");
    EXPECT_EQ(open_connections().refusals, 0U);
    EXPECT_EQ(knock("203.0.113.1"), "go away\r\n");
    EXPECT_EQ(knock("203.0.113.1"), "go away\r\n");
    const auto counted = open_connections();
    EXPECT_EQ(counted.refusals, 2U);
    EXPECT_EQ(counted.at_limit, 1U);
    ASSERT_EQ(counted.top.size(), 1U);
    EXPECT_EQ(counted.top.front().count, kMostOpen);
}

// Nobody's limit of an address is reached: the whole service is full.
TEST_F(ServicePortTest, CountsAFullServiceForNobody) {
    for (const auto* address : {"203.0.113.1", "203.0.113.2", "203.0.113.3", "203.0.113.4"})
        EXPECT_EQ(knock(address), "welcome\r\n") << address;
    EXPECT_EQ(knock("203.0.113.5"), "go away\r\n");
    EXPECT_EQ(open_connections().refusals, 0U);
}

} // namespace
} // namespace maild::daemon
