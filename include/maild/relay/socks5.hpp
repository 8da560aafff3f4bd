#pragma once
// SOCKS version 5 (RFC 1928) as client, with a user's name and password perhaps (RFC 1929): a
// stream to a proxy becomes one to somebody behind it. The proxy is asked for an address, or for a
// name where it is to look that up itself.

#include "maild/net/ip.hpp"
#include "maild/net/stream.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace maild::relay {

struct SocksUser {
    std::string name; // empty: none; both at most 255 octets
    std::string password;
};

using SocksTarget = std::variant<net::IpAddress, std::string>;

// The stream is connected to the proxy. unavailable: what the proxy says; authentication_failed;
// protocol_error: that is no SOCKS proxy; timed_out, closed. The deadline covers it all. Behind an
// error the stream is of no use.
net::Task<Result<void>> connect_socks5(net::Stream& stream, SocksTarget target, std::uint16_t port,
                                       SocksUser user, std::chrono::milliseconds timeout);

} // namespace maild::relay
