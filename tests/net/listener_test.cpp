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

// Two processes with one socket, of which one is full.
TEST(Listener, LeavesConnectionsToOthersWhileItIsFull) {
    boost::asio::io_context io;
    auto socket = bind_tcp("127.0.0.1", 0).value();
    const auto port = local_port(socket.get());
    UniqueFd same(::dup(socket.get()));
    Listener full(io, std::move(socket));
    bool is_full = true;
    full.set_full([&] { return is_full; });
    auto by_full = std::make_shared<std::optional<Result<UniqueFd>>>();
    spawn(io, test::keep_result(full.accept(), by_full), "accept");
    io.poll();
    {
        Listener other(io, std::move(same));
        for (int i = 0; i < 5; ++i) {
            const auto client = test::connect_loopback(port);
            EXPECT_TRUE(test::finish(io, other.accept()));
            EXPECT_FALSE(by_full->has_value());
        }
    }
    const auto client = test::connect_loopback(port);
    test::run_until(io, [&] { return by_full->has_value(); });
    EXPECT_TRUE(**by_full) << "nobody else took it: it is to be turned away";
}

} // namespace
} // namespace maild::net
