#pragma once
// Connections that we open to other hosts. The address is known; finding it is host_lookup.hpp's.

#include "maild/net/ip.hpp"
#include "maild/net/stream.hpp"

#include <chrono>
#include <cstdint>

namespace maild::net {

// unavailable: nobody takes it, or no way leads there; `internal` says what the kernel says.
Task<Result<Stream>> connect_tcp(boost::asio::io_context& io, IpAddress address, std::uint16_t port,
                                 std::chrono::milliseconds timeout);

} // namespace maild::net
