#include "daemon/own_addresses.hpp"

#include <algorithm>
#include <array>
#include <ifaddrs.h>
#include <memory>
#include <netdb.h>
#include <string_view>
#include <sys/socket.h>

namespace maild::daemon {
namespace {

// Without a zone: an MX has none.
std::optional<net::IpAddress> address_of(const sockaddr* socket) {
    if (socket == nullptr || (socket->sa_family != AF_INET && socket->sa_family != AF_INET6))
        return std::nullopt;
    const auto size = socket->sa_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    std::array<char, NI_MAXHOST> text{};
    const auto fault = ::getnameinfo(socket, static_cast<socklen_t>(size), text.data(), text.size(),
                                     nullptr, 0, NI_NUMERICHOST);
    if (fault != 0) return std::nullopt;
    const std::string_view all(text.data());
    const auto address = net::parse_ip(all.substr(0, all.find('%')));
    return address ? std::optional(*address) : std::nullopt;
}

void add_interfaces(std::vector<net::IpAddress>& out) {
    ifaddrs* found = nullptr;
    if (::getifaddrs(&found) != 0) return;
    const std::unique_ptr<ifaddrs, decltype(&::freeifaddrs)> all(found, &::freeifaddrs);
    for (const auto* each = found; each != nullptr; each = each->ifa_next) {
        const auto address = address_of(each->ifa_addr);
        if (address && !address->is_loopback()) out.push_back(*address);
    }
}

} // namespace

std::vector<net::IpAddress> own_addresses(const Config& config) {
    std::vector<net::IpAddress> out;
    for (const auto& listener : config.listeners) {
        if (listener.service != Service::smtp || listener.port != config.queue.port) continue;
        const auto address = net::parse_ip(listener.address);
        if (listener.address == "0.0.0.0" || listener.address == "::")
            add_interfaces(out);
        else if (address)
            out.push_back(*address);
    }
    return out;
}

} // namespace maild::daemon
