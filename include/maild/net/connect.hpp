#pragma once
// Connections that we open to other hosts. The address is known; finding it is host_lookup.hpp's.

#include "maild/net/ip.hpp"
#include "maild/net/stream.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace maild::net {

// unavailable: nobody takes it, or no way leads there; `internal` says what the kernel says.
// `source`: the address of this host to connect from, of the same family.
Task<Result<Stream>> connect_tcp(boost::asio::io_context& io, IpAddress address, std::uint16_t port,
                                 std::chrono::milliseconds timeout,
                                 std::optional<IpAddress> source = std::nullopt);

struct Connected {
    Stream stream;
    std::optional<IpAddress> local; // this host's address; none: the kernel did not tell
};
// The same, for who has to tell from where.
Task<Result<Connected>> connect_tcp_from(boost::asio::io_context& io, IpAddress address,
                                         std::uint16_t port, std::chrono::milliseconds timeout,
                                         std::optional<IpAddress> source);

} // namespace maild::net
