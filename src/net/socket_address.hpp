#pragma once
// Addresses as bind(2) and connect(2) take them.

#include "maild/net/ip.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace maild::net {

union SocketAddress {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
    sockaddr_un local;
};

inline constexpr int kSocketType = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;

// How long it is.
socklen_t fill_ip(SocketAddress& out, const IpAddress& address, std::uint16_t port);

} // namespace maild::net
