#include "net/socket_address.hpp"

#include <cstring>

namespace maild::net {

socklen_t fill_ip(SocketAddress& out, const IpAddress& address, std::uint16_t port) {
    if (address.is_v4()) {
        out.v4.sin_family = AF_INET;
        out.v4.sin_port = htons(port);
        std::memcpy(&out.v4.sin_addr, address.bytes.data() + 12, 4);
        return sizeof out.v4;
    }
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(port);
    std::memcpy(&out.v6.sin6_addr, address.bytes.data(), 16);
    return sizeof out.v6;
}

} // namespace maild::net
