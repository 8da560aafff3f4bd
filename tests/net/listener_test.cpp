#include "support/streams.hpp"
#include "support/tls_client.hpp"

#include "maild/net/listener.hpp"
#include "maild/net/sockets.hpp"
#include "maild/net/spawn.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <unistd.h>

namespace maild::net {
namespace {

// Two processes with one socket, of which one leaves what comes to the other.
class SharedListener : public testing::Test {
protected:
    SharedListener() {
        auto socket = bind_tcp("127.0.0.1", 0).value();
        port = local_port(socket.get());
        other.emplace(io, UniqueFd(::dup(socket.get())));
        leaving.emplace(io, std::move(socket));
        leaving->set_leaving([this] { return leaves; });
        spawn(io, test::keep_result(leaving->accept(), taken), "accept");
        io.poll();
    }
    // For longer than it takes to look again.
    void let_time_pass() { io.run_for(std::chrono::milliseconds(300)); }

    boost::asio::io_context io;
    std::uint16_t port = 0;
    bool leaves = true;
    std::optional<Listener> other, leaving;
    std::shared_ptr<std::optional<Result<UniqueFd>>> taken =
        std::make_shared<std::optional<Result<UniqueFd>>>();
};

TEST_F(SharedListener, LeavesConnectionsToOthers) {
    const auto early = test::connect_loopback(port);
    let_time_pass();
    EXPECT_FALSE(taken->has_value()) << "however long the others take";
    EXPECT_TRUE(test::finish(io, other->accept()));
    for (int i = 0; i < 5; ++i) {
        const auto client = test::connect_loopback(port);
        EXPECT_TRUE(test::finish(io, other->accept()));
        EXPECT_FALSE(taken->has_value());
    }
    const auto client = test::connect_loopback(port);
    leaves = false;
    test::run_until(io, [&] { return taken->has_value(); });
    EXPECT_TRUE(**taken) << "it has room again, or nobody has";
}

TEST_F(SharedListener, TakesNothingAfterItWasStoppedMeanwhile) {
    const auto client = test::connect_loopback(port);
    leaving->stop();
    leaves = false;
    test::run_until(io, [&] { return taken->has_value(); });
    EXPECT_FALSE(**taken);
    EXPECT_TRUE(test::finish(io, other->accept()));
}

} // namespace
} // namespace maild::net
