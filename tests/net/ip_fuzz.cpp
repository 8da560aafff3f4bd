// Addresses and networks as an admin or a peer may write them: what parses is written in one form,
// which parses to the same.
#include "maild/base/ensure.hpp"
#include "maild/net/ip.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

using namespace maild;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input(reinterpret_cast<const char*>(data), size);
    if (const auto address = net::parse_ip(input)) {
        ensure(net::parse_ip(net::format_ip(*address)) == address, "one form");
        const auto key = net::peer_key(*address);
        ensure(net::peer_key(key) == key, "a peer's key is its own");
        ensure(net::in_network(*address, {{}, 0}), "everything is in the whole");
    }
    if (const auto network = net::parse_network(input)) {
        ensure(network->prefix <= 128, "prefix");
        ensure(net::in_network(network->address, *network), "a network has its address");
        ensure(net::parse_network(net::format_network(*network)) == network, "one form");
    }
    return 0;
}
