#pragma once
// The header that a load balancer puts in front of a connection to say whose it is: the PROXY
// protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt; there is no RFC). Whom to believe one
// is the caller's business. Addresses alone are taken: what the header says of TLS between client
// and proxy is skipped like every other TLV, because it is no TLS of ours.

#include "maild/base/error.hpp"
#include "maild/net/ip.hpp"
#include "maild/net/task.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace maild::net {

class Stream;

inline constexpr std::size_t kMaxProxyLine = 107; // version 1, with its CRLF (§2.1)
inline constexpr std::size_t kMaxProxyHeader =
    4096; // version 2 may say 65,551; senders use hundreds

struct ProxyHeader {
    struct Client {
        IpAddress address;
        std::uint16_t port = 0;
        friend bool operator==(const Client&, const Client&) = default;
    };
    std::size_t size = 0; // octets of the header; what is behind them is the client's
    // None: the proxy speaks for itself (LOCAL, a check of health), or does not know for whom
    // (UNKNOWN, UNSPEC, a Unix socket, UDP).
    std::optional<Client> client{};
    friend bool operator==(const ProxyHeader&, const ProxyHeader&) = default;
};

// The header that `in` begins with; nothing when it may become one with more octets, which is never
// so from kMaxProxyHeader octets on. protocol_error: whatever follows, it is none.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view in);

// How many octets more are the header's for certain, `in` being its beginning and not all of it.
std::size_t least_left_of_header(std::string_view in);

// Before anything else is read, from a peer that is a proxy: takes the header, and not an octet
// more, and the stream's peer() is then whom it names. The timeout is for all of it.
// protocol_error: it is none.
Task<Result<void>> take_proxy_header(Stream& stream, std::chrono::milliseconds timeout);

} // namespace maild::net
