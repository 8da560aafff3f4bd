#include "net/socket_options.hpp"

#include "maild/net/ip.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace maild::net {
namespace {

void set_option(int fd, int level, int name, int value) {
    ::setsockopt(fd, level, name, &value, sizeof value);
}

Peer tcp_peer(const IpAddress& address, in_port_t port) {
    Peer peer;
    peer.address = format_ip(address);
    peer.port = ntohs(port);
    peer.is_loopback = address.is_loopback();
    return peer;
}

Peer unix_peer(int fd) {
    Peer peer;
    peer.address = "local";
    peer.is_loopback = true;
    ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0 &&
        size == sizeof credentials) {
        peer.uid = credentials.uid;
    }
    return peer;
}

} // namespace

Peer peer_of(int fd) {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) {
        Peer nobody;
        nobody.address = "unknown";
        return nobody;
    }
    IpAddress address;
    if (storage.ss_family == AF_INET6) {
        sockaddr_in6 v6{};
        std::memcpy(&v6, &storage, sizeof v6);
        std::ranges::copy(v6.sin6_addr.s6_addr, address.bytes.begin());
        return tcp_peer(address, v6.sin6_port);
    }
    if (storage.ss_family == AF_INET) {
        sockaddr_in v4{};
        std::memcpy(&v4, &storage, sizeof v4);
        address.bytes[10] = address.bytes[11] = 0xff;
        std::memcpy(address.bytes.data() + 12, &v4.sin_addr, 4);
        return tcp_peer(address, v4.sin_port);
    }
    return unix_peer(fd);
}

void set_stream_options(int fd) {
    int family = 0;
    socklen_t size = sizeof family;
    if (::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0 || family == AF_UNIX) return;
    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); // we write whole groups of replies ourselves
    // A peer behind a line that died silently is noticed after 2 minutes and 4 probes, 3 minutes in
    // all.
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 120);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 15);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 4);
}

std::unexpected<Error> socket_failure(std::string_view call) {
    switch (errno) {
    case ECONNRESET:
    case EPIPE:
    case ENOTCONN:
    case EBADF: // closed on this side meanwhile
    case EHOSTUNREACH:
    case ENETUNREACH: return fail(Errc::closed, std::string(call) + ": " + std::strerror(errno));
    case ETIMEDOUT: return fail(Errc::timed_out, std::string(call) + ": keepalive");
    default: return fail_errno(call);
    }
}

} // namespace maild::net
