#include "maild/net/ip.hpp"

#include "maild/base/cursor.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace maild::net {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kMaxText = 45; // "0000:0000:0000:0000:0000:ffff:255.255.255.255"

} // namespace

bool IpAddress::is_v4() const {
    return std::ranges::equal(kMappedPrefix, std::span(bytes).first(12));
}

bool IpAddress::is_loopback() const {
    if (is_v4()) return bytes[12] == 127;
    IpAddress one;
    one.bytes[15] = 1;
    return *this == one;
}

IpAddress IpAddress::masked(unsigned prefix) const {
    IpAddress out;
    for (unsigned i = 0; i < bytes.size(); ++i) {
        const unsigned bits = prefix <= i * 8 ? 0 : std::min(8U, prefix - i * 8);
        out.bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xff00U >> bits));
    }
    return out;
}

std::optional<IpAddress> parse_ip(std::string_view text) {
    if (text.empty() || text.size() > kMaxText || text.contains('\0')) return std::nullopt;
    const std::string terminated(text);
    IpAddress address;
    if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) return address;
    std::ranges::copy(kMappedPrefix, address.bytes.begin());
    if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data() + 12) == 1) return address;
    return std::nullopt;
}

std::string format_ip(const IpAddress& address) {
    char text[INET6_ADDRSTRLEN] = "";
    if (address.is_v4())
        ::inet_ntop(AF_INET, address.bytes.data() + 12, text, sizeof text);
    else
        ::inet_ntop(AF_INET6, address.bytes.data(), text, sizeof text);
    return text;
}

std::optional<Network> parse_network(std::string_view text) {
    const auto slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    if (!address) return std::nullopt;
    // Of an address written as IPv6, also a mapped one, the prefix counts 128 bits.
    const bool is_dotted = !text.substr(0, slash).contains(':');
    Network network{*address, 128};
    if (slash != std::string_view::npos) {
        Cursor in(text.substr(slash + 1));
        const auto bits = in.take_number(is_dotted ? 32 : 128);
        if (!bits || !in.at_end()) return std::nullopt;
        network.prefix = static_cast<unsigned>(*bits) + (is_dotted ? 96 : 0);
    }
    if (network.address.masked(network.prefix) != network.address) return std::nullopt;
    return network;
}

std::string format_network(const Network& network) {
    // What is wider than all of IPv4 is no IPv4 network, whatever its address looks like.
    const bool is_dotted = network.address.is_v4() && network.prefix >= 96;
    const auto text = format_ip(network.address);
    if (network.prefix == 128) return text;
    return text + "/" + std::to_string(network.prefix - (is_dotted ? 96 : 0));
}

bool in_network(const IpAddress& address, const Network& network) {
    return address.masked(network.prefix) == network.address;
}

bool in_any_network(const IpAddress& address, std::span<const Network> networks) {
    return std::ranges::any_of(
        networks, [&](const Network& network) { return in_network(address, network); });
}

IpAddress peer_key(const IpAddress& address) {
    return address.is_v4() ? address : address.masked(64);
}

} // namespace maild::net
