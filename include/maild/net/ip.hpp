#pragma once
// IP addresses and networks as values: for trusted networks and for counting by peer. An
// IPv4-mapped IPv6 address (RFC 4291 §2.5.5.2) *is* the IPv4 address, so that a rule cannot be
// passed by on the other family.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace maild::net {

struct IpAddress {
    std::array<std::uint8_t, 16> bytes{}; // IPv4 stands in the last four behind ::ffff:0:0/96
    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

    bool is_v4() const;
    bool is_loopback() const; // 127.0.0.0/8, ::1
    // Zeroes all but the first `prefix` bits (of 128; add 96 for IPv4).
    IpAddress masked(unsigned prefix) const;
};

// Digits only, no names, no zone, no brackets.
std::optional<IpAddress> parse_ip(std::string_view text);
std::string format_ip(const IpAddress& address); // RFC 5952; IPv4 dotted

struct Network {
    IpAddress address;     // masked
    unsigned prefix = 128; // of 128 bits
    friend bool operator==(const Network&, const Network&) = default;
};

template <class Codec> void describe(Codec& codec, Network& network) {
    for (auto& byte : network.address.bytes) codec(byte);
    codec(network.prefix);
}

// "192.0.2.0/24", "2001:db8::/32", or an address alone. Bits behind the prefix must be zero.
std::optional<Network> parse_network(std::string_view text);
std::string format_network(const Network& network); // as parse_network() reads it
bool in_network(const IpAddress& address, const Network& network);
bool in_any_network(const IpAddress& address, std::span<const Network> networks);

// What is counted as one peer: an IPv4 address, or the /64 that one IPv6 customer has.
IpAddress peer_key(const IpAddress& address);

} // namespace maild::net

template <> struct std::hash<maild::net::IpAddress> {
    std::size_t operator()(const maild::net::IpAddress& address) const noexcept {
        return std::hash<std::string_view>{}(
            {reinterpret_cast<const char*>(address.bytes.data()), address.bytes.size()});
    }
};
