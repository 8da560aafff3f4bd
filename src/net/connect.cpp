#include "maild/net/connect.hpp"

#include "net/await.hpp"
#include "net/readiness.hpp"
#include "net/socket_address.hpp"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>

namespace maild::net {
namespace {

std::unexpected<Error> not_connected(const IpAddress& address, int error) {
    return fail(Errc::unavailable,
                "connect to " + format_ip(address) + ": " + std::strerror(error));
}

// The port is chosen when the other end is known, so that it can be used towards many at once.
bool bind_to(int fd, const IpAddress& source) {
    SocketAddress name{};
    const auto size = fill_ip(name, source, 0);
    const int on = 1;
    ::setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    return ::bind(fd, &name.any, size) == 0;
}

std::optional<IpAddress> local_ip(int fd) {
    SocketAddress name{};
    socklen_t size = sizeof name;
    if (::getsockname(fd, &name.any, &size) != 0) return std::nullopt;
    IpAddress out;
    if (name.any.sa_family == AF_INET6) {
        std::memcpy(out.bytes.data(), &name.v6.sin6_addr, sizeof name.v6.sin6_addr);
        return out;
    }
    if (name.any.sa_family != AF_INET) return std::nullopt;
    out.bytes[10] = out.bytes[11] = 0xff; // ip.hpp
    std::memcpy(out.bytes.data() + 12, &name.v4.sin_addr, sizeof name.v4.sin_addr);
    return out;
}

int pending_error(int fd) {
    int error = 0;
    socklen_t size = sizeof error;
    return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
}

} // namespace

Task<Result<Stream>> connect_tcp(boost::asio::io_context& io, IpAddress address, std::uint16_t port,
                                 std::chrono::milliseconds timeout,
                                 std::optional<IpAddress> source) {
    auto connected = co_await connect_tcp_from(io, address, port, timeout, source);
    if (!connected) co_return std::unexpected(std::move(connected.error()));
    co_return std::move(connected->stream);
}

Task<Result<Connected>> connect_tcp_from(boost::asio::io_context& io, IpAddress address,
                                         std::uint16_t port, std::chrono::milliseconds timeout,
                                         std::optional<IpAddress> source) {
    SocketAddress name{};
    const auto size = fill_ip(name, address, port);
    UniqueFd socket(::socket(name.any.sa_family, kSocketType, 0));
    if (!socket) co_return not_connected(address, errno);
    if (source && !bind_to(socket.get(), *source)) co_return not_connected(address, errno);
    if (::connect(socket.get(), &name.any, size) != 0) {
        if (errno != EINPROGRESS) co_return not_connected(address, errno);
        const auto readiness = std::make_shared<Readiness>(io, std::move(socket));
        const auto wake = co_await readiness->wait(Direction::write, deadline_after(timeout));
        socket = readiness->release();
        if (wake == Wake::timed_out) co_return not_connected(address, ETIMEDOUT);
        if (const int error = pending_error(socket.get()); error != 0)
            co_return not_connected(address, error);
    }
    const auto local = local_ip(socket.get());
    co_return Connected{Stream(io, std::move(socket)), local};
}

} // namespace maild::net
